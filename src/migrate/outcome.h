// SPDX-License-Identifier: Apache-2.0
// Small things that all engines share: how a failure becomes one of a migration.
#pragma once

#include <string>
#include <string_view>

#include "base/failure.h"
#include "base/stop.h"
#include "migrate/engine.h"

namespace ainit::migrate {

/// Whether the Stop is what ended it: then the code becomes migration_interrupted (with the signal)
/// or migration_timeout, with a cause and a hint that name the deadline that was first, the run's or
/// the migration's. True if it was.
bool ended_by_stop(Failure& failure, const Stop& stop, const Context& context);

/// The refusal of what only the engine typeorm does: "cannot revert migration "x" …".
Failure not_of_engine(const config::Migration& migration, std::string_view verb, std::string hint);

/// "1 migration", "2 migrations".
std::string count_of(std::size_t count, std::string_view one, std::string_view many);

}  // namespace ainit::migrate
