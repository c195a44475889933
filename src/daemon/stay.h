// SPDX-License-Identifier: Apache-2.0
// `run`: provision, then stay: answer probes, look again, end on SIGTERM.
#pragma once

#include <functional>
#include <string>

#include "daemon/run.h"

namespace ainit::daemon {

/// Turns a summary into the body of /status; the command line knows how JSON looks.
using StatusJson = std::function<std::string(const Summary&)>;

/// Stays until SIGTERM or SIGINT. Probes are answered from the start: /livez always, /startupz once the cluster is
/// provisioned, /readyz while it is as wanted. Ends with the exit code of a first provisioning that failed, 128 + signal when
/// that was interrupted, 0 when stopped later. Every [run] recheck, and on SIGHUP, it looks again and mends what is missing.
int stay(const config::Config& config, const StatusJson& json, const std::function<void(const Summary&)>& report);

}  // namespace ainit::daemon
