// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/survey.h"

#include <algorithm>

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

namespace ainit::migrate::sql {
namespace {

struct Case {
    config::Migration migration{};
    std::vector<File> files{};
    std::vector<Row> rows{};

    Case() {
        migration.name = "app";
        migration.database = "app";
        migration.engine = "sql";
        migration.files = {"/m/*.sql"};
    }

    void file(const std::string& name, const std::string& text = "SELECT 1") {
        files.push_back({name, "/m/" + name, version_of(name), text, checksum_of(text)});
        std::ranges::sort(files, goes_before);
    }

    void applied(const std::string& name, const std::string& text = "SELECT 1") {
        rows.push_back({name, checksum_of(text), "2025-01-31T12:00:00Z", 1, 1, ""});
    }

    Survey survey() const { return sql::survey(migration, files, rows, Grammar::strict); }

    /// The only finding there is.
    Failure finding() const {
        const Survey result = survey();
        REQUIRE(result.level.findings.size() == 1);
        return result.level.findings.front();
    }
};

std::vector<std::string> jobs(const Survey& survey) {
    std::vector<std::string> names;
    for (const Job& job : survey.jobs) names.push_back(job.file->name);
    return names;
}

}  // namespace

TEST_CASE("survey: what is in the ledger is applied, the rest is to be done in order") {
    Case set;
    set.file("0003_c.sql");
    set.file("0001_a.sql");
    set.file("0002_b.sql");
    set.applied("0001_a.sql");
    const Survey survey = set.survey();
    CHECK(survey.level.findings.empty());
    CHECK(survey.level.warnings.empty());
    CHECK(survey.level.applied() == 1);
    CHECK(survey.level.pending() == 2);
    CHECK(survey.level.entries[0].name == "0001_a.sql");
    CHECK(survey.level.entries[0].applied_at == "2025-01-31T12:00:00Z");
    CHECK(jobs(survey) == std::vector<std::string>{"0002_b.sql", "0003_c.sql"});
    CHECK(survey.jobs[0].in_transaction);
}

TEST_CASE("survey: an empty folder is no empty set") {
    Case set;
    CHECK(set.finding().block() ==
          "error[E405]: cannot migrate database \"app\": no file matches \"/m/*.sql\"\n"
          "  state: Nothing was changed.\n"
          "  hint: see whether the folder is mounted and `files` is right\n");
    set.applied("0001_a.sql");
    CHECK(set.finding().because ==
          "no file matches \"/m/*.sql\"; the ledger has 1 files as applied");
    CHECK(set.finding().exit_code() == 32);
}

TEST_CASE("survey: two files of one version, or of one name, are duplicates") {
    Case set;
    set.file("0001_a.sql");
    set.file("1_b.sql");
    CHECK(set.finding().because ==
          "two files of one name or version: version 1: 0001_a.sql, 1_b.sql");
    set.files.clear();
    set.file("0001_a.sql");
    set.files.push_back(set.files.front());
    set.files.back().path = "/n/0001_a.sql";
    CHECK(set.finding().because ==
          "two files of one name or version: 0001_a.sql: /m/0001_a.sql, /n/0001_a.sql");
    set.files.clear();
    set.file("a.sql");
    set.file("b.sql");
    CHECK(set.survey().level.findings.empty());
}

TEST_CASE("survey: files that take a migration back are not run by a glob that is too wide") {
    Case set;
    set.file("0001_a.up.sql");
    set.file("0001_a.down.sql");
    CHECK(set.finding().because ==
          "files that take a migration back are among the files: 0001_a.down.sql");
}

TEST_CASE("survey: a file that changed is refused, warned of or ignored as configured") {
    Case set;
    set.file("0001_a.sql", "SELECT 2");
    set.applied("0001_a.sql");
    const Failure failure = set.finding();
    CHECK(failure.because == "files that changed after they were applied: 0001_a.sql");
    CHECK(failure.exit_code() == 32);
    CHECK(set.survey().level.entries[0].note == "changed since it was applied");
    CHECK(set.survey().jobs.empty());
    set.migration.on_changed = "warn";
    CHECK(set.survey().level.findings.empty());
    CHECK(set.survey().level.warnings.size() == 1);
    set.migration.on_changed = "ignore";
    CHECK(set.survey().level.warnings.empty());
}

TEST_CASE("survey: a newcomer before the last applied is refused, warned of or ignored") {
    Case set;
    set.file("0001_a.sql");
    set.file("0002_b.sql");
    set.file("0003_c.sql");
    set.applied("0002_b.sql");
    CHECK(set.finding().because ==
          "pending files that come before 0002_b.sql, which is applied: 0001_a.sql");
    set.migration.on_older = "warn";
    CHECK(set.survey().level.warnings.size() == 1);
    CHECK(jobs(set.survey()) == std::vector<std::string>{"0001_a.sql", "0003_c.sql"});
    set.migration.on_older = "ignore";
    CHECK(set.survey().level.warnings.empty());
}

TEST_CASE("survey: a ledger ahead of the files lists what it has more") {
    Case set;
    set.file("0001_a.sql");
    for (int i = 1; i < 9; ++i) set.applied("000" + std::to_string(i) + "_a.sql");
    const Failure failure = set.finding();
    CHECK(failure.because ==
          "the ledger has files that are not there: 0002_a.sql, 0003_a.sql, 0004_a.sql, "
          "0005_a.sql, 0006_a.sql, and 2 more");
    CHECK(failure.excerpt ==
          "0002_a.sql\n0003_a.sql\n0004_a.sql\n0005_a.sql\n0006_a.sql\n0007_a.sql\n0008_a.sql");
    CHECK(std::ranges::count(set.survey().level.entries, State::unknown, &Entry::state) == 7);
    set.migration.on_ahead = "warn";
    CHECK(set.survey().level.warnings.size() == 1);
    set.migration.on_ahead = "ignore";
    CHECK(set.survey().level.warnings.empty());
}

TEST_CASE("survey: a file runs without a transaction when it says so, must, or is configured to") {
    struct Example {
        const char* text;
        const char* transaction;
        bool in_transaction;
    };

    const Example rows[] = {
        {"SELECT 1", "each", true},
        {"SELECT 1", "all", true},
        {"SELECT 1", "none", false},
        {"-- alkemio-init: no-transaction\nSELECT 1", "each", false},
        {"-- alkemio-init: transaction\nSELECT 1", "none", true},
        {"VACUUM", "each", false},
        {"VACUUM", "none", false},
        {"-- alkemio-init: no-transaction\nBEGIN; SELECT 1; COMMIT", "each", false},
    };
    for (const Example& row : rows) {
        CAPTURE(row.text);
        CAPTURE(row.transaction);
        Case set;
        set.migration.transaction = row.transaction;
        set.file("0001_a.sql", row.text);
        const Survey survey = set.survey();
        REQUIRE(survey.level.findings.empty());
        CHECK(survey.jobs[0].in_transaction == row.in_transaction);
    }
}

TEST_CASE("survey: contradictions about a transaction are refused with the line, exit 31") {
    Case set;
    set.file("0001_a.sql", "SELECT 1;\nVACUUM;");
    set.migration.transaction = "all";
    Failure failure = set.finding();
    CHECK(failure.exit_code() == 31);
    CHECK(failure.because ==
          "VACUUM cannot run in a transaction, and transaction = \"all\" puts all files into one");
    CHECK(failure.where.text() == "/m/0001_a.sql:2:1");

    set.files.clear();
    set.file("0001_a.sql", "-- alkemio-init: no-transaction\nSELECT 1");
    CHECK(set.finding().because ==
          "the file demands to run without a transaction, and transaction = \"all\" puts all files "
          "into one");

    set.migration.transaction = "each";
    set.files.clear();
    set.file("0001_a.sql", "-- alkemio-init: transaction\nVACUUM");
    CHECK(set.finding().because ==
          "VACUUM cannot run in a transaction, and a directive of the file demands one");

    set.files.clear();
    set.file("0001_a.sql", "BEGIN;\nSELECT 1;\nCOMMIT;");
    failure = set.finding();
    CHECK(failure.because ==
          "the file runs in a transaction already, and BEGIN would begin or end one");
    CHECK(failure.excerpt == "1 | BEGIN;\n  | ^");
}

TEST_CASE("survey: in one transaction for all, no file uses a value that an earlier one adds to a type") {
    Case set;
    set.migration.transaction = "all";
    set.file("0001_mood.sql", "CREATE TABLE a (id int);\nALTER TYPE mood ADD VALUE 'new'");
    set.file("0002_other.sql", "SELECT 'old'");
    set.file("0003_use.sql", "INSERT INTO t VALUES ('{new}'::mood[])");
    const Failure failure = set.finding();
    CHECK(failure.code == Code::migration_refused);
    CHECK(failure.what == "cannot apply migration 0001_mood.sql");
    CHECK(failure.because ==
          "0003_use.sql uses the value 'new' that it adds, which the server allows only once the transaction is over, and "
          "transaction = \"all\" puts all files into one");
    CHECK(failure.where.text() == "/m/0001_mood.sql:2:1");

    SUBCASE("each in its own") {
        set.migration.transaction = "each";
        CHECK(set.survey().level.findings.empty());
    }
    SUBCASE("a type of the same transaction") {
        set.file("0000_type.sql", "CREATE TYPE mood AS ENUM ('old')");
        CHECK(set.survey().level.findings.empty());
    }
    SUBCASE("the value is there already") {
        set.applied("0001_mood.sql", set.files[0].text);
        CHECK(set.survey().level.findings.empty());
    }
}

TEST_CASE("survey: a syntax error in any pending file is found before one of them runs") {
    Case set;
    set.file("0001_a.sql");
    set.file("0002_b.sql", "SELEC 1");
    CHECK(set.finding().code == Code::migration_syntax);
    CHECK(set.finding().exit_code() == 30);
    set.applied("0002_b.sql", "SELEC 1");
    set.migration.on_older = "ignore";
    CHECK(set.survey().level.findings.empty());
}

TEST_CASE("survey: a half-done file goes on where it stopped, if what is done reads as it did") {
    Case set;
    const std::string text = "VACUUM a;\nVACUUM b;\nVACUUM c;";
    const auto script = read_script("x", text, Grammar::strict);
    REQUIRE(script.has_value());
    set.rows.push_back({"0001_a.sql", checksum_of(text), "", 3, 2, checksum_of_done(*script, 2)});
    set.file("0001_a.sql", "VACUUM a;\n-- mended\nVACUUM b; VACUUM d;");
    Survey survey = set.survey();
    REQUIRE(survey.level.findings.empty());
    CHECK(survey.level.entries[0].state == State::pending);
    CHECK(survey.level.entries[0].note == "2 of 3 statements done");
    CHECK(survey.jobs[0].done == 2);
    CHECK(survey.jobs[0].begun);

    set.files.clear();
    set.file("0001_a.sql", "VACUUM a;\nVACUUM other; VACUUM c");
    CHECK(set.finding().because ==
          "the first 2 of 3 statements of 0001_a.sql were done by an earlier run, and they read "
          "differently now");
    set.files.clear();
    set.file("0001_a.sql", "VACUUM a;");
    CHECK(set.finding().exit_code() == 32);
}

}  // namespace ainit::migrate::sql
