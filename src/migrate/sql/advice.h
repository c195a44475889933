// SPDX-License-Identifier: Apache-2.0
// What to do about a statement that failed, where the server itself does not say.
#pragma once

#include "base/failure.h"

namespace ainit::migrate::sql {

/// Fills in the hint by SQLSTATE; the server's own hint stays. `repeated`: an earlier run was broken off in the statement.
void advise(Failure& failure, bool repeated);

}  // namespace ainit::migrate::sql
