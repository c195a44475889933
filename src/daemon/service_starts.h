// SPDX-License-Identifier: Apache-2.0
// The starts of services as a timeline, beside that of the run: what each waited for, and how long it took.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/timeline.h"
#include "health/status.h"

namespace ainit::daemon {

/// Of each service until it was ready for the first time, or has been given up: what comes later is no start.
class ServiceStarts {
  public:
    /// What became of one; told as it is now, each time that something changed.
    void hear(const health::ServiceFacts& facts);
    bool was_ready(const std::string& service) const;
    std::shared_ptr<const Timeline> timeline() const { return timeline_; }

  private:
    struct Start {
        int service{0};  ///< number of its part
        int state{0};    ///< of the part within it that goes on
        std::string name{};
        bool over{false};
        bool ready{false};
    };
    void enter(Start& start, const std::string& name);

    std::shared_ptr<Timeline> timeline_{std::make_shared<Timeline>()};
    std::map<std::string, Start> starts_{};
};

}  // namespace ainit::daemon
