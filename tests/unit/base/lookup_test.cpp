// SPDX-License-Identifier: Apache-2.0
#include "base/lookup.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace ainit;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("unit");

TEST_CASE("lookup: only names are asked for") {
    for (const char* name : {"localhost", "postgres", "db.example.org", "10.0.0", "1.2.3.4.example"}) {
        CAPTURE(name);
        CHECK(is_name(name));
    }
    for (const char* other : {"/run/postgresql", "@abstract", "127.0.0.1", "::1", "fe80::1%eth0"}) {
        CAPTURE(other);
        CHECK_FALSE(is_name(other));
    }
}

TEST_CASE("lookup: a name becomes addresses, and an address stays one") {
    const auto local = addresses_of("localhost", Stop{}.within(30s));
    REQUIRE(local.has_value());
    CHECK(std::ranges::all_of(*local, [](const std::string& one) { return one == "127.0.0.1" || one == "::1"; }));
    CHECK_FALSE(local->empty());
    CHECK(addresses_of("192.0.2.1", Stop{}).value() == std::vector<std::string>{"192.0.2.1"});
}

TEST_CASE("lookup: a name that cannot be one says why") {
    const auto none = addresses_of("no such name", Stop{}.within(30s));
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == Code::not_ready);
    CHECK(none.error().transient);
    CHECK(none.error().what == "cannot find the host \"no such name\"");
    CHECK_FALSE(none.error().because.empty());
}

TEST_SUITE_END();
