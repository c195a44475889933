// SPDX-License-Identifier: Apache-2.0
// The asynchronous floor: one event loop on the thread that runs it, and one worker thread for blocking work. Signals,
// timers and connections never wait for SQL. Idle means no wake-ups.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "base/stop.h"

namespace ainit::system {

class Loop {
  public:
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
    /// From now on these signals call `handler` with their number, and nothing else happens to them.
    void on_signals(std::initializer_list<int> signals, std::function<void(int)> handler);
    /// One timer; setting it again replaces it, a duration of zero takes it away.
    void set_timer(Duration duration, std::function<void()> handler);
    /// Runs `job` on the worker thread, one after the other, then `done` on the loop's thread.
    void work(std::function<void()> job, std::function<void()> done);

    /// Takes in orphans: as PID 1 they come by themselves, else this process becomes their subreaper. They are reaped as
    /// they end; children of base/child.h are left to whoever waits for them.
    void adopt_orphans();

    struct Implementation;
    Implementation& implementation() { return *implementation_; }

  private:
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace ainit::system
