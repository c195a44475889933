// SPDX-License-Identifier: Apache-2.0
// A plan's steps as a phase of a run.
#pragma once

#include <string>

#include "daemon/run.h"

namespace ainit::daemon {

/// Carries out `plan`, told of in the log and as the phase `name` of the timeline; outcomes and the failure go to the summary.
/// False if a step failed. A plan without steps is no phase.
bool apply_steps(postgres::Sessions& sessions, const plan::Plan& plan, const config::Config& config, const Stop& stop,
                 Summary& summary, std::string name);

}  // namespace ainit::daemon
