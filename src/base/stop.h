// SPDX-License-Identifier: Apache-2.0
// Stop: how a blocking call learns that it should end. It carries a request to stop, which may come
// from a signal handler or another thread, and a deadline as a point in time. Every wait in the
// inner rooms takes one.
#pragma once

#include <chrono>
#include <memory>

#include "base/result.h"

namespace ainit {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;
using Duration = std::chrono::milliseconds;

inline constexpr Deadline kNever = Deadline::max();

/// `now + duration`, without overflow; kNever if that lies beyond the clock, now if the duration is
/// negative.
Deadline after(Duration duration);

/// Owns the request to stop. One a run; request() is async-signal-safe.
class StopSource {
  public:
    StopSource();
    ~StopSource();
    StopSource(const StopSource&) = delete;
    StopSource& operator=(const StopSource&) = delete;

    /// Asks all holders to stop; `signal` is remembered for the exit code (0: none). The first
    /// request counts.
    void request(int signal) noexcept;

  private:
    friend class Stop;
    struct State;
    std::shared_ptr<State> state_;
};

/// Cheap to copy; passed down by const reference.
class Stop {
  public:
    /// Never stops by itself: for tests, and, with a deadline of its own, for cleaning up after what a Stop has ended,
    /// by its request or by its deadline.
    Stop();
    explicit Stop(const StopSource& source, Deadline deadline = kNever);

    /// The same request, with the earlier of both deadlines.
    Stop until(Deadline deadline) const;

    Stop within(Duration duration) const { return until(after(duration)); }

    bool requested() const noexcept;
    int signal() const noexcept;  ///< of the request; 0 if none

    bool expired() const { return Clock::now() >= deadline_; }

    bool over() const { return requested() || expired(); }

    Deadline deadline() const { return deadline_; }

    /// Time left, never negative; a day when there is no deadline.
    Duration remaining() const;
    /// Readable once a stop was requested: to be polled beside a socket. -1 if it can never be
    /// requested.
    int fd() const noexcept;

    /// Waits; false if a stop was requested or the deadline passed before `duration` was over.
    bool sleep(Duration duration) const;

    /// Waits for `events` (POLLIN, POLLOUT) on a descriptor. 1: ready, or broken so that the next
    /// call on it says why; 0: deadline; -1: stop requested, which goes before readiness. fd -1
    /// only waits.
    int wait_fd(int fd, short events) const;

    /// The Failure for a wait that ended: Code::interrupted with the signal if one was requested,
    /// else `timed_out`.
    Failure failure(Code timed_out, std::string what) const;

  private:
    std::shared_ptr<StopSource::State> state_{};
    Deadline deadline_{kNever};
};

}  // namespace ainit
