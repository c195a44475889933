// SPDX-License-Identifier: Apache-2.0
// What the health endpoint counts of looks.
#pragma once

#include "daemon/run.h"
#include "health/status.h"

namespace ainit::daemon {

/// Adds a look that has ended.
void count_look(health::LookFacts& facts, const Summary& summary);

}  // namespace ainit::daemon
