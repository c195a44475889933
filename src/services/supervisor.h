// SPDX-License-Identifier: Apache-2.0
// Starts services as what they need is there, keeps them as their rules say, and ends them all in reverse order within one
// deadline. Everything happens on the loop's thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/child.h"
#include "base/failure.h"
#include "services/machine.h"
#include "services/output.h"
#include "services/readiness.h"
#include "system/loop.h"

namespace ainit::services {

struct Service {
    std::string name{};
    Origin origin{};
    Command command{};
    std::vector<std::string> needs{};  ///< other services, or what release() is told
    Rules rules{};
    std::string ready{};               ///< see Readiness
    int stop_signal{SIGTERM};
    std::map<int, int> rewrite{};      ///< of forwarded signals; to 0: not forwarded
    bool to_group{true};               ///< signals go to its whole process group
    OutputMode output{OutputMode::pass};
    bool main{false};                  ///< its end is the end of all, with its exit code
    bool critical{true};               ///< its failure is the end of all
};

struct Status {
    std::string name{};
    State state{};
    pid_t pid{-1};
    int restarts{0};
    std::string said{};                ///< STATUS= of sd_notify
    std::string why{};                 ///< of a failure, in one line
    std::vector<std::string> missing{}; ///< what it waits for
    bool critical{true};
    std::optional<std::chrono::system_clock::time_point> started{};
    std::optional<Duration> until_ready{};  ///< since it was started
};

/// How everything ended.
struct End {
    int code{0};
    std::vector<Failure> failures{};
    std::vector<std::string> killed{};  ///< who had to be: services by their names, other processes by name and number
};

struct EndingRules {
    Duration deadline{9'000}; ///< for all together
    bool zero_when_asked{false};  ///< an end that was asked for is 0, whatever the main service says
};

class Supervisor {
  public:
    struct Hooks {
        Probe probe{};
        /// Makes the command of a service anew before each start; without it Service::command counts.
        std::function<Result<Command>(const std::string& service)> command{};
        std::function<void()> changed{};         ///< the state of one has changed
        std::function<void(const Failure&)> failed{};  ///< one that is not critical has failed for good
        std::function<void()> ending{};          ///< from now on they are ended, asked for or not; called once
        std::function<void(const End&)> over{};  ///< all have ended and are reaped; called once
    };

    Supervisor(system::Loop& loop, std::vector<Service> services, EndingRules ending, Hooks hooks);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// What services need is there, or (a second time) still is. Starts those that need nothing else.
    void release(const std::string& need);
    /// Starts those that need nothing.
    void start();
    /// Ends these and starts them again: one after the other in the order of their needs, each when the one before is ready again.
    /// Who does not run is left as it is.
    void restart(const std::vector<std::string>& names);
    /// To the main service, or the only one.
    void forward(const system::Signal& signal);
    /// Ends all; asked a second time it does not wait any more. `signal`: that asked for it, or 0.
    void stop(int signal);
    bool stopping() const { return stopping_; }

    std::vector<Status> status() const;
    bool all_ready() const;

  private:
    struct Unit;
    Unit* main_unit();
    Unit* find(const std::string& name) const;
    bool is_met(const std::string& need) const;
    void release_ready_ones();
    bool rests_on(const Unit& unit, const Unit& other) const;
    void go_on_restarting();
    void tell(Unit& unit, const Event& event);
    void run(Unit& unit);
    void refused(Unit& unit, Failure failure);
    void began(Unit& unit, Child child);
    void child_event(Unit& unit, const system::ChildEvent& event);
    void send(Unit& unit, int signal, bool group);
    void suspend_with(Unit& unit);
    void settle(Unit& unit, State before);
    void let_go(std::unique_ptr<Output> output);
    bool writing();
    int exit_code() const;
    void go_on_stopping();
    std::vector<pid_t> leftovers() const;
    void end_leftovers();
    void look_at_leftovers();
    void kill_leftovers();
    void out_of_time();
    void finish();
    Failure failure_of(const Unit& unit) const;

    system::Loop& loop_;
    EndingRules ending_;
    Hooks hooks_;
    std::vector<std::unique_ptr<Unit>> units_{};
    std::set<std::string> met_{};
    const Unit* failed_first_{nullptr};
    std::set<Unit*> to_restart_{};
    Unit* restarting_{nullptr};  ///< was ended to be started again, and is not ready yet
    /// Of processes that have ended: what they left behind may write still, and our reader may be slow.
    std::deque<std::unique_ptr<Output>> outputs_{};
    system::Timer timer_;    ///< of the end
    system::Timer looking_;  ///< at what is left of services that have ended
    bool stopping_{false};
    bool asked_{false};      ///< to end, from outside
    bool hurried_{false};
    bool leftovers_told_{false};
    bool finished_{false};
    End end_{};
};

}  // namespace ainit::services
