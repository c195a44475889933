// SPDX-License-Identifier: Apache-2.0
// What is left of a run that was killed: the server goes on with its statement, while the cluster lock is free again. So the
// sessions of migrations are marked, by a shared advisory lock in their own database, and the next run waits for those that are
// left; and the server is asked to look from time to time whether its client is still there.
#pragma once

#include "postgres/session.h"

namespace ainit::postgres {

/// From now on the server ends a statement about a second after this process is gone. False where it cannot: before
/// PostgreSQL 14, and on some platforms.
bool watch_client(Session& session, const Stop& stop);

/// Marks the session as one that migrates, as long as it lasts or until it sends DISCARD ALL; and watch_client.
Result<bool> announce(Session& session, const Stop& stop);

/// Waits until no other session is marked in this one's database, and says once for which one. To be called under the cluster
/// lock, when all that are marked are left from an earlier run. Code::migration_timeout when the Stop's deadline comes first.
Result<void> wait_for_leftovers(Session& session, const Stop& stop);

}  // namespace ainit::postgres
