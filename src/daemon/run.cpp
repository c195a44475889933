// SPDX-License-Identifier: Apache-2.0
#include "daemon/run.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/status_line.h"
#include "base/text.h"
#include "daemon/apply.h"
#include "daemon/inspect.h"
#include "daemon/migrations.h"
#include "daemon/missing.h"
#include "daemon/phases.h"
#include "daemon/settling.h"
#include "plan/planner.h"
#include "postgres/lock.h"
#include "provision/provision.h"

namespace ainit::daemon {
namespace {

constexpr std::string_view kRoom = "run";
/// Between two passes over everything, after the server was lost or had no slot for us.
constexpr Duration kFirstPause{100};
constexpr Duration kLongestPause{1'000};

std::string show_version(int number) {
    return fmt::format("{}.{}", number / 10000, number % 10000);
}

class Attempt {
  public:
    Attempt(const config::Config& config, postgres::Sessions& sessions, const Order& order, const Stop& stop,
            Summary& summary)
        : config_{config}, sessions_{sessions}, order_{order}, stop_{stop}, summary_{summary},
          migrations_{config, sessions, order}, settling_{config, sessions, order, stop, summary} {}

    /// Each returns whether to go on; what went wrong is in the summary.
    bool wait_for_server();
    bool look();
    bool make_it_so();
    bool revert();
    bool repair();
    void verify();

    bool nothing_to_do() const;

  private:
    bool fail(Failure failure) {
        summary_.failures.push_back(std::move(failure));
        return false;
    }
    bool provisions() const { return order_.goal == Goal::provision || order_.goal == Goal::look; }
    bool observe(plan::Phase phase);
    bool apply(std::string name);
    bool settle_early();
    bool settle(const std::string& database);
    std::optional<postgres::ClusterLock> take_lock();
    /// It keeps the clock of the status, too, where there is one.
    postgres::LockWatch watch(const postgres::ClusterLock& lock) const {
        return {lock, stop_, log::shows_status() ? log::refresh_status : std::function<void()>{}};
    }
    bool migrate(postgres::ClusterLock& lock);
    /// Writes what an engine tells into the timeline, until the sink goes.
    migrate::ProgressSink files_of(const PhaseClock& clock) const {
        return [files = std::make_shared<Files>(*summary_.timeline, clock.number())](const migrate::Progress& progress) {
            files->hear(progress);
        };
    }
    /// What became of a migration under a lock that may be lost; false when the whole run is over with it.
    bool judge(MigrationStatus& status, postgres::ClusterLock& lock);
    void tell_missing(const Failure& missing);
    bool look_to_verify();
    bool refuse_drift();
    bool has_late_parts() const;
    std::vector<std::string> databases_to_verify() const;

    const config::Config& config_;
    postgres::Sessions& sessions_;
    const Order& order_;
    const Stop& stop_;
    Summary& summary_;
    Migrations migrations_;
    Settling settling_;
};

bool Attempt::wait_for_server() {
    PhaseClock clock{summary_, "wait", "wait"};
    States states{*summary_.timeline, clock.number()};
    postgres::ReadyRules rules = rules_of(config_);
    rules.on_setback = order_.on_setback;
    if (order_.again) rules.expected_version.clear();
    rules.on_state = [&](const std::string& state) { state == "ready" ? states.leave() : states.enter(state); };
    auto ready = postgres::wait_ready(sessions_.server(), sessions_.server().maintenance, rules,
                                      stop_.within(config_.postgres.ready_timeout));
    if (!ready) return fail(advised_without_file(config_, std::move(ready).error()));
    clock.note(ready->story());
    summary_.server = fmt::format("{}, PostgreSQL {}", sessions_.server().address(),
                                  show_version(ready->session.server_version()));
    sessions_.adopt(std::move(ready->session));
    return true;
}

bool Attempt::observe(plan::Phase phase) {
    PhaseClock clock{summary_, "observe", "observe"};
    auto observed = provision::observe(sessions_, config_, stop_);
    if (!observed) return fail(std::move(observed).error());
    summary_.observed = std::move(*observed);
    summary_.plan = plan::make_plan(config_, summary_.observed, phase);
    return true;
}

bool Attempt::look() {
    if (order_.goal == Goal::verify) return look_to_verify();
    if (provisions() && !observe(plan::Phase::before_migrations)) return false;
    if (provisions()) {
        for (const Failure& warning : summary_.plan.warnings) log::warn("plan", warning.line());
    }
    const PhaseClock clock{summary_, "look", "look at migrations"};
    summary_.migrations = migrations_.look(provisions() ? &summary_.observed : nullptr, stop_);
    if (stop_.requested()) return fail(stop_.failure(Code::not_ready, "cannot finish looking at the cluster"));
    if (provisions() && !migrations_.something_to_run(summary_.migrations)) {
        summary_.plan = plan::make_plan(config_, summary_.observed, plan::Phase::after_migrations);
    }
    for (const MigrationStatus& status : summary_.migrations) {
        if (status.level) {
            for (const Failure& finding : status.level->findings) fail(finding);
            // What it is of would say that nothing can be done.
            for (const Failure& warning : status.level->warnings) log::warn("migrate", warning.because, {{"database", status.database}});
        }
        if (status.missing && !status.failure) tell_missing(*status.missing);
        // While steps are to be made (a password to be set, say) a look may fail for that very reason.
        if (status.failure && (summary_.plan.empty() || !provisions())) fail(*status.failure);
    }
    if (!refuse_drift()) return false;
    return summary_.failures.empty();
}

/// What a look says of a database that is not there, and what keeps migrations out.
void Attempt::tell_missing(const Failure& missing) {
    if (order_.goal == Goal::migrate) {
        fail(missing);
    } else {
        log::info("migrate", missing.because, {{"hint", missing.hint}});
    }
}

/// What is wrong is for the findings to say.
bool Attempt::look_to_verify() {
    if (!observe(plan::Phase::before_migrations)) return false;
    PhaseClock clock{summary_, "look", "look at migrations"};
    summary_.migrations = migrations_.look(&summary_.observed, stop_);
    return !stop_.requested() || fail(stop_.failure(Code::not_ready, "cannot finish looking at the cluster"));
}

bool Attempt::refuse_drift() {
    for (const plan::Drift& drift : summary_.plan.drifts) {
        Failure failure;
        failure.code = Code::drift;
        failure.what = fmt::format("cannot change {} of {}", drift.property, drift.object);
        failure.because = fmt::format("the configuration wants {}, the cluster has {}", drift.wanted, drift.found);
        failure.state = "Nothing was changed: this takes a person's decision.";
        failure.hint = drift.remedy;
        failure.where = drift.origin;
        fail(std::move(failure));
    }
    return summary_.plan.drifts.empty();
}

bool Attempt::nothing_to_do() const {
    return summary_.plan.empty() && !migrations_.something_to_run(summary_.migrations);
}

std::optional<postgres::ClusterLock> Attempt::take_lock() {
    PhaseClock clock{summary_, "lock", "lock"};
    States holders{*summary_.timeline, clock.number()};
    auto taken = postgres::ClusterLock::take(sessions_.server(), stop_.within(config_.postgres.lock_wait),
                                             [&](const std::string& holder) { holders.enter("held by " + holder); });
    if (!taken) {
        fail(std::move(taken).error());
        return {};
    }
    summary_.locked = true;
    return std::move(*taken);
}

bool Attempt::make_it_so() {
    auto lock = take_lock();
    if (!lock) return false;
    // What was seen before the lock was ours may be done by now.
    if (!look()) return false;
    if (order_.goal == Goal::provision && !apply("provision")) return false;
    const bool settled = settle_early();
    const bool migrated = migrate(*lock) && settled;
    if (stop_.requested()) return fail(stop_.failure(Code::not_ready, "cannot finish the run"));
    if (!migrated) return false;
    if (order_.goal != Goal::provision || !has_late_parts()) return true;
    return observe(plan::Phase::after_migrations) && refuse_drift() && apply("provision after migrations");
}

/// What only migrations make possible: roles that they make, grants on their tables.
bool Attempt::has_late_parts() const {
    return std::ranges::any_of(config_.roles,
                               [](const config::Role& role) { return !role.after_migrations_of.empty(); }) ||
           std::ranges::any_of(config_.databases,
                               [](const config::Database& database) {
                                   return !database.grants.empty() || !database.default_privileges.empty();
                               });
}

bool Attempt::apply(std::string name) {
    if (!apply_steps(sessions_, summary_.plan, config_, stop_, summary_, std::move(name))) return false;
    summary_.plan.steps.clear();
    return true;
}

/// Those of which nothing is pending need not wait for the others' migrations.
bool Attempt::settle_early() {
    settling_.roles();
    for (const MigrationStatus& status : summary_.migrations) {
        if (!migrations_.to_run(status)) settling_.migration(status.name);
    }
    return std::ranges::all_of(config_.databases, [&](const config::Database& one) { return settle(one.name); });
}

/// Unless something is to run in it still, or has failed.
bool Attempt::settle(const std::string& database) {
    const auto keeps = [&](const MigrationStatus& status) {
        return status.database == database && (status.failure || (migrations_.to_run(status) && !status.report));
    };
    return std::ranges::any_of(summary_.migrations, keeps) || settling_.database(database);
}

bool Attempt::migrate(postgres::ClusterLock& lock) {
    bool good = true;
    std::vector<std::string> failed_databases;
    for (MigrationStatus& status : summary_.migrations) {
        if (stop_.over()) return false;
        // A database's later migrations may need its earlier ones; other databases do not.
        if (std::ranges::find(failed_databases, status.database) != failed_databases.end()) continue;
        if (!migrations_.to_run(status)) continue;
        if (auto held = lock.still_held(stop_); !held) return fail(std::move(held).error());
        PhaseClock clock{summary_, "migrate", fmt::format("migrate {}", status.name)};
        migrations_.run(status, watch(lock).stop(), files_of(clock));
        if (status.report) clock.note(status.report->state);
        // The others would meet the same.
        if (!judge(status, lock)) return false;
        if (!status.failure) settling_.migration(status.name);
        if (status.failure || !settle(status.database)) {
            failed_databases.push_back(status.database);
            good = false;
        }
    }
    return good;
}

bool Attempt::judge(MigrationStatus& status, postgres::ClusterLock& lock) {
    const Result<void> held = stop_.over() ? ok() : lock.still_held(stop_);
    const bool lost = !held && !stop_.over();
    // Whatever a tool says of it, a run whose server went away is begun anew.
    if (lost && status.failure) {
        // It was asked to stop for that reason, and by nobody else.
        if (status.failure->code == Code::migration_interrupted) {
            status.failure->because = fmt::format("the cluster lock was lost while it ran: {}", held.error().because);
            status.failure->sqlstate = held.error().sqlstate;
            status.failure->hint = "run it again: it goes on where it stopped, unless another run was faster";
        }
        status.failure->code = Code::connection_lost;
        status.failure->transient = true;
    } else if (lost) {
        log::warn("lock", fmt::format("the cluster lock was lost while migration \"{}\" ran", status.name),
                  {{"hint", "another run may have begun it as well: look at its ledger"}});
    }
    if (!status.failure) return true;
    fail(*status.failure);
    return status.failure->code != Code::connection_lost;
}

bool Attempt::revert() {
    auto lock = take_lock();
    if (!lock) return false;
    summary_.migrations = migrations_.known();
    for (MigrationStatus& status : summary_.migrations) {
        PhaseClock clock{summary_, "revert", fmt::format("revert {}", status.name)};
        migrations_.revert(status, order_.revert, watch(*lock).stop(), files_of(clock));
        if (status.report) clock.note(status.report->state);
        if (!judge(status, *lock) || status.failure) return false;
    }
    return true;
}

bool Attempt::repair() {
    summary_.migrations = migrations_.known();
    std::erase_if(summary_.migrations, [&](const MigrationStatus& status) { return order_.migration.empty() && status.engine != "typeorm"; });
    if (order_.migration.empty() && !order_.repair.migration.empty()) {
        const auto owner = migrations_.owner_of(order_.repair.migration, stop_);
        if (!owner) return fail(owner.error());
        std::erase_if(summary_.migrations, [&](const MigrationStatus& status) { return status.name != *owner; });
    }
    std::optional<postgres::ClusterLock> lock;
    if (order_.repair.choice != migrate::Repair::Choice::show && !(lock = take_lock())) return false;
    for (MigrationStatus& status : summary_.migrations) {
        PhaseClock clock{summary_, "repair", fmt::format("repair {}", status.name)};
        if (lock) migrations_.repair(status, order_.repair, watch(*lock).stop());
        else migrations_.repair(status, order_.repair, stop_);
        if (status.report) clock.note(status.report->state);
        if (lock && !judge(status, *lock)) return false;
        if (!lock && status.failure) fail(*status.failure);
    }
    return summary_.failures.empty();
}

void Attempt::verify() {
    PhaseClock clock{summary_, "verify", "verify"};
    summary_.findings.clear();
    if (order_.goal == Goal::verify) summary_.findings = inspect(config_, summary_, order_.databases);
    std::ranges::copy(settling_.findings(), std::back_inserter(summary_.findings));
    for (const std::string& database : databases_to_verify()) {
        auto found = verify::verify(sessions_, config_, stop_, database);
        std::ranges::move(found, std::back_inserter(summary_.findings));
    }
    add_findings(*summary_.timeline, clock.number(), summary_.findings);
    // While something is pending a check may fail for that very reason.
    if (order_.goal == Goal::look && summary_.pending()) return;
    for (const verify::Finding& finding : summary_.findings) {
        if (finding.failure) fail(*finding.failure);
    }
    if (!stop_.over()) settling_.everything(summary_.findings);
}

/// The empty name stands for all. A look asks only databases that are there.
std::vector<std::string> Attempt::databases_to_verify() const {
    std::vector<std::string> names;
    if (order_.goal != Goal::look && order_.goal != Goal::verify) {
        if (settling_.findings().empty()) return order_.databases.empty() ? std::vector<std::string>{""} : order_.databases;
        for (const config::Database& one : config_.databases) {
            if (!settling_.is_settled(one.name)) names.push_back(one.name);
        }
        return names;
    }
    for (const auto& [name, database] : summary_.observed.databases) {
        const bool asked = order_.databases.empty() ||
                           std::ranges::find(order_.databases, name) != order_.databases.end();
        if (asked && database.allows_connections) names.push_back(name);
    }
    return names;
}

/// One pass over everything; true when the cluster is as wanted (or was looked at, if that was the goal).
bool pass(const config::Config& config, postgres::Sessions& sessions, const Order& order, const Stop& stop,
          Summary& summary) {
    Attempt attempt{config, sessions, order, stop, summary};
    if (!attempt.wait_for_server()) return false;
    if (order.goal == Goal::revert) return attempt.revert();
    if (order.goal == Goal::repair) return attempt.repair();
    const bool looked = attempt.look();
    switch (order.goal) {
        case Goal::migrations: return looked;
        case Goal::look:
            if (order.with_checks) attempt.verify();
            return looked;
        case Goal::verify:
            if (!looked) return false;
            break;
        case Goal::repair:
        case Goal::revert: break;
        case Goal::migrate:
        case Goal::provision:
            if (!looked) return false;
            if (!attempt.nothing_to_do() && !attempt.make_it_so()) return false;
            break;
    }
    if (order.goal != Goal::migrate) attempt.verify();
    return summary.failures.empty();
}

std::string earlier(int passes, const Failure& last) {
    return passes == 1 ? last.because : fmt::format("{}, the last: {}", passes, last.because);
}

bool worth_another_pass(const Summary& summary) {
    return !summary.failures.empty() && std::ranges::all_of(summary.failures, [](const Failure& failure) {
        const bool heals = failure.code == Code::connection_lost || failure.code == Code::not_ready;
        return failure.transient && heals;
    });
}

}  // namespace

std::vector<Phase> Summary::phases() const {
    std::vector<Phase> phases;
    const Microseconds now = timeline->now();
    for (const Event& event : timeline->events()) {
        if (event.parent == 0) phases.push_back({event.name, std::chrono::floor<Duration>(event.took(now)), event.note});
    }
    return phases;
}

int Summary::changed() const {
    const auto steps = std::ranges::count(outcomes, plan::Effect::changed, &plan::Outcome::effect);
    return static_cast<int>(steps) + migrated();
}

int Summary::migrated() const {
    int count = migrated_before;
    for (const MigrationStatus& status : migrations) {
        if (status.report) count += static_cast<int>(status.report->applied.size() + status.report->reverted.size());
    }
    return count;
}

int Summary::steps_pending() const { return static_cast<int>(plan.steps.size()); }

int Summary::migrations_pending() const {
    int count = 0;
    for (const MigrationStatus& status : migrations) {
        if (status.level && status.level->knowable) count += status.level->pending();
    }
    return count;
}

int Summary::exit_code() const { return failures.empty() ? 0 : failures.front().exit_code(); }

Summary carry_out(const config::Config& config, postgres::Sessions& sessions, const Order& order, const Stop& stop) {
    Summary summary;
    if (order.timeline) summary.timeline = order.timeline;
    const Stop patience = stop.within(config.postgres.ready_timeout);
    Duration pause = kFirstPause;
    int passes = 0;
    for (int told = summary.timeline->last(); true; told = summary.timeline->last()) {
        const int made = summary.changed();
        if (pass(config, sessions, order, stop, summary) || !worth_another_pass(summary) || patience.over()) break;
        // Another pass would count again from the end, or find that it is done.
        if ((order.goal == Goal::revert || order.goal == Goal::repair) && summary.locked) break;
        const Failure& first = summary.failures.front();
        const bool lost = first.code == Code::connection_lost;
        log::warn(kRoom,
                  lost ? "the server went away; waiting for it and looking at everything again"
                       : "a login was turned away; waiting and looking at everything again",
                  {{"because", first.because}});
        if (order.on_setback) order.on_setback(first);
        sessions.drop_all();
        const bool goes_on = patience.sleep(pause);
        // What was done stays told; what was only seen is seen anew.
        passes = summary.changed() == made ? passes + 1 : 0;
        if (passes > 0) summary.timeline->fold(told + 1, "pass", "earlier passes", earlier(passes, first));
        if (!goes_on) break;
        pause = std::min(pause * 2, kLongestPause);
        summary.migrated_before = summary.migrated();
        summary.failures.clear();
        summary.findings.clear();
        summary.migrations.clear();
    }
    return summary;
}

}  // namespace ainit::daemon
