// SPDX-License-Identifier: Apache-2.0
// Tells programs that others have started, the [[dependent]]s, that what they need is there, or has changed: by a signal, a
// command, HTTP, or NOTIFY.
#pragma once

#include <map>
#include <set>
#include <string>

#include "config/config.h"
#include "daemon/run.h"

namespace ainit::daemon {

/// What a run has changed, as needs (config::Need::text()): databases, migrations and roles; with a role the databases that it
/// owns, whose login it is.
std::set<std::string> changed_by(const config::Config& config, const Summary& summary);

/// Remembers whom it has told. Of the worker's thread; each is waited for within its timeout.
class Dependents {
  public:
    /// Tells those whose needs are all in `met`: the first time, and when one of them is in `changed`. Who cannot be told is named
    /// in the log, and tried again with the next look.
    void tell(const config::Config& config, const std::set<std::string>& met, const std::set<std::string>& changed,
              postgres::Sessions& sessions, const Stop& stop);

  private:
    struct State {
        bool told{false};    ///< that everything is there
        bool owed{false};    ///< that something has changed
        bool warned{false};  ///< it could not be reached
    };
    std::map<std::string, State> states_{};
};

}  // namespace ainit::daemon
