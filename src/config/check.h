// SPDX-License-Identifier: Apache-2.0
// Rules between the parts of a configuration. All violations are reported together.
#pragma once

#include "config/load.h"

namespace ainit::config {

void check(Loaded& loaded);

/// Whether the files of [postgres] that nobody reads before libpq does are there.
void check_files(Loaded& loaded);

}  // namespace ainit::config
