// SPDX-License-Identifier: Apache-2.0
// What the log does before it is set up can only be seen in a process where nobody has done so.
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/child.h"
#include "base/log.h"
#include "base/secret.h"

using namespace ainit;
using namespace std::chrono_literals;

namespace {

/// Runs one of the cases below that are skipped here, in a process of its own; its stderr.
std::vector<std::string> stderr_of(const std::string& name) {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    std::vector<std::string> lines;
    const auto ending = run({{self, "--no-skip", "--test-case=" + name}, {}},
                            Stop{}.within(60s),
                            1s,
                            [&](Stream stream, std::string_view line) {
                                if (stream == Stream::err) lines.emplace_back(line);
                            });
    REQUIRE(ending.has_value());
    CHECK(ending->status == 0);
    return lines;
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("alone: lines before the set-up" * doctest::skip()) {
    log::debug("early", "one");
    log::info("early", "two hidden-canary");
    const Secret secret{std::string{"hidden-canary"}};
    log::set_up({.level = log::Level::info, .format = log::Format::json});
    log::info("late", "three");
}

TEST_CASE("log: early lines are kept until it is known how they shall look, and what is secret") {
    const auto lines = stderr_of("alone: lines before the set-up");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].ends_with(R"("level":"info","room":"early","message":"two <redacted>"})"));
    CHECK(lines[1].ends_with(R"("level":"info","room":"late","message":"three"})"));
}

TEST_CASE("alone: no set-up at all" * doctest::skip()) {
    log::error("early", "told all the same");
    log::flush();
    log::warn("early", "at once");
}

TEST_CASE("log: a program that ends before the set-up has lost nothing") {
    const auto lines = stderr_of("alone: no set-up at all");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].ends_with("error early     told all the same"));
    CHECK(lines[1].ends_with("warn  early     at once"));
}

TEST_SUITE_END();
