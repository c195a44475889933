// SPDX-License-Identifier: Apache-2.0
#include "base/stop.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ainit {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

constexpr int kNobody = -1;

timespec to_timespec(Nanoseconds left) {
    left = std::clamp(left, Nanoseconds{0}, Nanoseconds{std::chrono::hours{24}});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    return {seconds.count(), (left - seconds).count()};
}

}  // namespace

struct StopSource::State {
    int fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    /// kNobody, or the signal of the first request (0: none). One variable, so that whoever sees
    /// the request sees its cause.
    std::atomic<int> cause{kNobody};

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() {
        if (fd >= 0) ::close(fd);
    }
};

Deadline after(Duration duration) {
    const Deadline now = Clock::now();
    if (duration <= Duration{0}) return now;
    if (duration >= std::chrono::duration_cast<Duration>(kNever - now)) return kNever;
    return now + duration;
}

StopSource::StopSource() : state_{std::make_shared<State>()} {}

StopSource::~StopSource() = default;

void StopSource::request(int signal) noexcept {
    int nobody = kNobody;
    state_->cause.compare_exchange_strong(nobody, signal);
    const std::uint64_t one = 1;
    const int saved = errno;
    [[maybe_unused]] const auto written = ::write(state_->fd, &one, sizeof one);
    errno = saved;
}

Stop::Stop() = default;

Stop::Stop(const StopSource& source, Deadline deadline)
    : state_{source.state_}, deadline_{deadline} {}

Stop Stop::until(Deadline deadline) const {
    Stop copy = *this;
    copy.deadline_ = std::min(deadline_, deadline);
    return copy;
}

bool Stop::requested() const noexcept {
    return state_ && state_->cause.load() != kNobody;
}

int Stop::signal() const noexcept {
    return requested() ? state_->cause.load() : 0;
}

int Stop::fd() const noexcept {
    return state_ ? state_->fd : -1;
}

Duration Stop::remaining() const {
    constexpr Duration kDay = std::chrono::hours{24};
    if (deadline_ == kNever) return kDay;
    return std::clamp(std::chrono::ceil<Duration>(deadline_ - Clock::now()), Duration{0}, kDay);
}

bool Stop::sleep(Duration duration) const {
    const Stop shorter = within(duration);
    if (shorter.wait_fd(-1, 0) < 0) return false;
    return !expired();
}

int Stop::wait_fd(int fd, short events) const {
    pollfd polled[2] = {{fd, events, 0}, {this->fd(), POLLIN, 0}};
    while (true) {
        if (requested()) return -1;
        const bool endless = deadline_ == kNever;
        const timespec left = to_timespec(endless ? Nanoseconds{0} : deadline_ - Clock::now());
        const int ready = ::ppoll(polled, 2, endless ? nullptr : &left, nullptr);
        if (ready > 0 && polled[1].revents != 0) return -1;
        if (ready > 0) return 1;
        if (ready < 0 && errno == EINTR) continue;
        if (expired()) return 0;
    }
}

Failure Stop::failure(Code timed_out, std::string what) const {
    Failure failure;
    failure.what = std::move(what);
    if (requested()) {
        failure.code = Code::interrupted;
        failure.signal = signal();
        const char* name = ::sigabbrev_np(failure.signal);
        failure.because =
            name != nullptr ? fmt::format("asked to stop by SIG{}", name) : "asked to stop";
    } else {
        failure.code = timed_out;
        failure.because = "the deadline has passed";
    }
    return failure;
}

}  // namespace ainit
