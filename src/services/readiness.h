// SPDX-License-Identifier: Apache-2.0
// How a service tells that it is ready.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/child.h"
#include "base/file.h"
#include "base/result.h"
#include "system/loop.h"

namespace ainit::services {

/// Asks once whether what `target` names is there, and calls `done` on the loop's thread, later: with why it is not, or nothing.
using Probe = std::function<void(const std::string& target, std::function<void(const std::string& why)> done)>;

/// See trouble_with_readiness() in base/target.h for the ways there are.
class Readiness {
  public:
    Readiness(system::Loop& loop, std::string how, Probe probe);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    /// What the command needs for it: a descriptor, a variable.
    Result<void> equip(Command& command);
    /// From now on; `ready` is called once, and `said` with each STATUS= of sd_notify.
    void watch(pid_t pid, std::function<void()> ready, std::function<void(std::string)> said);
    /// A line of its output.
    void saw(std::string_view line);
    /// Why the target was not there when it was last asked.
    const std::string& last_answer() const { return last_answer_; }

  private:
    void tell();
    void ask();
    bool read_notifications();
    bool comes_from_service(pid_t sender, uid_t user) const;

    system::Loop& loop_;
    std::string how_;
    Probe probe_;
    UniqueFd ours_{};   ///< reading end, or the socket
    UniqueFd theirs_{};
    system::Timer timer_;
    Duration pause_{0};
    std::string last_answer_{};
    pid_t pid_{-1};
    uid_t user_{0};
    std::function<void()> ready_{};
    std::function<void(std::string)> said_{};
    /// Dies with this, for answers of probes that come later.
    std::shared_ptr<int> alive_{std::make_shared<int>(0)};
};

}  // namespace ainit::services
