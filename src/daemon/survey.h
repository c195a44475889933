// SPDX-License-Identifier: Apache-2.0
// `config generate`: a running cluster as a configuration.
#pragma once

#include "base/result.h"
#include "base/stop.h"
#include "config/config.h"

namespace ainit::daemon {

/// Waits until the server of `postgres` serves, and describes what it has: see provision/survey.h.
Result<config::Config> survey(const config::Postgres& postgres, const Stop& stop);

}  // namespace ainit::daemon
