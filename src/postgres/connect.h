// SPDX-License-Identifier: Apache-2.0
// One login under way. libpq's own connecting is driven step by step, so that many logins, the
// request to stop and the deadlines share one poll. libpq would stay for ever with a host that does
// not answer when it is driven so; therefore it is given one host at a time, and what concerns
// several hosts (the next one, target_session_attrs) is done here. So are their names, which libpq
// would ask getaddrinfo for, and that cannot be interrupted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <libpq-fe.h>

#include "base/lookup.h"
#include "base/result.h"
#include "postgres/error.h"
#include "postgres/server.h"

namespace ainit::postgres {

/// A connection that closes itself.
using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

class Attempt {
  public:
    Attempt(const Server& server, const Login& login);

    bool done() const { return made_ || failure_; }

    int fd() const { return lookup_ ? lookup_->fd() : PQsocket(connection_.get()); }

    /// POLLIN or POLLOUT, as libpq waits for it.
    short events() const { return events_; }

    /// Of the present host.
    Deadline deadline() const { return deadline_; }

    /// To be called when the socket is ready.
    void advance();
    /// To be called when the deadline of the present host has passed.
    void time_out();
    /// Ends it from outside.
    void fail(Failure failure) { failure_ = std::move(failure); }

    /// The connection, or why there is none; once.
    Result<Connection> take();

  private:
    struct Place {
        Host host;
        std::string address;     ///< of a host that is a name, once it is known
        std::string attributes;  ///< target_session_attrs that it must fit
    };

    void start();
    void connect();
    void find_addresses();
    void next(Failure failure);
    void succeed();
    Reached reached(ConnStatusType before) const;
    std::vector<std::pair<std::string, std::string>> parameters() const;

    const Server& server_;
    const Login& login_;
    std::vector<Place> places_{};
    std::size_t at_{0};
    std::optional<Lookup> lookup_{};  ///< of the present host, while it is under way
    Connection connection_{nullptr, &PQfinish};
    short events_{0};
    bool heard_{false};       ///< the last time we looked, the server had said something
    std::string first_word_{};  ///< the first byte that this host ever said
    Deadline deadline_{kNever};
    bool made_{false};
    std::optional<Failure> failure_{};
};

}  // namespace ainit::postgres
