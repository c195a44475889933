// SPDX-License-Identifier: Apache-2.0
// The part of a plan about roles.
#pragma once

#include <set>
#include <string>

#include "plan/planner.h"

namespace ainit::plan {

/// Roles that are not there yet because migrations make them: whatever speaks of them waits too. None after migrations,
/// when the server itself says what is missing.
std::set<std::string> late_roles(const config::Config& desired, const Observed& observed, Phase phase);

/// The maintenance user acts for a role (gives it a database, changes what it owns) as a superuser or as a member with
/// SET: where it is neither, a step makes it a member, once in a plan.
void act_for(const std::string& role, const Observed& observed, const Origin& origin, Plan& plan);

/// Creates, changes, memberships, settings, comments; all roles first, then what joins them.
void plan_roles(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan);

}  // namespace ainit::plan
