// SPDX-License-Identifier: Apache-2.0
// The event loop: timers, signals, its worker, and the reaper of orphans.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "system/loop.h"

using namespace ainit;
using namespace std::chrono_literals;
using system::Loop;

namespace {

/// Ends the loop in any case.
constexpr Duration kPatience = 20s;

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("loop: handlers run on the loop's thread, jobs on another, and the result comes back") {
    Loop loop;
    std::vector<std::string> order;
    std::thread::id worker;
    std::thread::id done;
    system::Timer patience = loop.timer();
    patience.set(kPatience, [&] { loop.quit(); });
    loop.work(
        [&] {
            worker = std::this_thread::get_id();
            order.emplace_back("job");
        },
        [&] {
            done = std::this_thread::get_id();
            order.emplace_back("done");
            loop.post([&] {
                order.emplace_back("posted");
                loop.quit();
            });
        });
    loop.run();
    CHECK(order == std::vector<std::string>{"job", "done", "posted"});
    CHECK(worker != std::this_thread::get_id());
    CHECK(done == std::this_thread::get_id());
}

TEST_CASE("loop: jobs run one after the other in the order they were given") {
    Loop loop;
    std::string order;
    int running = 0;
    bool together = false;
    system::Timer patience = loop.timer();
    patience.set(kPatience, [&] { loop.quit(); });
    for (char name = 'a'; name <= 'e'; ++name) {
        loop.work(
            [&, name] {
                together = together || ++running > 1;
                Stop{}.sleep(5ms);
                order += name;
                --running;
            },
            [&, name] {
                if (name == 'e') loop.quit();
            });
    }
    loop.run();
    CHECK(order == "abcde");
    CHECK_FALSE(together);
}

TEST_CASE("loop: the timer can be replaced and taken away") {
    Loop loop;
    std::string fired;
    system::Timer timer = loop.timer();
    timer.set(1ms, [&] { fired += "replaced"; });
    timer.set(30ms, [&] {
        fired += "timer";
        timer.set(1ms, [&] { fired += "taken away"; });
        timer.cancel();
        std::thread{[&] {
            Stop{}.sleep(50ms);
            loop.post([&] { loop.quit(); });
        }}.detach();
    });
    loop.run();
    CHECK(fired == "timer");
}

TEST_CASE("loop: a signal calls its handler each time, also while a job is running") {
    Loop loop;
    std::vector<int> signals;
    std::atomic<bool> job_ended{false};
    system::Timer patience = loop.timer();
    patience.set(kPatience, [&] { loop.quit(); });
    loop.on_signals({SIGUSR1, SIGTERM}, [&](const system::Signal& signal) {
        signals.push_back(signal.number);
        CHECK_FALSE(job_ended);
        if (signals.size() == 1) ::kill(::getpid(), SIGUSR1);
        if (signals.size() == 2) ::kill(::getpid(), SIGTERM);
        if (signals.size() == 3) loop.quit();
    });
    loop.work(
        [&] {
            ::kill(::getpid(), SIGUSR1);
            Stop{}.sleep(300ms);
            job_ended = true;
        },
        [] {});
    loop.run();
    CHECK(signals == std::vector<int>{SIGUSR1, SIGUSR1, SIGTERM});
}

TEST_CASE("loop: it waits for its job before it goes") {
    bool ended = false;
    {
        Loop loop;
        loop.work(
            [&] {
                Stop{}.sleep(100ms);
                ended = true;
            },
            [] {});
    }
    CHECK(ended);
}

TEST_CASE("alone: orphans" * doctest::skip()) {
    Loop loop;
    loop.adopt_orphans();
    // A session of its own, since run() ends the rest of a command's group; its parent has gone
    // when run() is back.
    pid_t orphan = -1;
    const auto ending = run(
        {{"/bin/sh", "-c", "setsid sh -c 'echo $$; exec >/dev/null 2>&1; sleep 0.3' & sleep 0.1"},
         {"PATH=/usr/bin:/bin"}},
        Stop{}.within(kPatience),
        1s,
        [&](Stream, std::string_view line) { orphan = std::stoi(std::string{line}); });
    REQUIRE(ending.has_value());
    REQUIRE(orphan > 0);
    std::ifstream stat{"/proc/" + std::to_string(orphan) + "/stat"};
    std::string field;
    for (int i = 0; i < 4; ++i) stat >> field;
    CHECK(field == std::to_string(::getpid()));

    const auto own =
        spawn({{"/bin/sh", "-c", "sleep 0.1; exit 7"}, {"PATH=/usr/bin:/bin"}}, Output::inherit);
    REQUIRE(own.has_value());
    const auto began = Clock::now();
    system::Timer timer = loop.timer();
    std::function<void()> look = [&] {
        if (::kill(orphan, 0) != 0 || Clock::now() - began > kPatience) return loop.quit();
        timer.set(10ms, look);
    };
    timer.set(10ms, look);
    loop.run();
    // A zombie could still be signalled.
    CHECK(::kill(orphan, 0) == -1);
    int status = 0;
    CHECK(::waitpid(own->pid, &status, 0) == own->pid);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE(
    "loop: orphans are taken in and reaped, children of one's own are left to who waits for them") {
    // In a process of its own: it stays a subreaper.
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    std::string output;
    const auto ending =
        run({{self, "--no-skip", "--test-case=alone: orphans"}, {"PATH=/usr/bin:/bin"}},
            Stop{}.within(60s),
            1s,
            [&](Stream, std::string_view line) { output.append(line).append("\n"); });
    REQUIRE(ending.has_value());
    CAPTURE(output);
    CHECK(ending->status == 0);
}

TEST_SUITE_END();
