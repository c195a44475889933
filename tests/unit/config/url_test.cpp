// SPDX-License-Identifier: Apache-2.0
#include "config/url.h"

#include <doctest/doctest.h>

using namespace ainit;
using config::parse_url;

namespace {

/// "key=value …" of what a URL says, or why it says nothing.
std::string read(std::string_view text) {
    const auto url = parse_url(text);
    if (!url) return "error: " + url.error().because;
    std::string out;
    for (const auto& [key, value] : url->values)
        out += (out.empty() ? "" : " ") + key + "=" + value;
    if (!url->password.empty()) out += " password=" + url->password.reveal();
    if (!url->sslpassword.empty()) out += " sslpassword=" + url->sslpassword.reveal();
    return out;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("url: everything libpq takes is read") {
    CHECK(read("postgres://u:p1234@h:1/d?sslmode=require") ==
          "database=d host=h port=1 sslmode=require user=u password=p1234");
    CHECK(read("postgresql://h") == "host=h");
    CHECK(read("postgres://") == "");
    CHECK(read("postgres:///") == "");
    CHECK(read("postgres:///d") == "database=d");
    CHECK(read("postgres://?user=u&application_name=a") == "application_name=a user=u");
    CHECK(read("postgres://u@/d") == "database=d user=u");
    CHECK(read("postgres://:p1234@h") == "host=h password=p1234");
    CHECK(read("postgres://h/d?") == "database=d host=h");
}

TEST_CASE("url: several hosts may each have a port, and those without one get the usual one") {
    CHECK(read("postgres://a,b/d") == "database=d host=a,b");
    CHECK(read("postgres://a:1,b:2") == "host=a,b port=1,2");
    CHECK(read("postgres://a:1,b") == "host=a,b port=1,5432");
    CHECK(read("postgres://a,b:2/d?target_session_attrs=any") ==
          "database=d host=a,b port=5432,2 target_session_attrs=any");
}

TEST_CASE("url: addresses of IPv6 stand in brackets") {
    CHECK(read("postgres://[::1]/d") == "database=d host=::1");
    CHECK(read("postgres://[::1]:6543/d") == "database=d host=::1 port=6543");
    CHECK(read("postgres://[2001:db8::1],[2001:db8::2]:1") ==
          "host=2001:db8::1,2001:db8::2 port=5432,1");
    CHECK(read("postgres://[::1/d") == "error: a [ in the host has no ] that fits");
    CHECK(read("postgres://[::1]x/d") == "error: a [ in the host has no ] that fits");
}

TEST_CASE("url: a Unix socket is a host that is percent-encoded or a parameter") {
    CHECK(read("postgres://%2Fvar%2Frun%2Fpostgresql/d") == "database=d host=/var/run/postgresql");
    CHECK(read("postgres:///d?host=/var/run/postgresql&port=5433") ==
          "database=d host=/var/run/postgresql port=5433");
}

TEST_CASE("url: special characters are percent-encoded, and parameters may name everything") {
    CHECK(read("postgres://o%40x:a%2Fb%3Fc%3Ad%25@h/d%20e") ==
          "database=d e host=h user=o@x password=a/b?c:d%");
    CHECK(read("postgres://h?password=geheim&sslpassword=s%3D1234&dbname=d&ssl=true") ==
          "database=d host=h sslmode=require password=geheim sslpassword=s=1234");
    CHECK(read("postgres://u:a:b@h") == "host=h user=u password=a:b");
    CHECK(read("postgres://u:a@b@h") == "host=h user=u password=a@b");
}

TEST_CASE("url: what cannot be read says why without showing a secret") {
    CHECK(read("mysql://h") == "error: it does not begin with postgres:// or postgresql://");
    CHECK(read("") == "error: it does not begin with postgres:// or postgresql://");
    CHECK(read("postgres://u:a%2@h") ==
          "error: a % in the password is not followed by two hexadecimal digits");
    CHECK(read("postgres://%zz@h") ==
          "error: a % in the user name is not followed by two hexadecimal digits");
    CHECK(read("postgres://h%0") ==
          "error: a % in the host is not followed by two hexadecimal digits");
    CHECK(read("postgres://h/%") ==
          "error: a % in the database is not followed by two hexadecimal digits");
    CHECK(read("postgres://h/d?options=%G1") ==
          "error: a % in the parameter options is not followed by two hexadecimal digits");
    CHECK(read("postgres://u:%00@h") ==
          "error: a % in the password is not followed by two hexadecimal digits");
    CHECK(read("postgres://h/d?sslmode") == "error: a parameter after the ? has no =");
    // Unencoded, these would be taken for a database, a port or a parameter, and shown in a
    // message.
    const std::string refused =
        "error: there is an @ after the first / or ?; a password must have them as %2F and %3F, "
        "other text an @ as %40";
    CHECK(read("postgres://u:geh/eim@h/d") == refused);
    CHECK(read("postgres://u:geh?eim@h/d") == refused);
}

TEST_SUITE_END();
