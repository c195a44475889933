// SPDX-License-Identifier: Apache-2.0
#include "base/timeline.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

using namespace ainit;
using namespace std::chrono_literals;

TEST_CASE("timeline: parts lie within their parents, in the order of their beginning") {
    Timeline timeline;
    {
        Span outer{timeline, "migrate", "migrate alkemio"};
        Span inner{timeline, "migration", "0001.sql", outer.number()};
        inner.note = "applied";
        const auto seen = timeline.events();
        REQUIRE(seen.size() == 2);
        CHECK_FALSE(seen[1].ended);
        CHECK(seen[1].took(seen[1].began + 5us) == 5us);
        outer.failed = true;
    }
    const auto events = timeline.events();
    REQUIRE(events.size() == 2);
    CHECK(events[1].parent == events[0].number);
    CHECK(events[1].note == "applied");
    CHECK(events[0].failed);
    CHECK_FALSE(events[1].failed);
    CHECK(events[0].began <= events[1].began);
    REQUIRE((events[0].ended && events[1].ended));
    CHECK(*events[1].ended <= *events[0].ended);
    CHECK(timeline.total() == *events[0].ended);
    CHECK(timeline.last() == 2);
}

TEST_CASE("timeline: what is within a lane stays in it") {
    Timeline timeline;
    Event checks;
    checks.lane = "kratos";
    checks.ended = 1ms;
    const int group = timeline.add(checks);
    timeline.begin("check", "table \"identities\" can be read", group);
    CHECK(timeline.events().back().lane == "kratos");
}

TEST_CASE("timeline: an end that is learnt later makes a part shorter, never longer") {
    Timeline timeline;
    Event event;
    event.began = 10ms;
    event.ended = 30ms;
    const int number = timeline.add(event);
    timeline.shorten(number, 5ms);
    CHECK(timeline.events().back().ended == 15'999us);
    timeline.shorten(number, 100ms);
    CHECK(timeline.events().back().ended == 15'999us);
    timeline.end(99, "no such part", true);
    timeline.note(0, "nor this");
    CHECK(timeline.events().back().note.empty());
}

TEST_CASE("timeline: passes that only looked become one part, however many they are") {
    Timeline timeline;
    { const Span made{timeline, "provision", "provision"}; }
    for (int pass = 1; pass <= 3; ++pass) {
        const int told = timeline.last();
        { const Span wait{timeline, "wait", "wait"}; }
        { const Span observe{timeline, "observe", "observe"}; }
        timeline.fold(told + 1, "pass", "earlier passes", std::to_string(pass));
        REQUIRE(timeline.last() == 2);
    }
    const auto events = timeline.events();
    CHECK(events[0].name == "provision");
    CHECK(events[1].name == "earlier passes");
    CHECK(events[1].note == "3");
    CHECK(events[1].number == 2);
    CHECK(events[1].ended.value() == timeline.total());
    timeline.fold(9, "look", "nothing to fold", "");
    CHECK(timeline.last() == 2);
}

TEST_CASE("timeline: it is read while it is written") {
    Timeline timeline;
    std::atomic<bool> over{false};
    std::thread writer{[&] {
        for (int i = 0; i < 2'000; ++i) const Span span{timeline, "step", "create role"};
        over = true;
    }};
    std::size_t seen = 0;
    while (!over) {
        const auto events = timeline.events();
        CHECK(events.size() >= seen);
        seen = events.size();
    }
    writer.join();
    CHECK(timeline.events().size() == 2'000);
}

TEST_CASE("timeline: the clock on the wall says when it began") {
    const std::string at = Timeline{}.started_at();
    CHECK(at.size() == std::string{"2026-01-01T00:00:00.000Z"}.size());
    CHECK(at.ends_with("Z"));
}
