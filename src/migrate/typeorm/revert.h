// SPDX-License-Identifier: Apache-2.0
// Taking the last migrations back, each by TypeORM itself in a transaction of its own.
#pragma once

#include <string>
#include <string_view>

#include "migrate/engine.h"
#include "migrate/typeorm/project.h"

namespace ainit::migrate::typeorm {

/// Everything that must be so is looked at first; then one after the other, until one fails. Those before it stay reverted.
Run revert(const Context& context, const Revert& order, const Stop& stop);

/// That there is no migration `name`, with the one that may be meant. `verb`: what cannot be done, as "run up to".
Failure no_such_migration(const Context& context, const Listing& listing, std::string_view verb, const std::string& name);

}  // namespace ainit::migrate::typeorm
