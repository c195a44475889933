// SPDX-License-Identifier: Apache-2.0
// A session that lives through hours in which nothing is asked over it: the cluster lock's, and that of who stays to notice
// the server's end.
#pragma once

#include "postgres/session.h"

namespace ainit::postgres {

/// A login of the maintenance user that no timeout of the server ends, and whose peer is asked by the kernel (TCP keepalives)
/// whether it is still there: after a minute a server that vanished without a word is noticed. Failures as of Session::open.
Result<Session> open_idle(const Server& server, const Stop& stop);

}  // namespace ainit::postgres
