// SPDX-License-Identifier: Apache-2.0
// TERM and INT as a request to stop, for commands that only block. `run` has an event loop for its signals instead.
#pragma once

#include <optional>

#include "base/stop.h"

namespace ainit::daemon {

/// While it lives, SIGTERM, SIGINT and SIGHUP ask its source to stop; one at a time in a process.
class Interrupt {
  public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    /// A Stop of this source, over after `timeout` if there is one.
    Stop stop(std::optional<Duration> timeout = {}) const;

  private:
    StopSource source_{};
};

}  // namespace ainit::daemon
