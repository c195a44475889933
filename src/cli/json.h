// SPDX-License-Identifier: Apache-2.0
// The same results as JSON. Keys are a contract with scripts: they are added to, never renamed.
#pragma once

#include <string>

#include "config/config.h"
#include "daemon/run.h"

namespace ainit::cli {

/// Everything of a run: server, steps, drifts, migrations, checks, phases, timeline, failures, and the code that the process exits with.
std::string summary_json(const daemon::Summary& summary, int exit_code);
/// `migrate create`: name and file.
std::string created_json(const migrate::Created& created);
/// `config show`: an array of key, value, source.
std::string settings_json(const config::Config& config);

}  // namespace ainit::cli
