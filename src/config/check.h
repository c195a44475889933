// SPDX-License-Identifier: Apache-2.0
// Rules between the parts of a configuration. All violations are reported together.
#pragma once

#include "config/load.h"

namespace ainit::config {

void check(Loaded& loaded);

}  // namespace ainit::config
