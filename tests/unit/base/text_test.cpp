// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace ainit;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

TEST_SUITE_BEGIN("unit");

TEST_CASE("text: join and split are each other's inverse") {
    CHECK(join(Names{}, ", ").empty());
    CHECK(join(Names{"a"}, ", ") == "a");
    CHECK(join(Names{"a", "", "c"}, ", ") == "a, , c");
    CHECK(split("", ',') == Names{""});
    CHECK(split("a,,c,", ',') == Names{"a", "", "c", ""});
    CHECK(split(join(Names{"x", "y"}, ":"), ':') == Names{"x", "y"});
}

TEST_CASE("text: trim takes blanks from both ends only") {
    CHECK(trim(" \t a b\r\n") == "a b");
    CHECK(trim(" \n ").empty());
    CHECK(trim("").empty());
}

TEST_CASE("text: the base name of a path is what follows its last slash") {
    CHECK(base_name("/usr/bin/kratos") == "kratos");
    CHECK(base_name("kratos") == "kratos");
    CHECK(base_name("bin/") == "");
    CHECK(base_name("") == "");
}

TEST_CASE("text: a URL is shown without its password, and nothing else of it is hidden") {
    CHECK(without_password("postgres://kratos:p@ss:word@host:5432/kratos?a=b@c") == "postgres://kratos:<redacted>@host:5432/kratos?a=b@c");
    for (const char* plain : {"postgres://kratos@host/kratos", "postgres://kratos:@host", "http://host:80/a:b@c", "kratos:password@host", ""}) {
        CHECK(without_password(plain) == plain);
    }
}

TEST_CASE("text: letters compare without regard to their case") {
    CHECK(equals_ignoring_case("UTF8", "utf8"));
    CHECK_FALSE(equals_ignoring_case("UTF8", "utf-8"));
    CHECK(equals_ignoring_case("", ""));
}

TEST_CASE("text: a list of names reads as a sentence") {
    CHECK(list_of(Names{}).empty());
    CHECK(list_of(Names{"a"}) == "\"a\"");
    CHECK(list_of(Names{"a", "b"}) == "\"a\" and \"b\"");
    CHECK(list_of(Names{"a", "b", "c"}) == "\"a\", \"b\" and \"c\"");
}

TEST_CASE("text: a misspelt word finds the one that was meant, and only that") {
    const Names keys{"command", "needs", "grace", "password_file", "host", "port", "on"};

    struct Row {
        std::string word;
        std::string meant;
    };

    for (const auto& [word, meant] : std::vector<Row>{
             {"comand", "command"},
             {"commadn", "command"},
             {"COMMAND", "command"},
             {"CMOMAND", "command"},
             {"pasword_fiel", "password_file"},
             {"prot", "port"},
             {"hots", "host"},
             {"hos", "host"},
             {"need", "needs"},
             {"xyz", ""},
             {"container", ""},
             {"x", ""},
             {"", ""},
         }) {
        CAPTURE(word);
        CHECK(closest(word, keys) == meant);
    }
    CHECK(closest("host", Names{}).empty());
}

TEST_CASE("text: durations are shown with the precision that a reader wants") {
    struct Row {
        Duration duration;
        std::string shown;
    };

    for (const auto& [duration, shown] : std::vector<Row>{
             {0ms, "0 ms"},
             {840ms, "840 ms"},
             {999ms, "999 ms"},
             {1s, "1.0 s"},
             {2500ms, "2.5 s"},
             {59'940ms, "59.9 s"},
             {59'960ms, "1 min"},
             {60s, "1 min"},
             {184s, "3 min 4 s"},
             {119'600ms, "2 min"},
             {3'599'700ms, "1 h"},
             {90min, "1 h 30 min"},
             {26h + 5min, "26 h 5 min"},
         }) {
        CAPTURE(duration.count());
        CHECK(show(duration) == shown);
    }
}

TEST_CASE("text: durations are read, and what is none is not") {
    struct Row {
        std::string text;
        std::optional<Duration> read;
    };

    for (const auto& [text, read] : std::vector<Row>{
             {"0", 0ms},
             {"30", 30s},
             {"500ms", 500ms},
             {"30s", 30s},
             {"2m", 2min},
             {"2min", 2min},
             {"1h", 1h},
             {"1d", 24h},
             {"1m30s", 90s},
             {"1h30m", 90min},
             {"1d2h3m4s5ms", 24h + 2h + 3min + 4s + 5ms},
             {"366d", 24h * 366},
             {"367d", {}},
             {"366d1s", {}},
             {"99999999999999999999s", {}},
             {"9223372036854775807h", {}},
             {"", {}},
             {"s", {}},
             {"-5s", {}},
             {"+5s", {}},
             {"5 s", {}},
             {" 5s", {}},
             {"5S", {}},
             {"1.5s", {}},
             {"1m30", {}},
             {"30s1m", {}},
             {"1s1s", {}},
             {"5x", {}},
             {"ten", {}},
         }) {
        CAPTURE(text);
        CHECK(parse_duration(text) == read);
    }
}

TEST_CASE("text: percent-encoding leaves only what a URL never reads") {
    CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
    CHECK(percent_encode("p@ss:w/rd?#[] %+") == "p%40ss%3Aw%2Frd%3F%23%5B%5D%20%25%2B");
    CHECK(percent_encode("é") == "%C3%A9");
    std::string every;
    for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
    CHECK(percent_decode(percent_encode(every)) == every);
}

TEST_CASE("text: percent-decoding refuses what is cut off or no number") {
    CHECK(percent_decode("") == "");
    CHECK(percent_decode("a+b%20c") == "a+b c");
    CHECK(percent_decode("%41%4a%4A") == "AJJ");
    for (const char* wrong : {"%", "%4", "a%4", "%zz", "%4g", "%-1", "%+1", "% 1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(percent_decode(wrong).has_value());
    }
}

TEST_CASE("text: positions count lines from one and columns in characters") {
    const std::string text = "ab\nçd\n\nx";

    struct Row {
        std::size_t offset;
        int line;
        int column;
    };

    for (const auto& [offset, line, column] : std::vector<Row>{{0, 1, 1},
                                                               {2, 1, 3},
                                                               {3, 2, 1},
                                                               {5, 2, 2},
                                                               {6, 2, 3},
                                                               {7, 3, 1},
                                                               {8, 4, 1},
                                                               {9, 4, 2},
                                                               {99, 4, 2}}) {
        CAPTURE(offset);
        CHECK(position_at(text, offset).line == line);
        CHECK(position_at(text, offset).column == column);
    }
    CHECK(position_at("", 0).line == 1);
}

TEST_CASE("text: the caret stands below the character that is meant") {
    CHECK(caret("SELECT 1;\nSELEC 2;\n", 10) == "2 | SELEC 2;\n  | ^");
    CHECK(caret("SELECT 'é', x", 13) == "1 | SELECT 'é', x\n  |             ^");
    CHECK(caret("a b\r\nc", 2) == "1 | a b\n  |   ^");
    CHECK(caret("", 0) == "1 | \n  | ^");
    CHECK(caret("ab", 99) == "1 | ab\n  |   ^");
}

TEST_CASE("text: tabs before the caret stay tabs, so that it lines up on any terminal") {
    CHECK(caret("\tx\ty", 3) == "1 | \tx\ty\n  | \t \t^");
}

TEST_CASE("text: the bar lines up below line numbers of any width") {
    CHECK(caret(std::string(99, '\n') + "xy", 100) == "100 | xy\n    |  ^");
}

TEST_CASE("text: a long line is cut around the caret") {
    const std::string line(300, 'x');
    CHECK(caret(line, 5) == "1 | " + std::string(100, 'x') + "…\n  |      ^");
    CHECK(caret(line, 150) ==
          "1 | …" + std::string(100, 'x') + "…\n  |  " + std::string(60, ' ') + "^");
    CHECK(caret(line, 299) ==
          "1 | …" + std::string(61, 'x') + "\n  |  " + std::string(60, ' ') + "^");
}

TEST_CASE("text: a long line is never cut within a character") {
    std::string line;
    for (int i = 0; i < 200; ++i) line += "é";
    for (std::size_t offset = 0; offset < line.size(); ++offset)
        CHECK(valid_utf8(caret(line, offset / 2 * 2)));
}

TEST_CASE("text: UTF-8 is told from what only looks like it") {
    for (const char* good : {"", "ascii", "é", "€", "😀", "\xF4\x8F\xBF\xBF"}) {
        CAPTURE(good);
        CHECK(valid_utf8(good));
        CHECK(mend_utf8(good) == good);
    }

    struct Row {
        std::string text;
        std::string mended;
    };

    const std::string x = "\xEF\xBF\xBD";
    for (const auto& [text, mended] : std::vector<Row>{
             {"\x80", x},
             {"a\xFFz", "a" + x + "z"},
             {"\xC3", x},
             {"\xC3(", x + "("},
             {"\xC0\xAF", x + x},
             {"\xE0\x80\xAF", x + x + x},
             {"\xED\xA0\x80", x + x + x},
             {"\xF4\x90\x80\x80", x + x + x + x},
             {"\xF8\x88\x80\x80\x80", x + x + x + x + x},
             {"é\xE2\x82", "é" + x + x},
         }) {
        CAPTURE(mended);
        CHECK_FALSE(valid_utf8(text));
        CHECK(mend_utf8(text) == mended);
    }
}

TEST_SUITE_END();
