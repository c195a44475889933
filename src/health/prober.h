// SPDX-License-Identifier: Apache-2.0
// Asking once, on a loop, whether something is there.
#pragma once

#include <functional>
#include <string>

#include "system/loop.h"

namespace ainit::health {

/// Asks `target` (base/target.h) on the loop, which never waits for it, and calls `done` on its thread, later: with why it is not
/// there, or nothing. Who does not answer within three seconds is not there.
void probe(system::Loop& loop, const std::string& target, std::function<void(const std::string& why)> done);

}  // namespace ainit::health
