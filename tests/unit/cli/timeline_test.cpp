// SPDX-License-Identifier: Apache-2.0
#include "cli/timeline.h"

#include <algorithm>

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace ainit;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

int add(Timeline& timeline, const std::string& kind, const std::string& name, Microseconds began,
        std::optional<Microseconds> ended, int parent = 0, const std::string& note = {}, bool failed = false) {
    Event event;
    event.kind = kind;
    event.name = name;
    event.began = began;
    event.ended = ended;
    event.parent = parent;
    event.note = note;
    event.failed = failed;
    return timeline.add(event);
}

/// Without its first line, which has the time of day.
std::string table_of(const Timeline& timeline) {
    const std::string text = cli::timeline_text(timeline);
    return text.substr(text.find("\n\n") + 2);
}

}  // namespace

TEST_CASE("timeline: bars show what ran when, and what took how much of the whole") {
    Timeline timeline;
    const int wait = add(timeline, "wait", "wait", 0us, 1s);
    add(timeline, "state", "starting up", 0us, 990ms, wait);
    add(timeline, "provision", "provision", 1s, 1s + 300us);
    const int migrate = add(timeline, "migrate", "migrate alkemio", 1500ms, 4s, 0, "0 of 2 applied", true);
    add(timeline, "migration", "0001.sql", 1500ms, 2s, migrate);
    CHECK(table_of(timeline) ==
          "  START    TOOK  SHARE                      WHAT\n"
          "   0 ms   1.0 s   25 %  |====            |  wait\n"
          "   0 ms  990 ms   25 %  |====            |    starting up\n"
          "  1.0 s    0 ms    0 %  |    =           |  provision\n"
          "  1.5 s   2.5 s   63 %  |      xxxxxxxxxx|  migrate alkemio (0 of 2 applied)\n"
          "  1.5 s  500 ms   13 %  |      ==        |    0001.sql\n");
}

TEST_CASE("timeline: no line is longer than 80 characters, and none breaks") {
    Timeline timeline;
    add(timeline, "migration", std::string(100, 'a') + "\nSELECT", 0us, 1ms);
    std::string name;
    for (int i = 0; i < 60; ++i) name += "ä";
    add(timeline, "migration", name, 0us, 1ms);
    const std::string table = table_of(timeline);
    CHECK(std::ranges::count(table, '\n') == 3);
    CHECK(table.find("aaa…\n") != std::string::npos);
    CHECK(table.find("äää…\n") != std::string::npos);
    std::size_t width = 0;
    for (const char c : table.substr(table.find('\n') + 1)) {
        if (c == '\n') break;
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;
    }
    CHECK(width == 80);
}

TEST_CASE("timeline: checks that are good are told as one") {
    Timeline timeline;
    const int checks = add(timeline, "checks", "check kratos", 0us, 1ms);
    add(timeline, "check", "table one can be read", 0us, 1ms, checks);
    add(timeline, "check", "table two can be read", 0us, 1ms, checks, "it is not there", true);
    const std::string table = table_of(timeline);
    CHECK(table.find("table one") == std::string::npos);
    CHECK(table.find("  table two can be") != std::string::npos);
}

TEST_CASE("timeline: a run in which nothing happened has a table, and what goes on has a bar") {
    Timeline timeline;
    CHECK(table_of(timeline) == "  START  TOOK  SHARE    WHAT\n");
    add(timeline, "wait", "wait", 0us, {});
    CHECK(table_of(timeline).find("|>") != std::string::npos);
}

TEST_CASE("trace: an object that viewers of Chrome's format read") {
    Timeline timeline;
    add(timeline, "verify", "verify", 1ms, 5ms);
    Event checks;
    checks.kind = "checks";
    checks.name = "check kratos";
    checks.lane = "kratos";
    checks.parent = 1;
    checks.began = 1'500us;
    checks.ended = 4ms;
    timeline.add(checks);
    const json::object trace = json::parse(cli::trace_json(timeline)).as_object();
    CHECK(trace.at("displayTimeUnit").as_string() == "ms");
    const json::array& events = trace.at("traceEvents").as_array();
    REQUIRE(events.size() == 5);
    CHECK(events[0].at("name").as_string() == "process_name");
    CHECK(events[1].at("args").at("name").as_string() == "run");
    CHECK(events[3].at("args").at("name").as_string() == "kratos");
    const json::value& verify = events[2];
    const json::value& kratos = events[4];
    CHECK(verify.at("ph").as_string() == "X");
    CHECK(verify.at("dur").as_int64() == 4'000);
    CHECK(kratos.at("cat").as_string() == "checks");
    CHECK(kratos.at("tid") == events[3].at("tid"));
    CHECK(kratos.at("tid") != verify.at("tid"));
    CHECK(kratos.at("ts").as_int64() - verify.at("ts").as_int64() == 500);
}
