// SPDX-License-Identifier: Apache-2.0
// The narrative of a run: wait, plan, lock, apply, migrate, verify. Blocking; the caller decides what comes after.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "migrate/engine.h"
#include "plan/observed.h"
#include "plan/step.h"
#include "postgres/ready.h"
#include "postgres/sessions.h"
#include "verify/verify.h"

namespace ainit::daemon {

postgres::Server server_of(const config::Config& config);
postgres::ReadyRules rules_of(const config::Config& config);

/// Where one [[migration]] stands.
struct MigrationStatus {
    std::string name{};
    std::string database{};
    std::string engine{};
    Origin origin{};
    std::optional<migrate::Level> level{};
    std::optional<Failure> failure{};  ///< why it could not be looked at
    std::optional<migrate::Report> report{};  ///< of this run, if it ran
};

/// A part of the run and what it cost.
struct Phase {
    std::string name{};  ///< "wait", "observe", "lock", "provision", "migrate kratos", "verify"
    Duration duration{0};
    std::string note{};
};

/// Everything known at the end of a run, however it ended.
struct Summary {
    plan::Observed observed{};
    plan::Plan plan{};
    std::vector<plan::Outcome> outcomes{};
    std::vector<MigrationStatus> migrations{};
    std::vector<verify::Finding> findings{};
    std::vector<Phase> phases{};
    std::string ready_story{};
    std::string server{};         ///< "postgres:5432, PostgreSQL 17.5"
    std::vector<Failure> failures{};  ///< the first decides the exit code
    bool locked{false};           ///< whether this run had to take the cluster lock
    int changed() const;          ///< steps and migrations this run made
    bool pending() const;         ///< steps or migrations left to do
    int exit_code() const;
};

/// How far to go.
enum class Goal {
    look,       ///< plan, status: change nothing
    verify,     ///< checks alone
    migrate,    ///< migrations alone, of an existing cluster
    provision,  ///< everything
};

struct Order {
    Goal goal{Goal::provision};
    std::vector<std::string> databases{};  ///< only these migrations and checks; empty: all
    bool with_migrations{true};            ///< look at migrations too
    bool with_checks{true};
};

/// What a terminal or the log shows while it happens.
struct Observer {
    std::function<void(const std::string& phase)> phase{};
    std::function<void(const plan::Outcome&)> step{};
    std::function<void(const std::string& migration, const migrate::Progress&)> progress{};
};

/// Does it. On a cluster where nothing is to be done no lock is taken and nothing is written. `sessions` are left open for
/// a caller who stays.
Summary carry_out(const config::Config& config, postgres::Sessions& sessions, const Order& order, const Stop& stop,
                  const Observer& observer = {});

}  // namespace ainit::daemon
