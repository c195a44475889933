// SPDX-License-Identifier: Apache-2.0
// What can be known of a project's migrations without starting TypeORM: that nothing is pending, because each file that the
// globs match is byte for byte one whose migrations were applied.
#pragma once

#include <optional>

#include "migrate/engine.h"

namespace ainit::migrate::typeorm {

/// Where things stand, if all of this holds: the files are given by plain globs of the configuration, without a data
/// source; each has the checksum of a file that loaded no other one of the project when its migrations were applied; and
/// all of its migrations are in TypeORM's ledger. Empty if TypeORM has to be asked; a Failure if the server could not be.
Result<std::optional<Level>> known_level(const Context& context, const Stop& stop);

}  // namespace ainit::migrate::typeorm
