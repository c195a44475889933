// SPDX-License-Identifier: Apache-2.0
// A session of the driver, and what runs over it; of the driver's own sources alone.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migrate/typeorm/demands.h"
#include "migrate/typeorm/driver.h"
#include "migrate/typeorm/journal.h"
#include "migrate/typeorm/watch.h"
#include "postgres/exchange.h"

namespace ainit::migrate::typeorm {

/// What the journal has to do with the statement that runs.
struct Driver::Kept {
    Noted noted{};
    Demands demands{};
    bool wrapped{false};  ///< it is in a transaction of its own, of ours
    bool written{false};  ///< what comes before it is in the journal, and is committed by it
    bool to_ledger{false};  ///< it is the migration's row in TypeORM's ledger
    postgres::Statement statement{};  ///< once more, in case that it cannot be wrapped
};

/// A statement that a script has sent.
struct Driver::Order {
    std::string text{};
    postgres::Statement statement{};
    Sender sender{};
    script::Value done{};  ///< takes its answer
    std::shared_ptr<const std::string> stack{};  ///< of the script's call
    bool by_runner{false};  ///< a script called TypeORM's query(), so that nobody sees more of the answer than that returns
    std::string tag{};  ///< of the answer that it gets before the server has given it; empty: it waits for that
    bool answered{false};
    std::optional<Kept> kept{};
};

struct Driver::Wire {
    Wire(int which, postgres::Session made) : number{which}, session{std::move(made)} {}

    int number;
    postgres::Session session;
    std::optional<postgres::Exchange> running{};
    std::optional<postgres::Pipeline> pipeline{};  ///< the first of the orders together, instead
    /// In the order that they were sent; the first runs. All but the last are answered ahead.
    std::deque<Order> orders{};
    script::TaskId watched{0};
    script::Value notice{};
    bool noticed{false};  ///< notices of the statement are on their way
    bool own_lock_timeout{false};  ///< the project says itself how long to wait for locks
    bool lifted{false};            ///< lock_timeout is off for the statement
    script::TaskId asking{0};
    std::string blocker{};

    bool busy() const { return running || pipeline; }
    /// Which of the orders the server is at: the answers of those before it are there, though nobody took them yet.
    const Order& at_server() const {
        return orders[std::min(pipeline ? pipeline->untaken() : 0, orders.size() - 1)];
    }
    void cancel(Duration patience) {
        if (running && !running->done()) running->cancel(patience);
        if (pipeline && !pipeline->done()) pipeline->cancel(patience);
    }
};

}  // namespace ainit::migrate::typeorm
