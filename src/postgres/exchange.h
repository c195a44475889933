// SPDX-License-Identifier: Apache-2.0
// One statement on its way and its answers coming back, step by step: for callers that poll several
// sessions at once. Session::query and query_all are made of it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "postgres/session.h"

namespace ainit::postgres {

struct Statement {
    std::string text{};
    Parameters parameters{};
    /// The extended protocol, which takes one statement only; always used where there are parameters.
    bool extended{false};
    /// What the server is told when COPY wants rows of us, which we have not.
    std::string no_rows{"COPY FROM STDIN has no input here"};
    /// Which parameters are sent as the bytes they are, in the binary format of their type: a bytea, or text with bytes
    /// that the text format cannot carry. Missing: none.
    std::vector<bool> binary{};
};

class Exchange {
  public:
    /// Sends what can be sent without blocking. Another one on the same session must be done before.
    Exchange(Session& session, Statement statement);

    bool done() const { return state_ == State::done; }

    int fd() const;
    short events() const;  ///< POLLIN, or both POLLIN and POLLOUT

    /// To be called when the socket is ready; never blocks.
    void advance();

    /// The results in order, or the first error: after that the rest was read and dropped. Once, when done.
    Result<std::vector<Rows>> take();

    /// Asks the server to cancel the statement and waits, for at most `patience`, until it is done. False when no
    /// answer came: the session is abandoned then.
    bool cancel(Duration patience);

  private:
    enum class State { sending, reading, copying_out, done };

    bool flush();
    void read();
    bool drop_copy();
    void judge(const Rows& rows);
    void lose();

    Session::Link& link_;
    Statement statement_;
    State state_{State::sending};
    std::vector<Rows> rows_{};
    std::optional<Failure> failure_{};
};

/// Several statements sent at once (libpq's pipeline mode, 32.5), by the extended protocol: the server begins each as soon as
/// the one before is done, and does none behind one that fails. For a transaction that is open; COPY fails.
class Pipeline {
  public:
    /// Sends what can be sent without blocking. There must be one statement at least, and nothing else on the session until done.
    Pipeline(Session& session, std::vector<Statement> statements);

    bool done() const { return state_ == State::done; }
    int fd() const;
    short events() const;  ///< POLLIN, or both POLLIN and POLLOUT

    /// To be called when the socket is ready; never blocks.
    void advance();

    /// The next answer, in the order of the statements; empty while it is not there. That of the last one, and a failure, which
    /// is the last, come when all is done.
    std::optional<Result<Rows>> take();

    std::size_t untaken() const { return rows_.size(); }

    /// Done, and nothing is left to be taken.
    bool over() const { return done() && rows_.empty() && !failure_; }

    /// As of Exchange.
    bool cancel(Duration patience);

  private:
    enum class State { sending, reading, done };

    bool send();
    bool flush();
    void read();
    void lose();

    Session::Link& link_;
    std::vector<Statement> statements_;
    std::size_t answered_{0};
    State state_{State::sending};
    std::deque<Rows> rows_{};
    std::optional<Failure> failure_{};
};

/// The whole of it, with the Stop polled beside the socket. When the Stop is over the statement is cancelled, and what
/// comes back is the Stop's Failure (SQLSTATE 57014), unless the statement was faster.
Result<std::vector<Rows>> exchange(Session& session, Statement statement, const Stop& stop);

/// One statement for each of several sessions, all on their way at once in one poll; results in the same order. No session
/// may be named twice. When the Stop is over the rest is cancelled as by exchange().
std::vector<Result<std::vector<Rows>>> exchange_all(const std::vector<std::pair<Session*, Sql>>& orders,
                                                    const Stop& stop);

}  // namespace ainit::postgres
