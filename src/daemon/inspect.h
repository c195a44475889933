// SPDX-License-Identifier: Apache-2.0
// `verify`, the part that needs no [[check]]: whether each configured database is there, as it is wanted, and migrated.
#pragma once

#include <string>
#include <vector>

#include "daemon/run.h"

namespace ainit::daemon {

/// Of each database, in the order of the configuration; `databases` empty: of all. Of one that is missing that alone is told.
std::vector<verify::Finding> inspect(const config::Config& config, const Summary& seen, const std::vector<std::string>& databases);

}  // namespace ainit::daemon
