// SPDX-License-Identifier: Apache-2.0
// The variables that containers of today's stacks have already.
#pragma once

#include <set>
#include <string>

#include "config/expand.h"

namespace ainit::config {

/// Fills [postgres] keys that `set_in_file` does not name, DATABASE_* before POSTGRES_* before PG*; each variable may also
/// be given as NAME_FILE, but not both. Without a configuration file it also makes the databases that POSTGRES_DB,
/// POSTGRES_MULTIPLE_DATABASES and DATABASE_NAME name.
void from_environment(Loaded& loaded, const Sources& sources, const std::set<std::string>& set_in_file);

/// Takes a libpq URL apart into `into`. `where` is for messages; nothing of the URL is put into them.
Result<std::set<std::string>> from_url(std::string_view url, Postgres& into);

}  // namespace ainit::config
