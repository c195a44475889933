// SPDX-License-Identifier: Apache-2.0
// Waiting for hosts and paths one after the other, as docker-compose-wait does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stop.h"

namespace ainit::daemon {

/// What one entry of WAIT_HOSTS or WAIT_PATHS means.
struct Awaited {
    enum class Kind { host, path, target } kind{Kind::host};
    std::string text{};  ///< as it was written: for messages; a path; or a target of wait_for
    std::string host{};
    std::uint16_t port{0};
};

/// `host:port`, also `[::1]:port`; else a target of ours (`postgres`, `tcp://…`, `database=NAME`). Code::usage if it is neither, as a
/// host without its port.
Result<Awaited> awaited_host(const std::string& text);

struct WaitRules {
    Duration timeout{30'000};   ///< for all of them; each is tried once all the same
    Duration connect{5'000};    ///< for each address of a host
    Duration interval{1'000};   ///< between two tries
    Duration before{0};
    Duration after{0};
};

/// Waits for a target of ours.
using TargetWait = std::function<Result<std::string>(const std::string& target, const Stop& stop)>;

/// In their order, each until it is there. The Failure at the timeout names all that are missing.
Result<void> wait_in_order(const std::vector<Awaited>& all, const WaitRules& rules, const TargetWait& target, const Stop& stop);

}  // namespace ainit::daemon
