// SPDX-License-Identifier: Apache-2.0
#include "daemon/wait.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "daemon/missing.h"
#include "daemon/run.h"
#include "health/probe.h"

namespace ainit::daemon {
namespace {

/// Between two looks at something that another container makes: soon at first, then at leisure.
constexpr Duration kFirstPause{50};
constexpr Duration kLongestPause{1'000};

Failure no_such_target(const std::string& target, std::string because) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot wait for \"{}\"", without_password(target));
    failure.because = std::move(because);
    failure.state = "Nothing was waited for.";
    failure.hint = "name postgres, database=NAME, migrations=NAME, tcp://HOST:PORT, http(s)://…, or file:PATH";
    return failure;
}

Result<std::string> wait_for_postgres(const config::Config& config, const Stop& stop) {
    auto ready = postgres::wait_ready(server_of(config), server_of(config).maintenance, rules_of(config), stop);
    if (!ready) return advised_without_file(config, std::move(ready).error());
    return ready->story();
}

/// What was waited for did not come in time, whatever stood in its way at last.
Failure not_in_time(Failure failure, const Stop& stop) {
    if (stop.expired() && !stop.requested()) failure.code = Code::wait_timeout;
    return failure;
}

Failure not_made(const std::string& name, const Stop& stop, const Failure& missing) {
    Failure failure = stop.failure(Code::wait_timeout, fmt::format("cannot wait any longer for database={}", name));
    if (failure.signal == 0) failure.because = missing.because;
    failure.state = "Nothing was changed.";
    failure.hint = missing.hint;
    return failure;
}

/// Until role and database are there, as the maintenance user sees it: whoever logs in is told only that he is refused. The
/// Failure if they do not come; where that user cannot look, the login alone has to tell.
std::optional<Failure> wait_until_made(const config::Config& config, const postgres::Login& login, const Stop& stop) {
    postgres::ReadyRules rules = rules_of(config);
    rules.refusal_grace = Duration{0};
    rules.expected_version.clear();
    postgres::Sessions sessions{server_of(config)};
    auto ready = postgres::wait_ready(sessions.server(), sessions.server().maintenance, rules, stop);
    if (!ready && stop.over()) return not_in_time(std::move(ready).error(), stop);
    if (!ready) return {};
    sessions.adopt(std::move(ready->session));
    std::string told;
    Duration pause = kFirstPause;
    while (true) {
        const auto found = provision::existence(sessions, login, stop);
        const auto gone = found ? missing(config, login, *found) : std::nullopt;
        const bool for_now = !found && found.error().transient;
        if (!gone && !for_now) return {};
        const std::string& because = gone ? gone->because : found.error().because;
        if (gone && because != std::exchange(told, because)) {
            log::info("wait", fmt::format("waiting for database={}", login.database), {{"because", because}});
        }
        if (!stop.sleep(pause)) return gone ? std::optional{not_made(login.database, stop, *gone)} : std::nullopt;
        pause = std::min(pause * 2, kLongestPause);
    }
}

/// A login as whoever works in that database; what a later provisioning would mend (no database, no role, another
/// password) is waited for as well.
Result<std::string> wait_for_database(const config::Config& config, const std::string& name, const Stop& stop) {
    const auto began = Clock::now();
    postgres::ReadyRules rules = rules_of(config);
    rules.refusal_grace = Duration::max();
    rules.expected_version.clear();
    const postgres::Login login = login_of(config, name);
    if (auto failure = wait_until_made(config, login, stop)) return std::move(*failure);
    auto ready = postgres::wait_ready(server_of(config), login, rules, stop);
    if (!ready) return not_in_time(std::move(ready).error(), stop);
    return fmt::format("ready after {}", show(std::chrono::duration_cast<Duration>(Clock::now() - began)));
}

/// Whether nothing is left to migrate. Of a tool that cannot be asked its ledger must have rows: that much can be seen.
bool settled(const MigrationStatus& status) {
    if (!status.level || !status.level->exists || status.level->pending() > 0) return false;
    return status.level->knowable || status.level->applied() > 0;
}

/// The migration of which nothing at all can be seen, so that waiting for it would never end or mean nothing.
const config::Migration* invisible(const config::Config& config, const std::string& database) {
    const auto found = std::ranges::find_if(config.migrations, [&](const config::Migration& migration) {
        return (database.empty() || migration.database == database) && migration.engine == "command" &&
               migration.status_command.empty() && migration.status_query.empty() && migration.ledger_query.empty();
    });
    return found == config.migrations.end() ? nullptr : &*found;
}

Failure cannot_be_seen(const config::Migration& migration) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot wait for migration \"{}\"", migration.name);
    failure.because = "nothing tells whether its tool has run: it has no status_command, status_query or ledger_query";
    failure.state = "Nothing was waited for.";
    failure.hint = "add a ledger_query, such as SELECT version FROM schema_migration";
    failure.where = migration.origin;
    return failure;
}

std::string pending_text(const Summary& summary) {
    const auto gone = std::ranges::find_if(summary.migrations, [](const auto& one) { return one.missing.has_value(); });
    if (gone != summary.migrations.end()) return gone->missing->because;
    return fmt::format("{} steps and {} migrations are pending", summary.steps_pending(), summary.migrations_pending());
}

/// Looks again and again until `done` says so; the last failures explain a timeout.
template <class Done>
Result<std::string> look_until(const config::Config& config, postgres::Sessions& sessions, const Order& order,
                               const Stop& stop, const std::string& what, Done done) {
    const auto began = Clock::now();
    Duration pause = kFirstPause;
    std::string last = "nothing was seen";
    std::string told;
    while (true) {
        const Summary summary = carry_out(config, sessions, order, stop);
        if (summary.failures.empty() && done(summary)) {
            return fmt::format("ready after {}", show(std::chrono::duration_cast<Duration>(Clock::now() - began)));
        }
        if (!summary.failures.empty() && summary.failures.front().code != Code::interrupted) {
            last = summary.failures.front().line();
        } else if (summary.failures.empty()) {
            last = pending_text(summary);
        }
        if (last != std::exchange(told, last)) log::info("wait", fmt::format("waiting for {}", what), {{"because", last}});
        if (!stop.sleep(pause)) break;
        pause = std::min(pause * 2, kLongestPause);
    }
    Failure failure = stop.failure(Code::wait_timeout, fmt::format("cannot wait any longer for {}", what));
    failure.because = failure.signal != 0 ? failure.because : last;
    failure.state = "Nothing was changed.";
    return failure;
}

Result<std::string> wait_for_migrations(const config::Config& config, const std::string& target,
                                        const std::string& name, const Stop& stop) {
    const auto found = std::ranges::find_if(config.migrations, [&](const config::Migration& migration) {
        return migration.name == name || migration.database == name;
    });
    if (found == config.migrations.end()) {
        return no_such_target(target, fmt::format("the configuration has no [[migration]] \"{}\"", name));
    }
    if (const config::Migration* blind = invisible(config, found->database)) return cannot_be_seen(*blind);
    Order order;
    order.goal = Goal::migrations;
    order.databases = {found->database};
    postgres::Sessions sessions{server_of(config)};
    return look_until(config, sessions, order, stop, target, [&](const Summary& summary) {
        return std::ranges::all_of(summary.migrations, settled);
    });
}

}  // namespace

Result<std::string> wait_for(const config::Config& config, const std::string& target, const Stop& stop) {
    if (target == "postgres") return wait_for_postgres(config, stop);
    if (target.starts_with("database=")) return wait_for_database(config, target.substr(9), stop);
    if (target.starts_with("migrations=")) return wait_for_migrations(config, target, target.substr(11), stop);
    if (target.starts_with("tcp://") || target.starts_with("http://") || target.starts_with("https://") ||
        target.starts_with("file:")) {
        return health::wait_for(target, stop);
    }
    return no_such_target(target, "no such kind of target");
}

Result<std::string> wait_for_everything(const config::Config& config, postgres::Sessions& sessions, const Stop& stop) {
    if (const config::Migration* blind = invisible(config, {})) return cannot_be_seen(*blind);
    Order order;
    order.goal = Goal::look;
    return look_until(config, sessions, order, stop, "the cluster to be provisioned", [](const Summary& summary) {
        return !summary.pending() && std::ranges::all_of(summary.migrations, settled);
    });
}

}  // namespace ainit::daemon
