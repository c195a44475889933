// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <string>

#include <doctest/doctest.h>

using namespace ainit;

namespace {

/// "host|port" or "path", with @ for the NUL of an abstract socket; "-" for what is refused.
std::string read(const std::string& text) {
    const auto address = parse_address(text);
    if (!address) return "-";
    if (!address->local) return address->host + "|" + address->port;
    std::string path = address->path;
    if (path[0] == '\0') path[0] = '@';
    return path;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("health: addresses of TCP have a host or none, and a port") {
    CHECK(read("127.0.0.1:8080") == "127.0.0.1|8080");
    CHECK(read(":8080") == "|8080");
    CHECK(read("[::1]:8080") == "::1|8080");
    CHECK(read("localhost:1") == "localhost|1");
    CHECK(read("0.0.0.0:65535") == "0.0.0.0|65535");
}

TEST_CASE("health: Unix sockets are paths or abstract names") {
    CHECK(read("unix:/run/x.sock") == "/run/x.sock");
    CHECK(read("unix:@alkemio-init") == "@alkemio-init");
    CHECK(read("unix:" + std::string(107, 'x')) == std::string(107, 'x'));
}

TEST_CASE("health: anything else is refused, and the failure says what would do") {
    for (const std::string text : {"",
                                   "8080",
                                   "host",
                                   "host:",
                                   "host:http",
                                   "host:0",
                                   "host:65536",
                                   "host:-1",
                                   "host: 80",
                                   "unix:"}) {
        CAPTURE(text);
        CHECK(read(text) == "-");
    }
    CHECK(read("unix:" + std::string(108, 'x')) == "-");
    const Failure failure = parse_address("nonsense").error();
    CHECK(failure.line() ==
          "cannot use \"nonsense\" as the address of the health endpoint: it is neither HOST:PORT "
          "nor unix:PATH nor unix:@NAME");
    CHECK(failure.id() == "E604");
}

TEST_SUITE_END();
