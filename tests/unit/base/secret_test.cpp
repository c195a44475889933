// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "base/sql.h"
#include "base/text.h"

using namespace ainit;

TEST_SUITE_BEGIN("unit");

TEST_CASE("secret: nothing but reveal() gives its text") {
    const Secret secret{std::string{"corridor-1"}};
    CHECK(secret.reveal() == "corridor-1");
    CHECK_FALSE(secret.empty());
    CHECK(Secret{}.empty());
    CHECK_FALSE(fmt::is_formattable<Secret>::value);
    CHECK_FALSE(std::is_convertible_v<Secret, std::string>);
    CHECK_FALSE(std::is_convertible_v<std::string, Secret>);
}

TEST_CASE("secret: copies are equal and independent, a moved one leaves nothing") {
    for (const char* text :
         {"short-sso", "one that is much too long to live inside the string itself"}) {
        CAPTURE(text);
        Secret first{std::string{text}};
        Secret copy = first;
        CHECK(copy == first);
        Secret moved = std::move(first);
        CHECK(moved.reveal() == text);
        CHECK(first.empty());  // NOLINT: what is left is the question
        first = moved;
        CHECK(first.reveal() == text);
        copy = Secret{std::string{"other-than-that"}};
        CHECK_FALSE(copy == first);
        moved = std::move(copy);
        CHECK(moved.reveal() == "other-than-that");
        CHECK(copy.empty());  // NOLINT
        Secret& self = moved;
        moved = self;
        CHECK(moved.reveal() == "other-than-that");
    }
}

TEST_CASE("secret: no byte of a short one is left where it was") {
    const std::string_view text = "sso-canary-77";
    alignas(Secret) unsigned char place[sizeof(Secret)];
    alignas(Secret) unsigned char target[sizeof(Secret)];
    const auto holds = [&](const unsigned char* bytes) {
        return std::search(bytes, bytes + sizeof(Secret), text.begin(), text.end()) !=
               bytes + sizeof(Secret);
    };
    auto* secret = new (place) Secret{std::string{text}};
    REQUIRE(holds(place));
    auto* moved = new (target) Secret{std::move(*secret)};
    CHECK_FALSE(holds(place));
    REQUIRE(holds(target));
    *secret = std::move(*moved);
    CHECK_FALSE(holds(target));
    secret->~Secret();
    CHECK_FALSE(holds(place));
    moved->~Secret();
}

TEST_CASE("secret: scrub finds it however it is written") {
    const std::string text = "k&y \"two\" o'clock\\/%41+@:é\tend";
    const Secret secret{text};

    struct Row {
        std::string way;
        std::string written;
    };

    const std::string literal = quote_literal(text);
    const std::string json = boost::json::serialize(boost::json::value(text));
    std::string lower = percent_encode(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c == 'C' ? 'c' : c == 'F' ? 'f' : c;
    });
    for (const auto& [way, written] : std::vector<Row>{
             {"plain", text},
             {"percent-encoded", percent_encode(text)},
             {"percent-encoded in lower case", lower},
             {"as Go writes a URL", "k&y%20%22two%22%20o%27clock%5C%2F%2541+%40%3A%C3%A9%09end"},
             {"as a form", "k%26y+%22two%22+o%27clock%5C%2F%2541%2B%40%3A%C3%A9%09end"},
             {"in SQL", literal.substr(2, literal.size() - 3)},
             {"in JSON", json.substr(1, json.size() - 2)},
             {"as fmt debugs it",
              fmt::format("{:?}", text).substr(1, fmt::format("{:?}", text).size() - 2)},
             {"in a shell's quotes", "k&y \\\"two\\\" o'clock\\\\/%41+@:é\tend"},
         }) {
        CAPTURE(way);
        CHECK(scrub("<" + written + ">") == "<<redacted>>");
    }
}

TEST_CASE("secret: scrub leaves everything else as it is") {
    const Secret secret{std::string{"needle-in-hay"}};
    for (const char* text : {"",
                             "needle-in-ha",
                             "eedle-in-hay",
                             "needle in hay",
                             "100%",
                             "\\",
                             "a 'quoted' \\n word"}) {
        CAPTURE(text);
        CHECK(scrub(text) == text);
    }
    CHECK(scrub("needle-in-hayneedle-in-hay!") == "<redacted><redacted>!");
    CHECK(scrub("needle-needle-in-hay") == "needle-<redacted>");
    CHECK(scrub(std::string{"a\0needle-in-hay", 15}) == std::string{"a\0<redacted>", 12});
}

TEST_CASE("secret: the longer one goes first, whichever was made first") {
    const Secret part{std::string{"wolfram"}};
    const Secret whole{std::string{"wolframite-ore"}};
    const Secret other_whole{std::string{"tin-cassiterite"}};
    const Secret other_part{std::string{"tin-cass"}};
    CHECK(scrub("x wolframite-ore y wolfram") == "x <redacted> y <redacted>");
    CHECK(scrub("x tin-cassiterite y tin-cass") == "x <redacted> y <redacted>");
}

TEST_CASE("secret: a text is cut before a secret, however written, or behind one it begins with") {
    const Secret one{std::string{"galena & blende"}};
    const Secret overlapping{std::string{"ende-pyrite"}};
    CHECK(cut_between_secrets("xx galena & blende yy", 2) == 2);
    CHECK(cut_between_secrets("xx galena & blende yy", 4) == 3);
    CHECK(cut_between_secrets("xx galena & blende yy", 17) == 3);
    CHECK(cut_between_secrets("xx galena & blende yy", 18) == 18);
    CHECK(cut_between_secrets("xx galena%20%26+blende yy", 12) == 3);
    CHECK(cut_between_secrets("xx galena & blende-pyrite yy", 20) == 3);
    CHECK(cut_between_secrets("galena & blende yy", 3) == 15);
    CHECK(longest_secret() >= 6 * one.reveal().size());
}

TEST_CASE("secret: what is shorter than four bytes is too common to be replaced") {
    const Secret three{std::string{"qzx"}};
    const Secret four{std::string{"qzxv"}};
    CHECK(scrub("qzx") == "qzx");
    CHECK(scrub("qzxv") == "<redacted>");
}

TEST_CASE("secret: a secret is known after it went, since text about it may come later") {
    {
        const Secret gone{std::string{"long-gone-secret"}};
    }
    CHECK(scrub("long-gone-secret") == "<redacted>");
}

TEST_CASE("secret: threads may make and scrub at once") {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            for (int i = 0; i < 50; ++i) {
                const std::string text = fmt::format("thread-{}-secret-{}", t, i);
                const Secret secret{text};
                if (scrub(text) != kRedacted) std::abort();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(scrub("thread-3-secret-49") == "<redacted>");
}

TEST_SUITE_END();
