// SPDX-License-Identifier: Apache-2.0
// A project's TypeORM migrations without a configuration file: by options of the command line, or by variables.
#pragma once

#include <set>
#include <string>

#include "config/expand.h"

namespace ainit::config {

/// Makes the one [[migration]], by the engine typeorm, that `options` or ALKEMIO_INIT_DATA_SOURCE, ALKEMIO_INIT_FILES,
/// ALKEMIO_INIT_TABLE and ALKEMIO_INIT_TRANSACTION describe, an option counting before a variable. It is of the database
/// `service` (what DATABASE_NAME says), else of the only one there is, else of the one that [postgres] names, if `set` tells
/// that something does.
/// Where there is a configuration file, options are refused and variables do not count.
void from_project(Loaded& loaded,
                  const ProjectOptions& options,
                  const Sources& sources,
                  const std::string& service,
                  const std::set<std::string>& set);

}  // namespace ainit::config
