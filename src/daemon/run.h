// SPDX-License-Identifier: Apache-2.0
// The narrative of a run: wait, look, plan, lock, apply, migrate, verify. Blocking; the caller decides what comes after.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/timeline.h"
#include "config/config.h"
#include "migrate/engine.h"
#include "plan/observed.h"
#include "plan/step.h"
#include "postgres/ready.h"
#include "postgres/sessions.h"
#include "verify/verify.h"

namespace ainit::daemon {

/// How libpq reaches the server of a configuration.
postgres::Server server_of(const config::Config& config);
postgres::ReadyRules rules_of(const config::Config& config);
/// The login of `role` (empty: the owner) to a database.
postgres::Login login_of(const config::Config& config, const std::string& database, const std::string& role = {});

/// Where one [[migration]] stands.
struct MigrationStatus {
    std::string name{};
    std::string database{};
    std::string engine{};
    Origin origin{};
    std::optional<migrate::Level> level{};    ///< as last looked at
    std::optional<Failure> failure{};         ///< why it could not be looked at, or failed
    std::optional<migrate::Report> report{};  ///< of this run, if it ran
    std::optional<Failure> missing{};         ///< the role or database that it needs and that provisioning would make
};

/// A part of the run and what it cost: of the timeline what is within nothing else.
struct Phase {
    std::string name{};  ///< "wait", "observe", "lock", "provision", "migrate kratos", "verify"
    Duration duration{0};
    std::string note{};
};

/// Everything known at the end of a run, however it ended.
struct Summary {
    std::string server{};  ///< "postgres:5432, PostgreSQL 17.5"
    plan::Observed observed{};
    plan::Plan plan{};
    std::vector<plan::Outcome> outcomes{};
    std::vector<MigrationStatus> migrations{};
    std::vector<verify::Finding> findings{};
    std::shared_ptr<Timeline> timeline{std::make_shared<Timeline>()};
    std::vector<Failure> failures{};  ///< the first decides the exit code
    bool locked{false};               ///< whether this run took the cluster lock
    int migrated_before{0};           ///< applied by passes of this run that lost the server

    std::vector<Phase> phases() const;
    int changed() const;       ///< steps and migrations this run made
    int migrated() const;      ///< the migrations among them, applied or reverted
    int steps_pending() const; ///< steps not made yet
    int migrations_pending() const;
    bool pending() const { return steps_pending() + migrations_pending() > 0; }
    int exit_code() const;     ///< 0, or that of the first failure
};

/// How far to go.
enum class Goal {
    look,       ///< plan, status: change nothing
    verify,     ///< checks alone
    migrations, ///< migrate show: look at migrations alone
    migrate,    ///< migrate run: migrations alone, on what is there
    provision,  ///< everything
    revert,     ///< migrate revert: take the last migrations back
    repair,     ///< migrate repair: what a person says of a migration that is half done
};

struct Order {
    Goal goal{Goal::provision};
    std::vector<std::string> databases{};  ///< only these databases' migrations and checks; empty: all
    std::string migration{};               ///< only this [[migration]]; empty: all of those databases, of Goal::repair the one that has it, or all that can be shown
    migrate::Extent extent{};              ///< Goal::migrate: how much of what is pending
    migrate::Revert revert{};              ///< Goal::revert: what is taken back
    migrate::Repair repair{};              ///< Goal::repair
    bool with_checks{true};                ///< Goal::look: make the checks too, where a database is there
    /// One look of many, after the first that was good: migrations whose tool cannot be asked are not run again, and what was told of the
    /// server is not told again.
    bool again{false};
    /// Told as soon as the server is seen not to serve, while it is waited for.
    std::function<void(const Failure&)> on_setback{};
    /// Told of each database, migration, check and role as soon as it is as wanted (config::Need::text()), by each pass anew.
    std::function<void(const std::string& need)> on_settled{};
    /// Where it is written what happens when, to be read meanwhile; empty: one of the summary's own.
    std::shared_ptr<Timeline> timeline{};
};

/// Does it. On a cluster where nothing is to be done no lock is taken and nothing is written. When the server goes away
/// in the middle it is waited for again and everything is looked at anew, within ready_timeout (but nothing is reverted twice).
/// `sessions` are left open.
Summary carry_out(const config::Config& config, postgres::Sessions& sessions, const Order& order, const Stop& stop);

}  // namespace ainit::daemon
