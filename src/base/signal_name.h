// SPDX-License-Identifier: Apache-2.0
// Signals by name, as kill(1) has them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ainit {

/// `TERM`, `SIGTERM`, `15`, `RTMIN+3`, `RTMAX-1`; empty if there is no such signal.
std::optional<int> signal_of(std::string_view text);

/// "SIGTERM", "SIGRTMIN+3".
std::string name_of_signal(int signal);

}  // namespace ainit
