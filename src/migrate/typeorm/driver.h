// SPDX-License-Identifier: Apache-2.0
// The module `alkemio-init:postgres`, of which scripts' `pg` is made: sessions on the one database, whatever scripts ask to
// be connected to. No statement blocks the loop: a script that waits on one session for the lock of another hangs by itself
// only, and the Stop ends it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migrate/typeorm/blockers.h"
#include "migrate/typeorm/journal.h"
#include "migrate/typeorm/watch.h"
#include "postgres/exchange.h"
#include "postgres/sessions.h"
#include "script/engine.h"

namespace ainit::migrate::typeorm {

class Driver {
  public:
    struct Target {
        postgres::Server server{};
        postgres::Login login{};
        Duration lock_timeout{};
        bool closed{false};  ///< nobody gets in: scripts that only tell what they have wait for ever
    };

    Driver(script::Engine& engine, Target target, Watch& watch, const Stop& stop);
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    /// Lets scripts in from now on, until the Stop is over.
    void admit(const Stop& stop) { target_.closed = false, stop_ = stop; }
    /// Why a session could not be opened, if one could not.
    const std::optional<Failure>& refused() const { return refused_; }
    /// From here on what migrations commit before their row in the ledger goes into this journal, and what it has is not
    /// sent again. It must live as long as scripts run.
    void keep(Journal& journal) { journal_ = &journal; }
    /// Of which migrations statements may be answered ahead, by their names; see ahead.h. Without it: of none.
    void let_ahead(std::function<bool(const std::string& migration)> may) { may_ahead_ = std::move(may); }
    /// Cancels what runs and closes all sessions, so that the server rolls back what is open.
    void close();

  private:
    struct Wire;
    struct Order;
    /// What the server refused after it was answered: what scripts do next must fail of it.
    struct Late {
        std::string text{};
        std::shared_ptr<const postgres::ErrorFields> error{};
    };
    struct Kept;
    using Answer = script::Answer<script::Value>;

    void provide();
    Answer open(const script::Call& call);
    void open_now(const script::Value& settings, const script::Value& notice, const script::Value& done);
    Answer send(const script::Call& call);
    Answer settle(const script::Call& call);
    Answer is_behind(const script::Call& call);
    Answer close_one(const script::Call& call);
    postgres::Server server_for(const script::Value& settings) const;
    void hear_notices(Wire& wire, const script::Value& notice);
    /// TypeORM's own: INSERT INTO "migrations"("timestamp", "name") VALUES ($1, $2).
    static bool writes_ledger(const postgres::Statement& statement, const std::string& migration);
    /// The tag that answers a statement ahead; empty if it has to wait for the server.
    std::string tag_ahead(const Wire& wire, const Order& order);
    bool may_go_ahead(const std::string& migration);
    bool on_the_way() const;
    void answer_ahead(Order& order);
    /// Lets the first of the orders run, or more.
    void begin(Wire& wire);
    void start(int number, postgres::Statement statement);
    void finish(int number);
    /// IF NOT EXISTS passes over an index that an earlier try has left unfinished; nullptr if the statement met none.
    std::shared_ptr<const postgres::ErrorFields> unfinished_index(Wire& wire);
    /// Sends so many of the orders together, which are all in a transaction: the server need not wait for us between them.
    void start_together(Wire& wire, std::size_t count);
    void take_answers(int number);
    void ask_later(Wire& wire);
    /// The first of the orders is done; the next one begins.
    void conclude_order(Wire& wire, const Outcome& outcome);
    void fail_late(Wire& wire, const Order& order, const Outcome& outcome);
    /// Does it as soon as the server has done all that was answered ahead.
    void when_settled(std::function<void()> work);
    void look_whether_settled();
    /// What the journal has to do with a statement that is about to be sent; false if it is not sent.
    bool consult(Wire& wire, Order& order);
    bool consult_after_end(Wire& wire, Order& order, const Work& work);
    void prepare(Wire& wire, Order& order, Noted noted, const Demands& demands);
    void wrap(Wire& wire, Order& order);
    bool refuse(Wire& wire, Failure failure);
    bool refuse(Wire& wire);
    void answer_again(Wire& wire, const Committed& done);
    /// The same of one that was answered. True: it is sent once more.
    bool conclude(Wire& wire, Outcome& outcome);
    void write_journal(Wire& wire);
    /// Of a statement that takes long: tells who blocks it, as often as that changes.
    void look_for_blockers(int number);
    script::Value answer_for(Wire& wire, const Outcome& outcome);
    script::Value error_answer(const Wire& wire, const postgres::ErrorFields& fields);
    script::Value result_of(const postgres::Rows& rows);
    script::Value fields_of(const postgres::ErrorFields& fields);
    /// Calls back in a macrotask.
    void later(const script::Value& done, std::vector<script::Value> arguments);

    script::Engine& engine_;
    Target target_;
    Watch& watch_;
    Stop stop_;
    Blockers blockers_;
    Journal* journal_{nullptr};
    std::function<bool(const std::string&)> may_ahead_{};
    std::pair<std::string, bool> ahead_{};  ///< the migration that was asked last, and the answer
    std::vector<std::function<void()>> waiting_{};  ///< for what was answered ahead
    std::optional<Late> late_{};
    bool warned_{false};
    int last_{0};
    std::map<int, std::unique_ptr<Wire>> wires_;  // no initialiser: Wire is not known here
    std::optional<Failure> refused_{};
};

}  // namespace ainit::migrate::typeorm
