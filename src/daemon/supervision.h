// SPDX-License-Identifier: Apache-2.0
// What is asked of `exec --supervise`.
#pragma once

#include <csignal>
#include <map>

#include "base/stop.h"

namespace ainit::daemon {

struct Supervision {
    int stop_signal{SIGTERM};          ///< what TERM becomes for the command; 0: it is kept back
    std::map<int, int> rewrite{};      ///< of other signals; to 0: not passed on
    bool to_group{true};               ///< signals go to the command's process group, else to it alone
    Duration stop_timeout{9'000};      ///< from TERM to KILL, for the command and all it left behind together
    bool zero_when_asked{false};       ///< 0 after TERM, whatever the command says
};

/// The time between a stop and the KILL of the platform, less a moment: 10 s of Docker, 30 s in a Pod.
Duration platform_grace();

}  // namespace ainit::daemon
