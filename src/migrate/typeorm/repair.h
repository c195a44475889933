// SPDX-License-Identifier: Apache-2.0
// `migrate repair`: what a person says of a migration that is half done, see journal.h.
#pragma once

#include "migrate/engine.h"

namespace ainit::migrate::typeorm {

/// Under the cluster lock, unless it only shows.
Run repair(const Context& context, const Repair& order, const Stop& stop);

}  // namespace ainit::migrate::typeorm
