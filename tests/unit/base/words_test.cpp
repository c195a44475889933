// SPDX-License-Identifier: Apache-2.0
#include "base/words.h"

#include <doctest/doctest.h>

using namespace ainit;
using Words = std::vector<std::string>;

TEST_CASE("words: as a shell without expansions and operators") {
    const std::pair<std::string_view, Words> cases[] = {
        {"", {}},
        {" \t\n ", {}},
        {"ls -al", {"ls", "-al"}},
        {"  find . -type \"f\" -name '*.rs' ", {"find", ".", "-type", "f", "-name", "*.rs"}},
        {"a'b c'd\"e f\"", {"ab cde f"}},
        {"'' \"\"", {"", ""}},
        {R"(a\ b \'c)", {"a b", "'c"}},
        {R"("\a \" \\ \$ \`")", {R"(\a " \ $ `)"}},
        {R"('\a')", {R"(\a)"}},
        {"a\\\nb c \\\n d", {"ab", "c", "d"}},
        {"\"a\\\nb\"", {"ab"}},
        {"a #b c\nd", {"a", "d"}},
        {"a#b '#c'", {"a#b", "#c"}},
        {"# all of it", {}},
        {"a\\", {"a\\"}},
        {"\\", {"\\"}},
        {"a\rb $HOME && c | d", {"a\rb", "$HOME", "&&", "c", "|", "d"}},
        {"ü 'ä ö'", {"ü", "ä ö"}},
    };
    for (const auto& [text, words] : cases) {
        CAPTURE(text);
        CHECK(split_words(text) == words);
    }
}

TEST_CASE("words: a quote that is not closed is none") {
    for (const char* text : {"'", "a 'b", "\"a", "\"a\\", "\"a\\\"", "a '\\'b'"}) {
        CAPTURE(text);
        CHECK_FALSE(split_words(text));
    }
}
