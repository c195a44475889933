// SPDX-License-Identifier: Apache-2.0
#include "daemon/wait_hosts.h"

#include <doctest/doctest.h>

using namespace ainit;
using daemon::Awaited;
using daemon::awaited_host;

TEST_CASE("wait_hosts: a host and its port, however they are written") {
    const std::tuple<const char*, const char*, int> cases[] = {
        {"postgres:5432", "postgres", 5432}, {"127.0.0.1:+80", "127.0.0.1", 80}, {"[::1]:080", "::1", 80},
        {"::1:80", "::1", 80},               {"file:80", "file", 80},            {"postgres:65535", "postgres", 65535},
    };
    for (const auto& [text, host, port] : cases) {
        CAPTURE(text);
        const auto one = awaited_host(text);
        REQUIRE(one.has_value());
        CHECK(one->kind == Awaited::Kind::host);
        CHECK(one->host == host);
        CHECK(one->port == port);
    }
}

TEST_CASE("wait_hosts: targets of ours may stand among the hosts") {
    for (const char* text : {"postgres", "database=kratos", "migrations=alkemio", "tcp://redis:6379", "http://kratos:4434/health/ready",
                             "https://example.org", "file:/tmp/ready", "file:./ready"}) {
        CAPTURE(text);
        const auto one = awaited_host(text);
        REQUIRE(one.has_value());
        CHECK(one->kind == Awaited::Kind::target);
        CHECK(one->text == text);
    }
}

TEST_CASE("wait_hosts: what can never be reached is said at once") {
    const std::pair<const char*, const char*> cases[] = {
        {"redis", "it has no port"},      {"[::1]", "it has no port"},          {":80", "it has no name"},
        {"redis:", "\"\" is no port"},     {"redis:http", "\"http\" is no port"}, {"redis:65536", "\"65536\" is no port"},
        {"redis:-1", "\"-1\" is no port"}, {"redis:80/x", "\"80/x\" is no port"},
    };
    for (const auto& [text, because] : cases) {
        CAPTURE(text);
        const auto one = awaited_host(text);
        REQUIRE_FALSE(one.has_value());
        CHECK(one.error().code == Code::usage);
        CHECK(one.error().because == because);
    }
}
