// SPDX-License-Identifier: Apache-2.0
// Statements that are CONCURRENTLY wait for other transactions by design: a lock_timeout would only leave an invalid index
// behind.
#pragma once

#include <string>

#include "postgres/session.h"

namespace ainit::migrate::typeorm {

/// Whether the statement is one of them.
bool waits_by_design(const std::string& text);

/// Puts lock_timeout off on the session, unless a script has set it there itself. True if it did: then restore it.
bool lift_lock_timeout(postgres::Session& session, const Stop& stop);
void restore_lock_timeout(postgres::Session& session, const Stop& stop);

}  // namespace ainit::migrate::typeorm
