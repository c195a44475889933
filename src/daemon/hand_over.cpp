// SPDX-License-Identifier: Apache-2.0
#include "daemon/hand_over.h"

#include <algorithm>
#include <cstdlib>

#include "base/child.h"
#include "base/log.h"
#include "daemon/run.h"

namespace ainit::daemon {
namespace {

void set(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
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
        const postgres::Login login = login_of(config, order.as_database);
        set(environment, "DATABASE_HOST", server.host().name);
        set(environment, "DATABASE_PORT", server.host().port);
        set(environment, "DATABASE_NAME", login.database);
        set(environment, "DATABASE_USERNAME", login.user);
        set(environment, "DATABASE_PASSWORD", login.password.reveal());
    }
    Command command;
    command.arguments = order.arguments;
    command.environment = std::move(environment);
    return command;
}

Failure hand_over(const Command& command) {
    log::info("exec", "becoming the command", {{"command", command.arguments.front()}});
    log::flush();
    return become(command);
}

}  // namespace ainit::daemon
