// SPDX-License-Identifier: Apache-2.0
// `exec --supervise`: the container's first process, with one service below it.
#pragma once

#include "base/child.h"
#include "daemon/supervision.h"
#include "services/supervisor.h"

namespace ainit::daemon {

/// Runs the command to its end. Signals are passed on; TERM ends it, and then what it left behind; orphans are reaped. The
/// foreground of a terminal is the command's. The code is the command's own, or 128 + signal.
services::End supervise(const Command& command, const Supervision& how);

}  // namespace ainit::daemon
