// SPDX-License-Identifier: Apache-2.0
// Waiting until the server really serves: a login that succeeds, on a server that is new enough, not a standby and not
// behind a transaction pooler.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "postgres/session.h"

namespace ainit::postgres {

struct ReadyRules {
    Duration refusal_grace{5'000};   ///< permanent refusals are retried for this long
    int minimum_version{14};
    std::string expected_version{};  ///< named in the log when it differs
    bool writable{true};             ///< refuse standbys
    bool direct{true};               ///< refuse transaction poolers
    /// Told of each new state in which the server does not serve, as soon as it is seen.
    std::function<void(const Failure&)> on_setback{};
    /// Told of each state as it is entered, "ready" after another one included.
    std::function<void(const std::string& state)> on_state{};
};

/// One state on the way and how long it lasted.
struct ReadyPhase {
    std::string state{};     ///< "refused", "starting up", "no free slot", "ready"
    std::string sqlstate{};
    Duration lasted{0};
};

struct Ready {
    Session session;
    std::vector<ReadyPhase> phases{};
    Duration waited{0};
    /// "refused for 1.9 s, starting up for 0.6 s, ready after 2.5 s"
    std::string story() const;
};

/// Waits until stop.deadline(). Each new state is logged once.
Result<Ready> wait_ready(const Server& server, const Login& login, const ReadyRules& rules, const Stop& stop);

}  // namespace ainit::postgres
