// SPDX-License-Identifier: Apache-2.0
#include "daemon/hand_over.h"

#include <algorithm>
#include <cstdlib>

#include "base/child.h"
#include "base/log.h"
#include "daemon/run.h"
#include "migrate/command/tool.h"

namespace ainit::daemon {
namespace {

void unset(std::vector<std::string>& environment, const std::string& name) {
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

void set(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
    unset(environment, name);
    environment.push_back(name + "=" + value);
}

}  // namespace

Command command_of(const config::Config& config, const postgres::Server& server, const HandOver& order) {
    std::vector<std::string> environment = inherited_environment();
    std::vector<std::string> kept = order.keep_env;
    // Without a file these variables are the service's own, and we only share them.
    if (config.file.empty()) kept.emplace_back("DATABASE_PASSWORD");
    for (const std::string& name : kept) {
        if (const char* value = std::getenv(name.c_str())) set(environment, name, value);
    }
    if (!order.as_database.empty()) {
        const postgres::Login login = login_of(config, order.as_database).in_person();
        const config::Database* database = config.database(order.as_database);
        if (!config.file.empty() && database != nullptr && database->owner.empty()) {
            log::warn("exec", "the command gets the maintenance user's login",
                      {{"because", fmt::format("database \"{}\" names no owner", login.database)}});
        }
        set(environment, "DATABASE_HOST", server.host().name);
        set(environment, "DATABASE_PORT", server.host().port);
        set(environment, "DATABASE_NAME", login.database);
        set(environment, "DATABASE_USERNAME", login.user);
        set(environment, "DATABASE_PASSWORD", login.password.reveal());
        if (login.password.empty()) unset(environment, "DATABASE_PASSWORD");
        const auto values = migrate::command::placeholders(server, login);
        for (const std::string& one : order.env) {
            const std::size_t sign = one.find('=');
            set(environment, one.substr(0, sign), migrate::command::fill(one.substr(sign + 1), values));
        }
    }
    Command command;
    command.arguments = order.arguments;
    command.environment = std::move(environment);
    return command;
}

std::optional<Failure> cannot_be_owner(const config::Config& config, const postgres::Server& server, const std::string& database,
                                       const Stop& stop) {
    auto refused = postgres::refused_in_person(server, login_of(config, database), stop);
    if (refused) refused->state = "The command was not started.";
    return refused;
}

Failure hand_over(const Command& command) {
    log::info("exec", "becoming the command", {{"command", command.arguments.front()}});
    log::flush();
    return become(command);
}

}  // namespace ainit::daemon
