// SPDX-License-Identifier: Apache-2.0
// The asynchronous floor: one event loop on the thread that runs it, and one worker thread for blocking work. Signals,
// timers, children and connections never wait for SQL. Idle means no wake-ups.
#pragma once

#include <csignal>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/stop.h"

namespace ainit::system {

/// A signal as it was sent.
struct Signal {
    int number{0};
    pid_t sender{0};  ///< 0: the kernel, or a process that cannot be seen from here
    bool queued{false};
    sigval value{};  ///< of sigqueue, if it was queued
};

/// What became of a child.
struct ChildEvent {
    enum class Kind { exited, stopped, continued } kind{Kind::exited};
    int code{0};    ///< exited by itself: its exit code
    int signal{0};  ///< that ended or stopped it; 0: it exited
};

/// Fires once each time it is set. What it calls must not outlive the owner, who takes it away with the Timer.
class Timer {
  public:
    ~Timer();
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Replaces what was set before.
    void set(Duration duration, std::function<void()> handler);
    void cancel();

  private:
    friend class Loop;
    struct Implementation;
    explicit Timer(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

class Loop {
  public:
    /// While it lives the signals that it handles are blocked in the thread that made it and in those that this makes.
    Loop();
    /// Waits for the job on the worker thread: ask it to stop before.
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Runs handlers until quit(); all handlers run on this thread.
    void run();
    void quit();

    /// Runs `handler` soon, on the loop's thread. Thread-safe.
    void post(std::function<void()> handler);

    /// From now on these signals call `handler`, and nothing else happens to them; the last that asks for a signal gets it. One
    /// that this process was started to ignore stays ignored.
    void on_signals(std::span<const int> signals, std::function<void(const Signal&)> handler);
    void on_signals(std::initializer_list<int> signals, std::function<void(const Signal&)> handler);

    Timer timer();

    /// Runs `job` on the worker thread, one after the other, then `done` on the loop's thread.
    void work(std::function<void()> job, std::function<void()> done);

    /// Takes in orphans: as PID 1 they come by themselves, else this process becomes their subreaper. They are reaped as
    /// they end; children of base/child.h are left to whoever waits for them.
    void adopt_orphans();
    /// Tells what becomes of a child of spawn(), its exit while it is a zombie still, so that the group's number cannot belong to
    /// strangers; then it is reaped. Needs adopt_orphans().
    void on_child(pid_t pid, std::function<void(const ChildEvent&)> handler);

    /// Calls `handler` while `fd` can be read, until it returns false or is taken away by forget().
    void on_readable(int fd, std::function<bool()> handler);
    /// The same for `fd` taking something; one descriptor is watched for one of both at a time.
    void on_writable(int fd, std::function<bool()> handler);
    void forget(int fd);

    struct Implementation;
    Implementation& implementation() { return *implementation_; }

  private:
    std::unique_ptr<Implementation> implementation_;
};

/// Every signal that can be handled at all and is not the kernel's own business with children.
std::vector<int> forwardable_signals();

/// All processes below this one; as PID 1 all others of its namespace but those that entered it from outside (docker exec).
/// Those for which `apart` says so are left out, with all below them.
std::vector<pid_t> descendants(const std::function<bool(pid_t)>& apart = {});

/// Whether a process's program (its file, the name it was started by, or the one it has given itself) is called so.
bool is_called(pid_t pid, std::string_view name);
/// All that are, of those that can be seen from here, without those that another of them has started: a server's workers are
/// its own business.
std::vector<pid_t> processes_called(std::string_view name);

/// Gives the kernel back the memory that the program's code and that of its libraries takes, which was read from their files and is
/// read again where it is needed: for a process that from now on mostly waits.
void release_code_pages();

}  // namespace ainit::system
