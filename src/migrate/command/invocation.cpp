// SPDX-License-Identifier: Apache-2.0
#include "migrate/command/invocation.h"

#include <algorithm>

#include <fmt/format.h>

namespace ainit::migrate::command {
namespace {

void set(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    environment.push_back(name + "=" + value);
}

Failure secret_in_arguments(const Context& context, const std::string& argument) {
    Failure failure;
    failure.code = Code::migration_refused;
    failure.what = fmt::format("cannot run migration \"{}\"", context.migration.name);
    failure.because = fmt::format("its argument \"{}\" would hold a secret, which every user of the machine can read",
                                  argument);
    failure.state = "Nothing was done.";
    failure.hint = "give it by environment: environment = { DSN = \"${dsn}\" }";
    failure.where = context.migration.origin;
    return failure;
}

bool asks_for_secret(std::string_view text) {
    return text.find("${dsn}") != std::string_view::npos || text.find("${password}") != std::string_view::npos;
}

}  // namespace

std::string fill_in(std::string_view text, const postgres::Server& server, const postgres::Login& login) {
    const std::pair<std::string_view, std::string> all[] = {
        {"${dsn}", server.url(login).reveal()}, {"${host}", server.host()},
        {"${port}", server.port()},             {"${user}", login.user},
        {"${password}", login.password.reveal()}, {"${database}", login.database},
    };
    std::string out;
    while (!text.empty()) {
        const auto found = std::ranges::find_if(all, [&](const auto& one) { return text.starts_with(one.first); });
        if (found == std::end(all)) {
            out += text.front();
            text.remove_prefix(1);
        } else {
            out += found->second;
            text.remove_prefix(found->first.size());
        }
    }
    return out;
}

Result<Command> invocation(const Context& context, const std::vector<std::string>& arguments) {
    const postgres::Server& server = context.sessions.server();
    Command command;
    for (const std::string& argument : arguments) {
        if (asks_for_secret(argument)) return secret_in_arguments(context, argument);
        command.arguments.push_back(fill_in(argument, server, context.login));
        if (scrub(command.arguments.back()) != command.arguments.back()) {
            return secret_in_arguments(context, scrub(argument));
        }
    }
    command.directory = context.migration.directory;
    command.environment = inherited_environment();
    const std::pair<const char*, const char*> standard[] = {
        {"DSN", "${dsn}"},
        {"DATABASE_URL", "${dsn}"},
        {"DATABASE_HOST", "${host}"},
        {"DATABASE_PORT", "${port}"},
        {"DATABASE_NAME", "${database}"},
        {"DATABASE_USERNAME", "${user}"},
        {"DATABASE_PASSWORD", "${password}"},
    };
    for (const auto& [name, value] : standard) {
        set(command.environment, name, fill_in(value, server, context.login));
    }
    for (const auto& [name, value] : context.migration.environment) {
        set(command.environment, name, fill_in(value, server, context.login));
    }
    return command;
}

}  // namespace ainit::migrate::command
