// SPDX-License-Identifier: Apache-2.0
// The parts of a plan about databases, and about what is inside them.
#pragma once

#include "plan/planner.h"

namespace ainit::plan {

/// Databases with owner, limit, settings and comment; what cannot be changed is drift.
void plan_databases(const config::Config& desired, const Observed& observed, Plan& plan);

/// Schemas, extensions, grants and default privileges of each database.
void plan_contents(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan);

}  // namespace ainit::plan
