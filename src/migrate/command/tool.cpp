// SPDX-License-Identifier: Apache-2.0
#include "migrate/command/tool.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "config/arguments.h"

namespace ainit::migrate::command {
namespace {

constexpr std::size_t kKept = 20;

}  // namespace

Values placeholders(const postgres::Server& server, const postgres::Login& login) {
    return {{"dsn", server.url(login).reveal()},
            {"host", server.host().name},
            {"port", server.host().port},
            {"user", login.user},
            {"password", login.password.reveal()},
            {"database", login.database}};
}

std::string fill(std::string_view text, const Values& values) {
    std::string filled;
    while (true) {
        const std::size_t open = text.find("${");
        const bool escaped = open != std::string_view::npos && open > 0 && text[open - 1] == '$';
        filled += text.substr(0, escaped ? open - 1 : open);
        if (open == std::string_view::npos) return filled;
        text.remove_prefix(open);
        if (escaped) {
            filled += text.substr(0, 2);
            text.remove_prefix(2);
            continue;
        }
        const std::size_t close = text.find('}');
        const std::string name{text.substr(2, close == std::string_view::npos ? 0 : close - 2)};
        const auto found = values.find(name);
        // What is put in is not searched again: a password may look like a placeholder.
        const std::size_t taken = found == values.end() ? 2 : close + 1;
        filled += found == values.end() ? text.substr(0, taken) : std::string_view{found->second};
        text.remove_prefix(taken);
    }
}

namespace {

void add_login(std::map<std::string, std::string>& variables, const Values& values) {
    static constexpr std::pair<const char*, const char*> kOurs[] = {
        {"DSN", "dsn"},
        {"DATABASE_URL", "dsn"},
        {"DATABASE_HOST", "host"},
        {"DATABASE_PORT", "port"},
        {"DATABASE_USERNAME", "user"},
        {"DATABASE_PASSWORD", "password"},
        {"DATABASE_NAME", "database"},
    };
    for (const auto& [variable, value] : kOurs) variables[variable] = values.at(value);
    if (values.at("password").empty()) variables.erase("DATABASE_PASSWORD");
    variables["DATABASE_TYPE"] = "postgres";
}

}  // namespace

std::vector<std::string> environment(const std::vector<std::string>& inherited,
                                     const Values& values,
                                     const config::Settings& given,
                                     std::optional<Duration> lock_timeout) {
    std::map<std::string, std::string> variables;
    for (const std::string& one : inherited) {
        const std::size_t sign = one.find('=');
        if (sign != std::string::npos) variables[one.substr(0, sign)] = one.substr(sign + 1);
    }
    if (lock_timeout) {
        std::string& options = variables["PGOPTIONS"];
        options += fmt::format("{}-c lock_timeout={}", options.empty() ? "" : " ", lock_timeout->count());
    }
    if (!values.empty()) add_login(variables, values);
    for (const auto& [name, value] : given) variables[name] = fill(value, values);
    std::vector<std::string> all;
    for (const auto& [name, value] : variables) all.push_back(fmt::format("{}={}", name, value));
    return all;
}

std::optional<Failure> secret_in_arguments(const config::Config& config,
                                           const config::Migration& migration,
                                           const postgres::Login& login,
                                           const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
        const bool by_placeholder = !login.password.empty() && config::asks_for_a_secret(argument);
        if (!by_placeholder && !config::holds_a_secret(config, argument)) continue;
        Failure failure;
        failure.code = Code::migration_refused;
        failure.what = fmt::format("cannot run the command of migration \"{}\"", migration.name);
        failure.because =
            "one of its arguments holds a password, and arguments can be read by every user of the "
            "machine";
        failure.state = "Nothing was changed.";
        failure.hint =
            "give it by the environment: DSN and DATABASE_* are set, others by environment = { "
            "NAME "
            "= \"${dsn}\" }";
        failure.where = migration.origin;
        return failure;
    }
    return {};
}

Command make_command(const Context& context, const std::vector<std::string>& arguments) {
    const config::Migration& migration = context.migration;
    const Values values = placeholders(context.sessions.server(), context.login.in_person());
    Command command;
    for (const std::string& argument : arguments)
        command.arguments.push_back(fill(argument, values));
    command.environment =
        environment(inherited_environment(),
                    values,
                    migration.environment,
                    migration.lock_timeout.value_or(context.config.postgres.lock_timeout));
    command.directory = migration.directory;
    return command;
}

std::string clean(std::string_view line) {
    return scrub(mend_utf8(line));
}

void LastLines::add(std::string_view line) {
    if (lines_.size() == kKept) lines_.erase(lines_.begin());
    lines_.push_back(clean(line));
}

std::string LastLines::text() const {
    return join(lines_, "\n");
}

}  // namespace ainit::migrate::command
