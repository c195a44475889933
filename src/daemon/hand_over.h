// SPDX-License-Identifier: Apache-2.0
// `exec`: becoming the service.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/child.h"
#include "base/result.h"
#include "base/stop.h"
#include "config/config.h"
#include "postgres/server.h"

namespace ainit::daemon {

struct HandOver {
    std::vector<std::string> arguments{};  ///< [0] is looked up in PATH
    std::vector<std::string> keep_env{};   ///< withheld variables that the command needs all the same
    std::string as_database{};             ///< gives DATABASE_* of this database's owner; empty: none
    std::vector<std::string> env{};  ///< NAME=TEXT, where ${dsn}, ${password} … stand for that owner's login
};

/// What the service is started as: its arguments and its environment, without what holds secrets of ours. `server`: as the run
/// found it.
Command command_of(const config::Config& config, const postgres::Server& server, const HandOver& order);

/// Why the command could not log in as that database's owner, where that is known: the login of the maintenance user is not
/// given to it in the owner's stead.
std::optional<Failure> cannot_be_owner(const config::Config& config, const postgres::Server& server, const std::string& database,
                                       const Stop& stop);

/// Replaces this process; returns only when that is not possible. Sessions must be closed before.
Failure hand_over(const Command& command);

}  // namespace ainit::daemon
