// SPDX-License-Identifier: Apache-2.0
// The part of a plan about roles.
#pragma once

#include "plan/planner.h"

namespace ainit::plan {

/// Creates, changes, memberships, settings, comments; all roles first, then what joins them.
void plan_roles(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan);

}  // namespace ainit::plan
