// SPDX-License-Identifier: Apache-2.0
// A cluster's roles and databases: what there is, and making it what is wanted.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "plan/observed.h"
#include "plan/step.h"
#include "postgres/sessions.h"

namespace ainit::provision {

/// Reads the catalog in one round trip in the maintenance database, logs in as each database's owner with the configured
/// password (which is how a password is known to fit), and reads each database from inside. A database that does not exist is absent.
Result<plan::Observed> observe(postgres::Sessions& sessions, const config::Config& config, const Stop& stop);

/// Whether the role and the database of a login are there, asked as the maintenance user.
struct Existence {
    bool role{};
    bool database{};
};

Result<Existence> existence(postgres::Sessions& sessions, const postgres::Login& login, const Stop& stop);

/// All outcomes, also when a step failed: then the rest is skipped and `failure` says what and why.
struct Applied {
    std::vector<plan::Outcome> outcomes{};
    std::optional<Failure> failure{};
    int changed() const;
};

/// Called after each step that was begun.
using StepSink = std::function<void(const plan::Outcome&)>;

/// Runs the steps in order. "Already so", also when another run made it so at the same moment, is Effect::unchanged.
Applied apply(postgres::Sessions& sessions, const plan::Plan& plan, const config::Config& config, const Stop& stop,
              const StepSink& done);

}  // namespace ainit::provision
