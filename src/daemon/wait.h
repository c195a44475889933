// SPDX-License-Identifier: Apache-2.0
// `wait`: until things outside are there, whoever makes them.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "postgres/sessions.h"

namespace ainit::daemon {

/// `postgres`, `database=NAME`, `migrations=NAME` (a [[migration]] or database of the configuration), `tcp://HOST:PORT`,
/// `http://…`, `https://…`, `file:PATH`. Returns how it went: "ready after 2.5 s". Polls until stop.deadline().
Result<std::string> wait_for(const config::Config& config, const std::string& target, const Stop& stop);

/// Until nothing is left to do in the whole configuration: `exec --wait-only`.
Result<std::string> wait_for_everything(const config::Config& config, postgres::Sessions& sessions, const Stop& stop);

}  // namespace ainit::daemon
