// SPDX-License-Identifier: Apache-2.0
// `wait` by the variables of docker-compose-wait (2.12): WAIT_HOSTS, WAIT_PATHS, WAIT_COMMAND and the others.
#pragma once

#include "cli/options.h"

namespace ainit::cli {

/// Whether the environment names something to wait for.
bool told_by_variables();

/// Waits, and becomes WAIT_COMMAND if there is one. 1 when something did not come in time, as there.
int wait_by_variables(const Options& options);

/// The same under the name `wait`, which takes no arguments.
int wait_under_its_name(int argc);

}  // namespace ainit::cli
