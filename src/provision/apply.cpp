// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "plan/planner.h"
#include "postgres/presence.h"
#include "provision/hint.h"
#include "provision/provision.h"

namespace ainit::provision {
namespace {

using postgres::Login;
using postgres::Session;

/// How often a step is tried that others may be making at the same moment.
constexpr int kTries = 5;
constexpr Duration kPause{100};

/// What a step answers when somebody else makes the same thing: look again. XX000 is "tuple concurrently updated", 55006 a
/// template or database in use.
bool is_race(std::string_view sqlstate) {
    using namespace postgres::sqlstate;
    static constexpr std::array kRaces{kDuplicateObject, kDuplicateDatabase, kDuplicateSchema, kUniqueViolation,
                                       kInternalError,   kObjectInUse,       kLockNotAvailable, kDeadlock,
                                       kSerialization};
    return std::ranges::find(kRaces, sqlstate) != kRaces.end();
}

/// Whether a step of a new plan is the one that was to be made: part of an ALTER ROLE may be done by now.
bool same_step(const plan::Step& one, const plan::Step& other) {
    const auto* left = std::get_if<plan::AlterRole>(&one.action);
    const auto* right = std::get_if<plan::AlterRole>(&other.action);
    if (left != nullptr && right != nullptr) return left->role.name == right->role.name;
    return plan::describe(one.action) == plan::describe(other.action);
}

class Applier {
  public:
    Applier(postgres::Sessions& sessions, const plan::Plan& plan, const config::Config& config, const Stop& stop,
            const StepSink& done)
        : sessions_{sessions}, plan_{plan}, config_{config}, stop_{stop}, done_{done} {}

    Applied run() {
        for (const plan::Step& step : plan_.steps) {
            plan::Outcome outcome{step};
            if (!applied_.failure) attempt(step, outcome);
            if (done_ && outcome.effect != plan::Effect::skipped) done_(outcome);
            applied_.outcomes.push_back(std::move(outcome));
        }
        if (!applied_.failure) reset_sessions();
        return std::move(applied_);
    }

  private:
    void attempt(const plan::Step& step, plan::Outcome& outcome) {
        if (stop_.over()) {
            applied_.failure = explain(step, stop_.failure(Code::not_ready, ""));
            return;
        }
        const auto began = Clock::now();
        auto effect = carry_out(step);
        outcome.duration = std::chrono::duration_cast<Duration>(Clock::now() - began);
        if (!effect) {
            outcome.effect = plan::Effect::failed;
            applied_.failure = explain(step, std::move(effect).error());
            outcome.note = applied_.failure->because;
            return;
        }
        outcome.effect = *effect;
        if (*effect == plan::Effect::unchanged) outcome.note = "made by somebody else meanwhile";
    }

    Result<plan::Effect> carry_out(const plan::Step& step) {
        Duration pause = kPause;
        for (int left = kTries; true; pause *= 2) {
            auto done = run_statements(step);
            if (done) return plan::Effect::changed;
            if (!is_race(done.error().sqlstate)) return std::move(done).error();
            auto needed = still_needed(step);
            if (!needed) return std::move(needed).error();
            if (!*needed) return plan::Effect::unchanged;
            if (--left == 0) return std::move(done).error();
            if (!stop_.sleep(pause)) return stop_.failure(Code::not_ready, "");
        }
    }

    Result<void> run_statements(const plan::Step& step) {
        const std::string database = plan::database_of(step.action);
        const Login maintenance =
            sessions_.server().login(database.empty() ? config_.postgres.database : database);
        if (database.empty()) return run_as(maintenance, step);
        // What is inside a database belongs to its owner: whoever makes an extension may drop it later, as some
        // migrations do. What the owner may not do, the maintenance user may.
        const config::Account owner = config_.account_for(database);
        if (owner.user == maintenance.user) return run_as(maintenance, step);
        const Login login{owner.user, owner.password, database, {}};
        auto session = prepared(login);
        if (!session && stop_.over()) return std::move(session).error();
        if (!session) return run_as(maintenance, step);
        auto done = run_as(login, step);
        return done || done.error().code != Code::privilege ? std::move(done) : run_as(maintenance, step);
    }

    Result<void> run_as(const Login& login, const plan::Step& step) {
        auto session = prepared(login);
        if (!session) return std::move(session).error();
        std::optional<Failure> no_verifier;
        const plan::Verifier verifier = [&](const std::string& role, const Secret& password) {
            auto text = (*session)->verifier(role, password);
            if (text) return std::move(*text);
            no_verifier = std::move(text).error();
            return std::string{};
        };
        const std::vector<Sql> statements = plan::statements(step.action, verifier);
        if (no_verifier) return std::move(*no_verifier);
        std::string warning;
        const bool grants = std::holds_alternative<plan::GrantPrivileges>(step.action);
        if (grants) {
            (*session)->on_notice([&](std::string_view severity, std::string_view text) {
                if (severity == "WARNING") warning = text;
            });
        }
        Result<void> done = ok();
        for (const Sql& sql : statements) {
            auto rows = (*session)->query(sql, stop_);
            if (!rows) done = std::move(rows).error();
            if (!rows) break;
        }
        if (grants) (*session)->on_notice({});
        return done && !warning.empty() ? nothing_granted(std::move(warning)) : done;
    }

    /// A GRANT by somebody who may not grant, but has some privilege himself, succeeds with a warning.
    static Failure nothing_granted(std::string warning) {
        Failure failure;
        failure.code = Code::privilege;
        failure.because = std::move(warning);
        failure.sqlstate = postgres::sqlstate::kInsufficientPrivilege;
        return failure;
    }

    /// A session with the timeouts of provisioning.
    Result<Session*> prepared(const Login& login) {
        auto session = sessions_.get(login, stop_);
        if (!session || !fresh(login, (*session)->backend_pid())) return session;
        Sql sql{"SET lock_timeout = "};
        sql.number(config_.postgres.lock_timeout.count()).add("; SET statement_timeout = ");
        sql.number(config_.postgres.statement_timeout.count());
        auto set = (*session)->query_all(sql, stop_);
        if (!set) return std::move(set).error();
        postgres::watch_client(**session, stop_);
        return session;
    }

    bool fresh(const Login& login, int pid) {
        int& known = touched_[login.key()];
        return std::exchange(known, pid) != pid;
    }

    /// The sessions are used by others after this.
    void reset_sessions() {
        for (const auto& [key, pid] : touched_) {
            const Stop patience = Stop{}.within(Duration{1'000});
            auto session = sessions_.get(login_of(key), patience);
            if (!session || (*session)->backend_pid() != pid) continue;
            auto reset = (*session)->query_all("RESET lock_timeout; RESET statement_timeout", patience);
            if (!reset) sessions_.drop(std::get<1>(key));
        }
    }

    Login login_of(const Login::Key& key) const {
        const auto& [user, database, as] = key;
        const config::Account account = config_.account_for(database);
        return user == account.user ? Login{account.user, account.password, database, {}}
                                    : sessions_.server().login(database);
    }

    /// Whether a new look at the cluster still finds this step to be made.
    Result<bool> still_needed(const plan::Step& step) {
        auto observed = observe(sessions_, config_, stop_);
        if (!observed) return std::move(observed).error();
        const plan::Plan now = plan::make_plan(config_, *observed, plan::Phase::after_migrations);
        return std::ranges::any_of(now.steps, [&](const plan::Step& one) { return same_step(one, step); });
    }

    Failure explain(const plan::Step& step, Failure failure) const {
        failure.what = fmt::format("cannot {}", plan::describe(step.action));
        // A server that does not let us in now did so a moment ago.
        if (failure.code == Code::not_ready && failure.transient) failure.code = Code::connection_lost;
        if (failure.code == Code::internal || failure.code == Code::not_ready) failure.code = Code::provision_step;
        failure.hint = hint_of(step.action, failure, config_.postgres.user);
        failure.where = step.origin;
        const std::size_t done = applied_.outcomes.size();
        const std::size_t left = plan_.steps.size() - done - 1;
        failure.state = fmt::format("Of {} steps {} are done and stay; this one is {}{}.", plan_.steps.size(), done,
                                    failure.code == Code::connection_lost ? "done or not, which the next look tells"
                                                                          : "not",
                                    left == 0 ? "" : fmt::format(", and the {} after it were not begun", left));
        return failure;
    }

    postgres::Sessions& sessions_;
    const plan::Plan& plan_;
    const config::Config& config_;
    const Stop& stop_;
    const StepSink& done_;
    Applied applied_{};
    std::map<Login::Key, int> touched_{};
};

}  // namespace

int Applied::changed() const {
    return static_cast<int>(std::ranges::count(outcomes, plan::Effect::changed, &plan::Outcome::effect));
}

Applied apply(postgres::Sessions& sessions, const plan::Plan& plan, const config::Config& config, const Stop& stop,
              const StepSink& done) {
    return Applier{sessions, plan, config, stop, done}.run();
}

}  // namespace ainit::provision
