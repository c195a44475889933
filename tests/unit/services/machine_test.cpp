// SPDX-License-Identifier: Apache-2.0
// The life of a service, told by scripted events; no process and no clock.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "services/machine.h"

using namespace ainit;
using namespace ainit::services;
using namespace std::chrono_literals;

namespace {

using Reached = std::set<std::tuple<State, On, State>>;

Reached& reached() {
    static Reached all;
    return all;
}

/// A machine that remembers the way it went.
class Life {
  public:
    explicit Life(Rules rules = {}) : machine{rules} {}

    std::vector<Act> on(On what, int status = 0, bool transient = false) {
        const State before = machine.state();
        std::vector<Act> acts = machine.on({what, status, transient});
        if (machine.state() != before) reached().emplace(before, what, machine.state());
        return acts;
    }

    Life& begin() {
        on(On::released);
        on(On::started);
        return *this;
    }

    Life& begin_ready() {
        begin().on(On::became_ready);
        return *this;
    }

    Machine machine;
};

Rules rules(Restart restart, int limit = 5) {
    Rules made;
    made.restart = restart;
    made.limit = limit;
    made.backoff = 100ms;
    made.longest_backoff = 300ms;
    return made;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("machine: a service waits, starts, is ready, and ends when it is asked to") {
    Life life;
    CHECK(life.machine.state() == State::waiting);
    CHECK(life.on(On::released) == std::vector{Act::take_timer, Act::start});
    CHECK(life.machine.state() == State::starting);
    CHECK(life.on(On::started) == std::vector{Act::set_timer});
    CHECK(life.machine.timer() == 60s);
    CHECK(life.on(On::became_ready) == std::vector{Act::set_timer});
    CHECK(life.machine.state() == State::ready);
    CHECK(life.on(On::stop) == std::vector{Act::send_stop, Act::set_timer});
    CHECK(life.machine.timer() == 8s);
    CHECK(life.on(On::exited, 143) == std::vector{Act::take_timer});
    CHECK(life.machine.state() == State::stopped);
    CHECK(life.machine.over());
    CHECK(life.machine.status() == 143);
}

TEST_CASE("machine: who does not end within its grace is killed") {
    Life life;
    life.begin_ready().on(On::stop);
    CHECK(life.on(On::time_up) == std::vector{Act::send_kill});
    CHECK(life.machine.state() == State::killing);
    CHECK(life.on(On::time_up).empty());
    life.on(On::exited, 137);
    CHECK(life.machine.state() == State::stopped);
}

TEST_CASE("machine: restarts double their pause up to the longest, and have a limit") {
    Life life{rules(Restart::on_failure, 4)};
    std::vector<Duration> pauses;
    life.begin_ready();
    for (int i = 0; i < 4; ++i) {
        life.on(On::exited, 1);
        REQUIRE(life.machine.state() == State::backing_off);
        pauses.push_back(life.machine.timer());
        life.on(On::time_up);
        life.on(On::started);
    }
    CHECK(pauses == std::vector<Duration>{100ms, 200ms, 300ms, 300ms});
    life.on(On::exited, 1);
    CHECK(life.machine.state() == State::failed);
    CHECK(life.machine.restarts() == 4);
}

TEST_CASE("machine: a service that was ready for long begins to count anew") {
    Life life{rules(Restart::always, 1)};
    life.begin_ready().on(On::exited, 1);
    life.on(On::time_up);
    life.on(On::started);
    life.on(On::became_ready);
    life.on(On::time_up);
    CHECK(life.machine.state() == State::ready);
    life.on(On::exited, 0);
    CHECK(life.machine.state() == State::backing_off);
}

TEST_CASE("machine: what the end means is for the restart rule to say") {
    struct Row { Restart restart; int status; State state; };
    const Row rows[] = {{Restart::always, 0, State::backing_off},     {Restart::always, 1, State::backing_off},
                        {Restart::on_failure, 0, State::done},        {Restart::on_failure, 137, State::backing_off},
                        {Restart::never, 0, State::done},             {Restart::never, 3, State::failed}};
    for (const Row& row : rows) {
        CAPTURE(static_cast<int>(row.restart));
        CAPTURE(row.status);
        Life starting{rules(row.restart)};
        starting.begin().on(On::exited, row.status);
        CHECK(starting.machine.state() == row.state);
        Life ready{rules(row.restart)};
        ready.begin_ready().on(On::exited, row.status);
        CHECK(ready.machine.state() == row.state);
    }
}

TEST_CASE("machine: a service that is not ready in time is ended, and counts as failed") {
    Life life{rules(Restart::on_failure, 1)};
    CHECK(life.begin().on(On::time_up) == std::vector{Act::send_stop, Act::set_timer});
    CHECK(life.machine.unready());
    life.on(On::exited, 0);
    CHECK(life.machine.state() == State::backing_off);
    life.on(On::time_up);
    life.on(On::started);
    life.on(On::time_up);
    life.on(On::time_up);
    CHECK(life.machine.state() == State::killing);
    life.on(On::exited, 137);
    CHECK(life.machine.state() == State::failed);
    // The same from where each end may come.
    Life once{rules(Restart::never)};
    once.begin().on(On::time_up);
    once.on(On::exited, 0);
    CHECK(once.machine.state() == State::failed);
    Life killed{rules(Restart::always)};
    killed.begin().on(On::time_up);
    killed.on(On::time_up);
    killed.on(On::exited, 137);
    CHECK(killed.machine.state() == State::backing_off);
}

TEST_CASE("machine: a command that cannot be run fails at once, unless another time it may") {
    Life life;
    life.on(On::released);
    life.on(On::not_started, 127);
    CHECK(life.machine.state() == State::failed);
    CHECK(life.machine.status() == 127);
    Life full;
    full.on(On::released);
    full.on(On::not_started, 1, true);
    CHECK(full.machine.state() == State::backing_off);
}

TEST_CASE("machine: a restart ends it first, and needs no end where nothing runs") {
    for (const bool killed : {false, true}) {
        Life life;
        life.begin_ready().on(On::restart);
        CHECK(life.machine.state() == State::stopping);
        if (killed) life.on(On::time_up);
        CHECK(life.on(On::exited, 0) == std::vector{Act::take_timer, Act::start});
        CHECK(life.machine.state() == State::starting);
        CHECK(life.machine.restarts() == 1);
    }
    Life starting;
    starting.begin().on(On::restart);
    CHECK(starting.machine.state() == State::stopping);
    Life pausing{rules(Restart::always)};
    pausing.begin_ready().on(On::exited, 1);
    pausing.on(On::restart);
    CHECK(pausing.machine.state() == State::starting);
    Life waiting;
    CHECK(waiting.on(On::restart).empty());
    CHECK(waiting.machine.state() == State::waiting);
    for (const int status : {0, 1}) {
        Life ended{rules(Restart::never)};
        ended.begin_ready().on(On::exited, status);
        ended.on(On::restart);
        CHECK(ended.machine.state() == State::starting);
    }
    Life stopped;
    stopped.on(On::stop);
    stopped.on(On::restart);
    CHECK(stopped.machine.state() == State::starting);
}

TEST_CASE("machine: an end that is asked for counts more than what was under way") {
    Life restarting;
    restarting.begin_ready().on(On::restart);
    restarting.on(On::stop);
    restarting.on(On::exited, 0);
    CHECK(restarting.machine.state() == State::stopped);
    Life unready{rules(Restart::always)};
    unready.begin().on(On::time_up);
    unready.on(On::stop);
    unready.on(On::exited, 0);
    CHECK(unready.machine.state() == State::stopped);
    for (const On end : {On::stop, On::kill}) {
        Life pausing{rules(Restart::always)};
        pausing.begin_ready().on(On::exited, 1);
        CHECK(pausing.on(end) == std::vector{Act::take_timer});
        CHECK(pausing.machine.state() == State::stopped);
        Life waiting;
        waiting.on(end);
        CHECK(waiting.machine.state() == State::stopped);
        Life starting;
        starting.begin().on(end);
        CHECK(starting.machine.state() == (end == On::stop ? State::stopping : State::killing));
    }
    Life ready;
    CHECK(ready.begin_ready().on(On::kill) == std::vector{Act::take_timer, Act::send_kill});
    CHECK(ready.on(On::kill).empty());
    Life stopping;
    stopping.begin_ready().on(On::stop);
    stopping.on(On::kill);
    CHECK(stopping.machine.state() == State::killing);
}

// The cases above run before it, in the order of this file.
TEST_CASE("machine: every transition of the table was taken, and no other") {
    Reached table;
    for (const Transition& one : transitions()) table.emplace(one.from, one.on, one.to);
    // Run alone, this case has nothing to compare.
    if (reached().empty()) return;
    for (const auto& [from, on, to] : table) {
        INFO(name_of(from), " -- ", name_of(on), " --> ", name_of(to));
        CHECK(reached().contains({from, on, to}));
    }
    for (const auto& [from, on, to] : reached()) {
        INFO(name_of(from), " -- ", name_of(on), " --> ", name_of(to));
        CHECK(table.contains({from, on, to}));
    }
}

TEST_CASE("machine: docs/services.md shows the table") {
    std::ifstream file{ALKEMIO_INIT_SOURCE "/docs/services.md"};
    std::ostringstream text;
    text << file.rdbuf();
    std::string lines;
    for (const Transition& one : transitions()) {
        lines += fmt::format("| {} | {} | {} | {} |\n", name_of(one.from), name_of(one.on), name_of(one.to), one.when);
    }
    CHECK(text.str().find(lines) != std::string::npos);
}
