// SPDX-License-Identifier: Apache-2.0
// `exec`: becoming the service.
#pragma once

#include <string>
#include <vector>

#include "base/child.h"
#include "base/result.h"
#include "config/config.h"
#include "postgres/server.h"

namespace ainit::daemon {

struct HandOver {
    std::vector<std::string> arguments{};  ///< [0] is looked up in PATH
    std::vector<std::string> keep_env{};   ///< withheld variables that the command needs all the same
    std::string as_database{};             ///< gives DATABASE_* of this database's owner; empty: none
};

/// What the service is started as: its arguments and its environment, without what holds secrets of ours. `server`: as the run
/// found it.
Command command_of(const config::Config& config, const postgres::Server& server, const HandOver& order);

/// Replaces this process; returns only when that is not possible. Sessions must be closed before.
Failure hand_over(const Command& command);

}  // namespace ainit::daemon
