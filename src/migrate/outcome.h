// SPDX-License-Identifier: Apache-2.0
// Small things that all engines share: how a failure becomes one of a migration.
#pragma once

#include <string>

#include "base/failure.h"
#include "base/stop.h"

namespace ainit::migrate {

/// Whether the Stop is what ended it: then the code becomes migration_interrupted (with the signal)
/// or migration_timeout, with a cause and a hint of its own. True if it was.
bool ended_by_stop(Failure& failure, const Stop& stop, Duration timeout);

/// "1 migration", "2 migrations".
std::string count_of(std::size_t count, std::string_view one, std::string_view many);

}  // namespace ainit::migrate
