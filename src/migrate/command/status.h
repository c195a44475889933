// SPDX-License-Identifier: Apache-2.0
// What a tool's own status command answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/engine.h"

namespace ainit::migrate::command {

/// The entries of `migrate sql status --format json` of Ory's tools (popx): an array of, or an object with one array of,
/// objects with `version`, `name` and `state` or `status`, "Applied" or "Pending". Lines before the JSON are passed over.
/// The Failure (migration_status) says what was there instead.
Result<std::vector<Entry>> read_ory_status(std::string_view output);

}  // namespace ainit::migrate::command
