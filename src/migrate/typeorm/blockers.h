// SPDX-License-Identifier: Apache-2.0
// Who a statement waits for, asked over a session of its own, which is opened when something waits for the first time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/session.h"

namespace ainit::migrate::typeorm {

class Blockers {
  public:
    Blockers(postgres::Server server, postgres::Login login);

    /// "session 4711 (psql, role ada, idle in transaction since 12 s)", with "and" between several; empty when nobody blocks
    /// `pid`, or nobody says. Those in `own` are named as sessions of the migration itself.
    std::string of(int pid, const std::vector<int>& own, const Stop& stop);

  private:
    postgres::Server server_;
    postgres::Login login_;
    std::optional<postgres::Session> session_{};
};

}  // namespace ainit::migrate::typeorm
