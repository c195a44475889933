// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/script.h"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

namespace ainit::migrate::sql {
namespace {

std::vector<std::string> statements(const std::string& text, Grammar grammar = Grammar::strict) {
    const auto script = read_script("/m/0001_x.sql", text, grammar);
    REQUIRE_MESSAGE(script.has_value(), script.error().block());
    std::vector<std::string> all;
    for (const Statement& one : script->statements) all.emplace_back(script->of(one));
    return all;
}

Failure refused(const std::string& text, Grammar grammar = Grammar::strict) {
    const auto script = read_script("/m/0001_x.sql", text, grammar);
    REQUIRE_FALSE(script.has_value());
    CHECK(script.error().code == Code::migration_syntax);
    CHECK(script.error().what == "cannot use migration 0001_x.sql");
    CHECK(script.error().state == "Nothing of this file was run.");
    return script.error();
}

Script read(const std::string& text) {
    auto script = read_script("/m/0001_x.sql", text, Grammar::strict);
    REQUIRE_MESSAGE(script.has_value(), script.error().block());
    return std::move(*script);
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("script: statements begin at their first word and end before their semicolon") {
    CHECK(statements("") == Texts{});
    CHECK(statements("-- nothing\n/* at all */\n;;") == Texts{});
    CHECK(statements("SELECT 1") == Texts{"SELECT 1"});
    CHECK(statements("-- a\nSELECT 1;\n\n/* b /* c */ */ SELECT 2 ; \n") ==
          Texts{"SELECT 1", "SELECT 2"});
    CHECK(statements("\xEF\xBB\xBFSELECT 1;\r\nSELECT 2;\r\n") == Texts{"SELECT 1", "SELECT 2"});
}

TEST_CASE("script: a semicolon splits where the grammar says so") {
    CHECK(statements("SELECT ';', \";\", $$;$$, $q$;$$;$q$, E'\\';' -- ;\n; SELECT /* ; */ 2") ==
          Texts{"SELECT ';', \";\", $$;$$, $q$;$$;$q$, E'\\';' -- ;", "SELECT /* ; */ 2"});
    const std::string atomic =
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END";
    CHECK(statements(atomic + "; SELECT 3") == Texts{atomic, "SELECT 3"});
    const std::string rule = "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)";
    CHECK(statements(rule + ";") == Texts{rule});
}

TEST_CASE("script: origins count lines, and columns in characters") {
    const Script script = read("SELECT 1;\n  SELECT 'é', 2;");
    REQUIRE(script.statements.size() == 2);
    CHECK(script.origin("x.sql", script.statements[1].offset).text() == "x.sql:2:3");
    CHECK(script.origin("x.sql", script.text.size() - 2).text() == "x.sql:2:15");
}

TEST_CASE("script: a title is a first line that is not too long") {
    Script script = read("CREATE TABLE t (\n a int)");
    CHECK(script.title(script.statements[0]) == "CREATE TABLE t (");
    script = read("SELECT '" + std::string(71, 'x') + "éé'");
    CHECK(script.title(script.statements[0]) == "SELECT '" + std::string(71, 'x') + "…");
}

TEST_CASE("script: a syntax error is shown with its line and a caret") {
    const Failure failure = refused("CREATE TABLE a (i int);\nCREATE TABEL é;\nSELECT 1;");
    CHECK(failure.because == "syntax error at or near \"TABEL\"");
    CHECK(failure.where.text() == "/m/0001_x.sql:2:8");
    CHECK(failure.excerpt == "2 | CREATE TABEL é;\n  |        ^");
}

TEST_CASE("script: what has no keyword at all is no statement of any version, and is not left out in silence") {
    for (const char* text : {"SELECT 1;\nSELEC 1;\n", "SELEC 1; SELECT 1;", "SELECT 1; /* ; */ SELEC 1", "SELECT 1;; -- one\nSELEC 1;; SELECT 2"}) {
        CAPTURE(text);
        CHECK(refused(text, Grammar::newer).because == "syntax error at or near \"SELEC\"");
    }
    // A word that the grammar does not know, beside one that it does.
    CHECK(statements("SELECT 1; CREATE TABEL a; -- end\n;", Grammar::newer) == Texts{"SELECT 1", "CREATE TABEL a"});
}

TEST_CASE("script: a newer server judges for itself what the grammar does not understand") {
    const std::string text = "CREATE TABEL a; VACUUM t; SELECT 1";
    CHECK(statements(text, Grammar::newer) == Texts{"CREATE TABEL a", "VACUUM t", "SELECT 1"});
    const auto script = read_script("x.sql", text, Grammar::newer);
    CHECK(script->outside == "VACUUM");
    const Failure failure = refused("SELECT 1; SELECT 2; SELECT 'a", Grammar::newer);
    CHECK(failure.because == "unterminated quoted string at or near \"'a\"");
}

TEST_CASE("script: commands of psql are refused with their line") {
    for (const char* text : {"SELECT 1;\n\\i other.sql\nSELECT 2;", "SELECT 1;\n\\echo it's"}) {
        CAPTURE(text);
        for (const Grammar grammar : {Grammar::strict, Grammar::newer}) {
            const Failure failure = refused(text, grammar);
            CHECK(failure.because ==
                  "a line that begins with a backslash is a command of psql, not SQL");
            CHECK(failure.where.line == 2);
            CHECK(failure.where.column == 1);
        }
    }
}

TEST_CASE("script: COPY FROM stdin is refused with its line, with or without rows") {
    for (const char* text : {"SELECT 1;\n COPY t FROM stdin;\n1\ta'b\n\\.\n",
                             "SELECT 1;\n COPY t FROM stdin;\n\\.\n",
                             "SELECT 1;\n COPY t FROM stdin;\n1\n\\.\nSELECT 1;",
                             "SELECT 1;\n COPY t FROM stdin"}) {
        CAPTURE(text);
        for (const Grammar grammar : {Grammar::strict, Grammar::newer}) {
            const Failure failure = refused(text, grammar);
            CHECK(failure.because == "COPY … FROM stdin reads rows that only psql would send");
            CHECK(failure.where.line == 2);
            CHECK(failure.where.column == 2);
            CHECK(failure.hint == "write the rows as INSERT");
        }
    }
}

TEST_CASE("script: what is no text is refused") {
    CHECK(refused(std::string{"SELECT 1;\0", 10}).because == "it holds a byte 0, which SQL cannot");
    const Failure failure = refused("SELECT 1;\nSELECT '\xFF';\n");
    CHECK(failure.because == "it is not UTF-8");
    CHECK(failure.where.line == 2);
}

TEST_CASE("script: directives stand at the head") {
    CHECK_FALSE(read("SELECT 1").transaction.has_value());
    CHECK(read("-- alkemio-init: no-transaction\nSELECT 1").transaction == false);
    CHECK(read("/* of 2025 */\n--alkemio-init:transaction\nSELECT 1").transaction == true);
    CHECK(read("-- no-transaction\nSELECT 1").transaction == false);
    CHECK(read("-- alkemio-init: no-transaction\n").transaction == false);
    CHECK_FALSE(read("-- this needs no-transaction\nSELECT 1").transaction.has_value());
    CHECK_FALSE(read("SELECT '\n-- alkemio-init: no-transaction\n'").transaction.has_value());

    Failure failure = refused("-- alkemio-init: no-transactions\nSELECT 1");
    CHECK(failure.because == "there is no directive \"no-transactions\"");
    CHECK(failure.where.line == 1);
    failure = refused("SELECT 1;\n-- alkemio-init: no-transaction\nVACUUM;");
    CHECK(failure.because == "a directive after the first statement has no effect");
    CHECK(failure.where.line == 2);
}

TEST_CASE("script: the first statement that needs to be outside a transaction is named") {
    const Script script =
        read("CREATE TABLE t (a int);\nCREATE INDEX CONCURRENTLY i ON t (a);\nVACUUM;");
    CHECK(script.outside == "CREATE INDEX CONCURRENTLY");
    CHECK(script.outside_offset == 24);
    CHECK(read("CREATE TABLE t (a int)").outside.empty());
}

TEST_CASE("script: a new value of an enum is outside if it is used further down") {
    const std::string add = "ALTER TYPE mood ADD VALUE 'new';\n";
    const std::string expected = "ALTER TYPE … ADD VALUE 'new', used further down";
    CHECK(read(add + "INSERT INTO t VALUES ('new')").outside == expected);
    CHECK(read(add + "SELECT 1").outside.empty());
    CHECK(read("INSERT INTO t VALUES ('new');" + add).outside.empty());
    // As the neighbour of the next one it is not used as a value.
    CHECK(read(add + "ALTER TYPE mood ADD VALUE 'newer' AFTER 'new'").outside.empty());
    // The server lets it be used where the type itself is as new.
    CHECK(read("CREATE TYPE mood AS ENUM ('ok');" + add + "INSERT INTO t VALUES ('new')")
              .outside.empty());
}

}  // namespace ainit::migrate::sql
