// SPDX-License-Identifier: Apache-2.0
#include "base/stop.h"

#include <csignal>
#include <limits>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"

using namespace ainit;
using namespace std::chrono_literals;

namespace {

StopSource* asked_by_signal = nullptr;

void on_signal(int signal) {
    if (asked_by_signal != nullptr) asked_by_signal->request(signal);
}

void do_nothing(int) {}

/// How long it took; waits under a loaded machine may take longer than asked, never less.
template <class Work>
Duration time_of(Work work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::floor<Duration>(Clock::now() - begin);
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("stop: one that nobody can request never stops") {
    const Stop stop;
    CHECK_FALSE(stop.requested());
    CHECK_FALSE(stop.expired());
    CHECK_FALSE(stop.over());
    CHECK(stop.signal() == 0);
    CHECK(stop.fd() == -1);
    CHECK(stop.deadline() == kNever);
    CHECK(stop.remaining() == 24h);
    CHECK(stop.sleep(1ms));
}

TEST_CASE("stop: a request reaches every holder, with the signal of the first") {
    StopSource source;
    const Stop early{source};
    const Stop narrowed = early.within(1h);
    source.request(15);
    source.request(2);
    for (const Stop& stop : {early, narrowed, Stop{source}}) {
        CHECK(stop.requested());
        CHECK(stop.over());
        CHECK(stop.signal() == 15);
    }
    pollfd polled{early.fd(), POLLIN, 0};
    CHECK(::poll(&polled, 1, 0) == 1);
}

TEST_CASE("stop: a first request without a signal stays without one") {
    StopSource source;
    source.request(0);
    source.request(15);
    CHECK(Stop{source}.requested());
    CHECK(Stop{source}.signal() == 0);
}

TEST_CASE("stop: holders may outlive the source") {
    Stop stop;
    {
        StopSource source;
        stop = Stop{source};
        source.request(2);
    }
    CHECK(stop.signal() == 2);
}

TEST_CASE("stop: a deadline is never later than the caller's") {
    const Stop outer = Stop{}.within(1h);
    CHECK(outer.within(2h).deadline() == outer.deadline());
    CHECK(outer.within(1min).deadline() < outer.deadline());
    CHECK(outer.until(kNever).deadline() == outer.deadline());
    CHECK(outer.remaining() <= 1h);
    CHECK(outer.remaining() > 59min);
    const Stop past = outer.within(-5s);
    CHECK(past.expired());
    CHECK(past.remaining() == 0ms);
    CHECK_FALSE(outer.expired());
}

TEST_CASE("stop: no duration is too large or too small for a deadline") {
    CHECK(after(Duration::max()) == kNever);
    CHECK(after(Duration{std::numeric_limits<Duration::rep>::max() / 2}) == kNever);
    CHECK(after(24h * 365 * 100) < kNever);
    const Deadline past = after(Duration::min());
    CHECK(past <= Clock::now());
}

TEST_CASE("stop: sleep waits for all of its time") {
    for (const Duration asked : {0ms, 1ms, 7ms, 30ms}) {
        CAPTURE(asked.count());
        bool whole = false;
        const Duration took = time_of([&] { whole = Stop{}.sleep(asked); });
        CHECK(whole);
        CHECK(took >= asked);
        CHECK(took < asked + 2s);
    }
}

TEST_CASE("stop: sleep ends with the deadline, and says that it was too short") {
    bool whole = true;
    const Duration took = time_of([&] { whole = Stop{}.within(10ms).sleep(1h); });
    CHECK_FALSE(whole);
    CHECK(took >= 10ms);
    CHECK(took < 5s);
}

TEST_CASE("stop: sleep ends at once when another thread asks") {
    StopSource source;
    const Stop stop{source};
    std::thread other{[&] {
        Stop{}.sleep(10ms);
        source.request(15);
    }};
    bool whole = true;
    const Duration took = time_of([&] { whole = stop.sleep(1h); });
    other.join();
    CHECK_FALSE(whole);
    CHECK(took < 5s);
    CHECK_FALSE(stop.sleep(0ms));
}

TEST_CASE("stop: a signal handler may ask") {
    StopSource source;
    asked_by_signal = &source;
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = on_signal;
    ::sigaction(SIGALRM, &action, &before);
    const itimerval soon{{0, 0}, {0, 10'000}};
    ::setitimer(ITIMER_REAL, &soon, nullptr);
    const Stop stop{source};
    const Duration took = time_of([&] { CHECK_FALSE(stop.sleep(1h)); });
    ::sigaction(SIGALRM, &before, nullptr);
    asked_by_signal = nullptr;
    CHECK(stop.signal() == SIGALRM);
    CHECK(took < 5s);
}

TEST_CASE("stop: other signals do not shorten a wait") {
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = do_nothing;
    ::sigaction(SIGALRM, &action, &before);
    const itimerval often{{0, 2'000}, {0, 2'000}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    const Duration took = time_of([] { CHECK(Stop{}.sleep(50ms)); });
    const itimerval off{};
    ::setitimer(ITIMER_REAL, &off, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
    CHECK(took >= 50ms);
}

TEST_CASE("stop: waiting for a descriptor tells ready, deadline and request apart") {
    const UniqueFd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    StopSource source;
    const Stop stop{source};
    const Duration took =
        time_of([&] { CHECK(stop.within(15ms).wait_fd(event.get(), POLLIN) == 0); });
    CHECK(took >= 15ms);
    CHECK(stop.wait_fd(event.get(), POLLOUT) == 1);
    ::eventfd_write(event.get(), 1);
    CHECK(stop.wait_fd(event.get(), POLLIN) == 1);
    // What is ready is taken even when the time is over: the caller would only ask again.
    CHECK(stop.within(0ms).wait_fd(event.get(), POLLIN) == 1);
    source.request(15);
    CHECK(stop.wait_fd(event.get(), POLLIN) == -1);
    CHECK(Stop{}.wait_fd(event.get(), POLLIN) == 1);
}

TEST_CASE("stop: a broken descriptor is ready, so that the next call on it says why") {
    int fds[2];
    REQUIRE(::pipe(fds) == 0);
    ::close(fds[0]);
    CHECK(Stop{}.within(5s).wait_fd(fds[1], POLLOUT) == 1);
    ::close(fds[1]);
    CHECK(Stop{}.within(5s).wait_fd(fds[1], POLLOUT) == 1);
}

TEST_CASE("stop: the failure of a wait says whether it was the deadline or a request") {
    StopSource source;
    const Stop stop{source, Clock::now()};
    const Failure late = stop.failure(Code::not_ready, "cannot reach the server");
    CHECK(late.line() == "cannot reach the server: the deadline has passed");
    CHECK(late.exit_code() == 11);
    source.request(SIGTERM);
    const Failure asked = stop.failure(Code::not_ready, "cannot reach the server");
    CHECK(asked.code == Code::interrupted);
    CHECK(asked.line() == "cannot reach the server: asked to stop by SIGTERM");
    CHECK(asked.exit_code() == 143);
    StopSource quiet;
    quiet.request(0);
    CHECK(Stop{quiet}.failure(Code::not_ready, "cannot go on").line() ==
          "cannot go on: asked to stop");
}

TEST_SUITE_END();
