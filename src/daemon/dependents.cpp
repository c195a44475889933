// SPDX-License-Identifier: Apache-2.0
#include "daemon/dependents.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

#include "base/child.h"
#include "base/log.h"
#include "base/text.h"
#include "config/needs.h"
#include "health/probe.h"
#include "services/tell.h"

namespace ainit::daemon {
namespace {

using Kind = config::Need::Kind;

constexpr std::string_view kRoom = "dependent";
constexpr Duration kGrace{2'000};

std::string text_of(Kind kind, const std::string& name) { return config::Need{kind, name}.text(); }

/// Every step says by the names of its fields what it is about.
template <class Action>
void add_objects(const Action& action, std::set<std::string>& roles, std::set<std::string>& databases) {
    if constexpr (requires { action.role.name; }) roles.insert(action.role.name);
    else if constexpr (requires { std::string{action.role}; }) roles.insert(action.role);
    if constexpr (requires { action.database.name; }) databases.insert(action.database.name);
    else if constexpr (requires { std::string{action.database}; }) databases.insert(action.database);
}

Failure refused(std::string because) {
    Failure failure;
    failure.code = Code::dependent_untold;
    failure.because = std::move(because);
    return failure;
}

Failure untold(const config::Dependent& one, bool first, Failure why) {
    if (why.code != Code::dependent_untold) why.because = why.line();
    else if (!why.what.empty()) why.because = fmt::format("{}: {}", why.what, why.because);
    why.code = Code::dependent_untold;
    why.what = fmt::format("cannot tell \"{}\" that what it needs {}", one.name, first ? "is there" : "has changed");
    why.where = one.origin;
    return why;
}

Result<std::string> run_command(const config::Dependent& one, const std::string& why, const Stop& stop) {
    Command command;
    command.arguments = one.command;
    command.environment = inherited_environment();
    command.environment.push_back("ALKEMIO_INIT_REASON=" + why);
    auto ending = run(command, stop, kGrace, [&](Stream, std::string_view line) {
        log::info(kRoom, std::string{line}, {{"dependent", one.name}});
    });
    if (!ending) return std::move(ending).error();
    if (ending->status != 0) return refused(fmt::format("\"{}\" {}", one.command.front(), ending->text()));
    return fmt::format("\"{}\"", one.command.front());
}

Result<std::string> notify(const config::Dependent& one, const std::string& why, postgres::Sessions& sessions, const Stop& stop) {
    auto session = sessions.get(sessions.server().login(one.database), stop);
    if (!session) return std::move(session).error();
    auto told = (*session)->query(Sql{"SELECT pg_catalog.pg_notify($1, $2)"}, stop, {one.channel, why});
    if (!told) return std::move(told).error();
    return fmt::format("channel \"{}\"", one.channel);
}

/// Whom it has reached.
Result<std::string> reach(const config::Dependent& one, const std::string& why, postgres::Sessions& sessions, const Stop& stop) {
    if (one.signal != 0) return services::send_signal({one.pid_file, one.process}, one.signal);
    if (!one.command.empty()) return run_command(one, why, stop);
    if (!one.url.empty()) return health::call(one.method, one.url, stop);
    return notify(one, why, sessions, stop);
}

bool is_any_of(const std::set<std::string>& some, const std::set<std::string>& all) {
    return std::ranges::any_of(some, [&](const std::string& one) { return all.contains(one); });
}

}  // namespace

std::set<std::string> changed_by(const config::Config& config, const Summary& summary) {
    std::set<std::string> roles;
    std::set<std::string> databases;
    std::set<std::string> changed;
    for (const plan::Outcome& outcome : summary.outcomes) {
        if (outcome.effect != plan::Effect::changed) continue;
        std::visit([&](const auto& action) { add_objects(action, roles, databases); }, outcome.step.action);
    }
    for (const MigrationStatus& status : summary.migrations) {
        if (!status.report || status.report->applied.empty()) continue;
        databases.insert(status.database);
        changed.insert(text_of(Kind::migrations, status.name));
    }
    for (const config::Database& database : config.databases) {
        if (roles.contains(config.owner_of(database.name))) databases.insert(database.name);
    }
    for (const std::string& role : roles) changed.insert(text_of(Kind::role, role));
    for (const std::string& database : databases) changed.insert(text_of(Kind::database, database));
    return changed;
}

void Dependents::tell(const config::Config& config, const std::set<std::string>& met, const std::set<std::string>& changed,
                      postgres::Sessions& sessions, const Stop& stop) {
    for (const config::Dependent& one : config.dependents) {
        std::set<std::string> needs;
        for (const config::Need& need : config::needs_of(config, one)) needs.insert(need.text());
        State& state = states_[one.name];
        const bool first = !state.told;
        // Also where something else that it needs is not there for now: no later look knows of this change.
        state.owed = state.owed || (!first && is_any_of(needs, changed));
        if (!std::ranges::includes(met, needs) || (!first && !state.owed)) continue;
        const std::string why = first ? "ready" : "changed";
        if (std::ranges::find(one.on, why) == one.on.end()) {
            state = {.told = true};
            continue;
        }
        auto reached = reach(one, why, sessions, stop.within(one.timeout));
        if (reached) {
            log::info(kRoom, fmt::format("told \"{}\"", one.name), {{"why", why}, {"by", *reached}});
            state = {.told = true};
            continue;
        }
        const Failure failure = untold(one, first, std::move(reached).error());
        // Each look tries again: who does not run yet is no news.
        log::write(state.warned ? log::Level::debug : log::Level::warn, kRoom, failure.line(),
                   {{"where", failure.where.text()}, {"hint", failure.hint}});
        state.warned = true;
    }
}

}  // namespace ainit::daemon
