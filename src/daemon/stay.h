// SPDX-License-Identifier: Apache-2.0
// `run`: provision, then stay: answer probes, notice that the server went away, look again, end on SIGTERM.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "daemon/run.h"

namespace ainit::daemon {

/// What the command line knows of staying.
struct StayHooks {
    /// Reads configuration, variables and secret files again; what is wrong with them it has told, and returns the first.
    std::function<Result<config::Config>()> reload{};
    /// The body of /status.
    std::function<std::string(const Summary&)> json{};
    /// Told after the first look, and after each that changed something or failed for another reason than the one before. It may wait for who reads what it writes, but not after a
    /// stop was requested; on a thread that nobody else waits for.
    std::function<void(const Summary&, const Stop&)> report{};
    /// Told of services that have failed for good.
    std::function<void(const std::vector<Failure>&)> failed{};
};

/// Stays until SIGTERM or SIGINT. Probes are answered from the start: /livez always, /startupz once the cluster is
/// provisioned, /readyz while it is as wanted. Ends with the exit code of a first provisioning that failed, 128 + signal when
/// that was interrupted, 0 when stopped later. Every [run] recheck, when its connection to the server breaks, and on SIGHUP,
/// which reads the configuration again, it looks again and mends what is missing.
/// Services of the configuration are started as soon as what they need is there, and ended in reverse order; then the exit code is the
/// main service's, or 50 when one has failed for good.
int stay(config::Config config, const StayHooks& hooks);

}  // namespace ainit::daemon
