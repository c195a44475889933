// SPDX-License-Identifier: Apache-2.0
// What a tool's own status command answers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrate/engine.h"

namespace ainit::migrate::command {

/// The answer of Ory's `migrate sql status --format json`, in the pieces in which it came: an array
/// of {"state": "Applied" | "Pending", "version": …, "name": …}, in older versions with capital
/// keys; perhaps within an object, perhaps after lines of a log. If it is not that, the Failure's
/// `because` says what is wrong with it.
Result<std::vector<Entry>> read_ory_status(const std::vector<std::string>& pieces);

/// The one value of a status_query: a number of pending migrations, or a boolean. Empty if it is
/// neither.
std::optional<int> read_pending(std::string_view text);

/// As many pending entries as that: all there is to know of them.
std::vector<Entry> pending_entries(const std::string& name, int count);

}  // namespace ainit::migrate::command
