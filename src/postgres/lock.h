// SPDX-License-Identifier: Apache-2.0
// The one cluster-wide lock of a run: an advisory lock in the maintenance database, polled, never waited for inside the
// server (a waiter's snapshot would block CREATE INDEX CONCURRENTLY in the holder's run).
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "postgres/session.h"
#include "postgres/sessions.h"

namespace ainit::postgres {

class ClusterLock {
  public:
    /// Told of each run that is seen to hold the lock: "process 77 of the server (…)".
    using HolderSink = std::function<void(const std::string& holder)>;

    /// Polls with jitter until it is ours, on a connection of its own; says once who holds it (pid, application, since when).
    /// Refuses on a standby.
    static Result<ClusterLock> take(const Server& server, const Stop& stop, const HolderSink& held_by = {});
    ClusterLock(ClusterLock&&) noexcept = default;
    ClusterLock& operator=(ClusterLock&&) noexcept = default;
    ~ClusterLock() = default;

    /// Fails when the connection that holds the lock is gone: ask before each step that must not run twice.
    Result<void> still_held(const Stop& stop);
    Duration waited() const { return waited_; }

  private:
    friend class LockWatch;
    ClusterLock(Session session, Duration waited) : session_{std::move(session)}, waited_{waited} {}
    Session session_;
    Duration waited_;
};

/// While it lives, whatever works by its stop() is asked to stop as soon as the connection that holds the lock ends, so that
/// nothing goes on beside the run that takes the lock next. The lock may not be used meanwhile.
class LockWatch {
  public:
    /// `tick` is called some times a second meanwhile, from the thread that watches.
    LockWatch(const ClusterLock& lock, const Stop& stop, std::function<void()> tick = {});
    ~LockWatch();
    LockWatch(const LockWatch&) = delete;
    LockWatch& operator=(const LockWatch&) = delete;

    /// As the stop it was made of, and over when the lock is lost.
    Stop stop() const { return Stop{source_, deadline_}; }

  private:
    void watch(int socket, const Stop& asked, const std::function<void()>& tick);

    StopSource source_{};
    StopSource end_{};
    Deadline deadline_;
    std::thread thread_;
};

}  // namespace ainit::postgres
