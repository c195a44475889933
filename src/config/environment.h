// SPDX-License-Identifier: Apache-2.0
// The variables that containers of today's stacks have already.
#pragma once

#include <set>
#include <string>

#include "config/expand.h"

namespace ainit::config {

/// Fills the [postgres] keys that `set` does not name, and adds them to it. DATABASE_URL counts
/// before the variables of single keys, and DATABASE_* before POSTGRES_* before PG*. Each variable
/// may also be given as NAME_FILE, but not both. Without a configuration file it also makes the
/// databases that POSTGRES_DB, POSTGRES_MULTIPLE_DATABASES and DATABASE_NAME name, and returns what
/// DATABASE_NAME says.
std::string from_environment(Loaded& loaded, const Sources& sources, std::set<std::string>& set);

}  // namespace ainit::config
