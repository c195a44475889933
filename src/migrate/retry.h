// SPDX-License-Identifier: Apache-2.0
// Trying again what gave way to others.
#pragma once

#include <string_view>

#include "base/failure.h"
#include "base/stop.h"
#include "migrate/engine.h"

namespace ainit::migrate {

/// Whether `who`, of which nothing is left, is tried again: it gave way to others (55P03, 40P01, 40001) and has retries left.
/// Says so in the log and pauses, about twice as long each time; `attempt` counts from 0.
bool try_again(const Context& context, const Failure& failure, std::string_view who, int attempt, const Stop& stop);

}  // namespace ainit::migrate
