// SPDX-License-Identifier: Apache-2.0
#include "base/target.h"

#include <doctest/doctest.h>

using namespace ainit;

namespace {

std::string shown(const std::string& text) {
    const auto target = parse_target(text);
    return target ? target->scheme + "|" + target->host + "|" + target->port + "|" + target->path : "none";
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("target: ports, HTTP and files are taken apart") {
    CHECK(shown("tcp://db:5432") == "tcp|db|5432|/");
    CHECK(shown("tcp://[::1]:80") == "tcp|::1|80|/");
    CHECK(shown("http://kratos") == "http|kratos|80|/");
    CHECK(shown("http://kratos:4433/health/ready?x=1") == "http|kratos|4433|/health/ready?x=1");
    CHECK(shown("https://[fe80::1]/x") == "https|fe80::1|443|/x");
    CHECK(shown("http://me:secret@kratos/x") == "http|me:secret@kratos|80|/x");
    CHECK(shown("file:/run/there") == "file|||/run/there");
    CHECK(shown("file:///run/there") == "file|||/run/there");
}

TEST_CASE("target: what is none") {
    for (const char* text : {"", "redis", "ftp://x", "tcp://x", "tcp://:80", "tcp://x:", "tcp://x:0", "tcp://x:65536", "tcp://x:http",
                             "http://", "file:", "://x"}) {
        CAPTURE(text);
        CHECK(shown(text) == "none");
    }
}

TEST_CASE("target: what says when a service is ready is checked") {
    for (const char* how : {"", "started", "notify", "fd:3", "alive:5s", "log:listening", "tcp://localhost:80", "http://x/", "file:/x"}) {
        CAPTURE(how);
        CHECK_FALSE(trouble_with_readiness(how).has_value());
    }
    const std::pair<const char*, const char*> rows[] = {
        {"soon", "it is none of started, alive:DURATION, notify, fd:N, log:TEXT, tcp://HOST:PORT, http(s)://…, file:PATH"},
        {"fd:2", "\"2\" is no descriptor from 3 to 255"},
        {"fd:x", "\"x\" is no descriptor from 3 to 255"},
        {"alive:never", "\"never\" is no duration"},
        {"log:", "there is no text to look for"},
        {"tcp:localhost:80", "it is no tcp://HOST:PORT, http(s)://HOST/PATH or file:PATH"},
        {"http://me:secret@x/", "a user and password would not be sent"},
    };
    for (const auto& [how, why] : rows) {
        CAPTURE(how);
        CHECK(trouble_with_readiness(how).value_or("") == why);
    }
}

TEST_SUITE_END();
