// SPDX-License-Identifier: Apache-2.0
// Signals to programs that are not our children: in a pid namespace that is shared with them.
#pragma once

#include <string>

#include "base/result.h"

namespace ainit::services {

/// Whom a signal is for.
struct Recipient {
    std::string pid_file{};  ///< holds its number, as daemons write it; empty: by its name alone
    std::string process{};   ///< what its program is called; with a pid_file too: else the file is out of date
};

/// Sends it, and returns to whom: "process 77". Code::dependent_untold when nobody is there, or we may not.
Result<std::string> send_signal(const Recipient& to, int signal);

}  // namespace ainit::services
