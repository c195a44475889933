// SPDX-License-Identifier: Apache-2.0
#include "base/sql.h"

#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

using namespace ainit;

TEST_SUITE_BEGIN("unit");

TEST_CASE("sql: identifiers are always quoted, with inner quotes doubled") {
    CHECK(quote_identifier("kratos") == "\"kratos\"");
    CHECK(quote_identifier("My \"DB\"; DROP") == "\"My \"\"DB\"\"; DROP\"");
    CHECK(quote_identifier("") == "\"\"");
    CHECK(quote_identifier("a'b\\c") == "\"a'b\\c\"");
}

TEST_CASE("sql: values are quoted for either setting of standard_conforming_strings") {
    struct Row {
        std::string text;
        std::string quoted;
    };

    for (const auto& [text, quoted] : std::vector<Row>{
             {"", "''"},
             {"plain", "'plain'"},
             {"it's", "'it''s'"},
             {"back\\slash", "E'back\\\\slash'"},
             {"\\'; DROP TABLE x; --", "E'\\\\''; DROP TABLE x; --'"},
             {"\"", "'\"'"},
             {"ünï", "'ünï'"},
         }) {
        CAPTURE(text);
        CHECK(quote_literal(text) == quoted);
    }
}

TEST_CASE("sql: a statement is made of literals, quoted names and quoted values") {
    Sql sql = "CREATE DATABASE ";
    sql.identifier("al\"kemio")
        .add(" OWNER ")
        .identifier("o")
        .add(" LC_COLLATE ")
        .literal("C'")
        .add(" LIMIT ")
        .number(-1);
    CHECK(sql.text() == "CREATE DATABASE \"al\"\"kemio\" OWNER \"o\" LC_COLLATE 'C''' LIMIT -1");
}

TEST_CASE("sql: text that was written by a user enters by one door") {
    CHECK(Sql::foreign("SELECT 1").text() == "SELECT 1");
    CHECK(Sql::foreign("SELECT 1") == Sql{"SELECT 1"});
    // What this file could not be compiled with.
    CHECK_FALSE(std::is_convertible_v<std::string, Sql>);
    CHECK_FALSE(std::is_constructible_v<Sql, std::string>);
}

TEST_CASE("sql: adding to a literal leaves other uses of it alone") {
    const Sql begin = "BEGIN";
    Sql more = begin;
    more.add("; ").add(begin);
    CHECK(begin.text() == "BEGIN");
    CHECK(more.text() == "BEGIN; BEGIN");
    CHECK(Sql{}.empty());
    CHECK_FALSE(begin.empty());
}

TEST_CASE("sql: what is quoted by single quotes is left out of a line that is shown") {
    CHECK(without_literals("SELECT 1") == "SELECT 1");
    CHECK(without_literals("SET x = 'one', y = E'two'") == "SET x = '…', y = E'…'");
    CHECK(without_literals("VALUES ('it''s', '')") == "VALUES ('…', '…')");
    CHECK(without_literals("SELECT 'cut in the midd") == "SELECT '…'");
    CHECK(without_literals("SELECT E'it\\'s', 'C:\\', e'\\\\', name") == "SELECT E'…', '…', e'…', name");
    CHECK(without_literals("SELECT \"a\" FROM b") == "SELECT \"a\" FROM b");
}

TEST_SUITE_END();
