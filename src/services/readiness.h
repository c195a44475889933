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

/// Asks once whether what `target` names is there, and calls `done` on the loop's thread.
using Probe = std::function<void(const std::string& target, std::function<void(bool)> done)>;

/// `started`, `alive:5s`, `notify` (sd_notify(3)), `fd:N` (s6: a newline on descriptor N), `log:TEXT`, or what `wait --for`
/// takes: `tcp://HOST:PORT`, `http://…`, `https://…`, `file:PATH`.
class Readiness {
  public:
    /// What is wrong with `how`, if it is none of these.
    static std::optional<std::string> trouble_with(const std::string& how);

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
    pid_t pid_{-1};
    uid_t user_{0};
    std::function<void()> ready_{};
    std::function<void(std::string)> said_{};
    /// Dies with this, for answers of probes that come later.
    std::shared_ptr<int> alive_{std::make_shared<int>(0)};
};

}  // namespace ainit::services
