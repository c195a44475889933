// SPDX-License-Identifier: Apache-2.0
#include "base/failure.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/result.h"
#include "base/secret.h"

using namespace ainit;

namespace {

Failure no_right() {
    Failure failure;
    failure.code = Code::provision_step;
    failure.what = "cannot create database \"kratos\"";
    failure.because = "permission denied to create database";
    failure.sqlstate = "42501";
    failure.state = "Nothing was changed.";
    failure.hint = "role \"provisioner\" needs CREATEDB; run: ALTER ROLE provisioner CREATEDB";
    failure.where = {"config/alkemio.toml", 18, 1};
    return failure;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("failure: the report says what, why, where, in what state and what to do") {
    CHECK(no_right().block() ==
          "error[E301]: cannot create database \"kratos\": permission denied to create database "
          "(SQLSTATE 42501)\n"
          "  --> config/alkemio.toml:18:1\n"
          "  state: Nothing was changed.\n"
          "  hint: role \"provisioner\" needs CREATEDB; run: ALTER ROLE provisioner CREATEDB\n");
}

TEST_CASE("failure: an excerpt keeps its shape, two columns in, without blank lines at its end") {
    Failure failure = no_right();
    failure.excerpt = "2 | SELEC 2;\n  | ^\n\n  deeper\n \n\n";
    CHECK(failure.block() ==
          "error[E301]: cannot create database \"kratos\": permission denied to create database "
          "(SQLSTATE 42501)\n"
          "  --> config/alkemio.toml:18:1\n"
          "  2 | SELEC 2;\n"
          "    | ^\n"
          "\n"
          "    deeper\n"
          "  state: Nothing was changed.\n"
          "  hint: role \"provisioner\" needs CREATEDB; run: ALTER ROLE provisioner CREATEDB\n");
}

TEST_CASE("failure: a report without a hint of its own gives the remedy of its code") {
    Failure failure;
    failure.code = Code::no_database;
    failure.what = "cannot log in";
    failure.excerpt = "\n \n";
    CHECK(failure.block() ==
          "error[E205]: cannot log in\n"
          "  hint: Name a maintenance database that is always there, commonly postgres; have others made by `alkemio-init "
          "once`.\n");
}

TEST_CASE("failure: one line for the log holds what is known") {
    CHECK(
        no_right().line() ==
        "cannot create database \"kratos\": permission denied to create database (SQLSTATE 42501)");
    Failure bare;
    bare.what = "cannot start";
    CHECK(bare.line() == "cannot start");
    bare.sqlstate = "57P03";
    CHECK(bare.line() == "cannot start (SQLSTATE 57P03)");
}

TEST_CASE("failure: no part of a report shows a secret") {
    const Secret secret{std::string{"failure's%secret"}};
    Failure failure;
    failure.what = "cannot use failure's%secret";
    failure.because = "role \"failure''s%secret\"";
    failure.state = "state failure's%secret";
    failure.hint = "postgres://u:failure%27s%25secret@h/d";
    failure.excerpt = "DSN=failure's%secret";
    failure.where.file = "/run/failure's%secret";
    CHECK(failure.line() == "cannot use <redacted>: role \"<redacted>\"");
    CHECK(failure.block() ==
          "error[E902]: cannot use <redacted>: role \"<redacted>\"\n"
          "  --> /run/<redacted>\n"
          "  DSN=<redacted>\n"
          "  state: state <redacted>\n"
          "  hint: postgres://u:<redacted>@h/d\n");
}

TEST_CASE("failure: an origin shows the parts that are known") {
    CHECK(Origin{"f.toml", 3, 7}.text() == "f.toml:3:7");
    CHECK(Origin{"f.sql", 3, 0}.text() == "f.sql:3");
    CHECK(Origin{"DATABASE_HOST", 0, 0}.text() == "DATABASE_HOST");
    CHECK(Origin{}.empty());
    CHECK(Origin{"a", 2, 1} < Origin{"a", 10, 1});
}

TEST_CASE("failure: each code ends the program with the exit code of the manual") {
    struct Row {
        int exit;
        std::vector<Code> codes;
    };

    std::set<Code> seen;
    for (const auto& [exit, codes] : std::vector<Row>{
             {1, {Code::internal, Code::unhealthy}},
             {2, {Code::usage}},
             {10,
              {Code::config_file,
               Code::config_syntax,
               Code::config_key,
               Code::config_type,
               Code::config_missing,
               Code::config_conflict,
               Code::config_secret,
               Code::connection_option}},
             {11, {Code::not_ready, Code::lock_timeout, Code::connection_lost, Code::wait_timeout}},
             {12, {Code::authentication, Code::tls, Code::privilege, Code::no_database}},
             {13, {Code::too_old, Code::standby, Code::pooler, Code::not_postgres}},
             {20, {Code::provision_step, Code::observe}},
             {21, {Code::drift}},
             {30,
              {Code::migration_failed,
               Code::migration_timeout,
               Code::migration_interrupted,
               Code::migration_status,
               Code::migration_ledger,
               Code::migration_syntax}},
             {31, {Code::migration_refused}},
             {32, {Code::migration_set}},
             {40, {Code::check_failed, Code::check_error}},
             {50, {Code::health_listen, Code::service_failed, Code::dependent_untold}},
             {126, {Code::cannot_execute}},
             {127, {Code::command_not_found}},
             {128, {Code::interrupted}},
         }) {
        for (const Code code : codes) {
            CAPTURE(static_cast<int>(code));
            Failure failure;
            failure.code = code;
            CHECK(failure.exit_code() == exit);
            seen.insert(code);
        }
    }
    // A code without a line above is one whose exit code nobody has promised.
    CHECK(seen.size() == code_table().size());
}

TEST_CASE("failure: a signal that asked us to stop decides the exit code") {
    Failure failure;
    failure.code = Code::interrupted;
    failure.signal = 15;
    CHECK(failure.exit_code() == 143);
    failure.code = Code::migration_interrupted;
    failure.signal = 2;
    CHECK(failure.exit_code() == 130);
}

TEST_CASE("failure: the table has one complete entry for each code, in the order of the numbers") {
    std::vector<int> numbers;
    for (const CodeEntry& row : code_table()) {
        CAPTURE(static_cast<int>(row.code));
        numbers.push_back(static_cast<int>(row.code));
        CHECK(&entry(row.code) == &row);
        CHECK_FALSE(row.title.empty());
        CHECK_FALSE(row.title.ends_with('.'));
        for (const std::string_view sentence : {row.means, row.causes, row.remedy})
            CHECK(sentence.ends_with('.'));
    }
    CHECK(std::ranges::is_sorted(numbers));
    CHECK(std::ranges::adjacent_find(numbers) == numbers.end());
}

TEST_CASE("result: a value or a failure, and looking away is a bug") {
    const Result<int> good = 4;
    CHECK(*good == 4);
    const Result<int> bad = no_right();
    CHECK_FALSE(bad.has_value());
    CHECK(bad.error().id() == "E301");
    CHECK_THROWS_AS(static_cast<void>(bad.value()), std::logic_error);
    CHECK(ok().has_value());
}

TEST_SUITE_END();
