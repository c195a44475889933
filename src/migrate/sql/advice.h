// SPDX-License-Identifier: Apache-2.0
// What to do about a statement that failed, where the server itself does not say.
#pragma once

#include "base/failure.h"
#include "migrate/sql/script.h"

namespace ainit::migrate::sql {

/// Fills in the hint by SQLSTATE; the server's own hint stays. `statement` may be null; `repeated`:
/// an earlier run was broken off in it.
void advise(Failure& failure, const Statement* statement, bool repeated);

}  // namespace ainit::migrate::sql
