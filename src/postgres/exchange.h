// SPDX-License-Identifier: Apache-2.0
// One statement sent and its answers read, with the Stop polled beside the socket.
#pragma once

#include <string>
#include <vector>

#include "postgres/session.h"

namespace ainit::postgres {

struct Statement {
    std::string text{};
    Parameters parameters{};
};

/// The results of the statement in order; at the first error the rest is read and dropped. When the
/// Stop is over the statement is cancelled, and what comes back is the Stop's Failure (SQLSTATE
/// 57014), unless the statement was faster.
Result<std::vector<Rows>> exchange(Session::Link& link, const Statement& statement, const Stop& stop);

}  // namespace ainit::postgres
