// SPDX-License-Identifier: Apache-2.0
// How results look, as text and as JSON.
#include "cli/report.h"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "cli/json.h"

using namespace ainit;
using daemon::MigrationStatus;
using daemon::Summary;
namespace json = boost::json;

namespace {

config::Config configuration() {
    config::Config config;
    for (const char* name : {"alkemio", "kratos"}) {
        config::Database database;
        database.name = name;
        database.owner = name;
        config.databases.push_back(database);
    }
    return config;
}

MigrationStatus migration(const std::string& name, int applied, int pending) {
    MigrationStatus status;
    status.name = name;
    status.database = name;
    status.engine = "sql";
    status.level.emplace();
    for (int i = 1; i <= applied + pending; ++i) {
        migrate::Entry entry;
        entry.name = "000" + std::to_string(i) + ".sql";
        entry.file = "/m/" + entry.name;
        entry.state = i <= applied ? migrate::State::applied : migrate::State::pending;
        if (i <= applied) entry.applied_at = "2026-01-0" + std::to_string(i);
        status.level->entries.push_back(entry);
    }
    return status;
}

/// A phase that followed the ones before.
void passed(Summary& summary, const std::string& name, Duration took, const std::string& note) {
    Event event;
    event.kind = name;
    event.name = name;
    event.note = note;
    event.began = summary.timeline->total();
    event.ended = event.began + took;
    summary.timeline->add(event);
}

/// Alkemio is there and one migration behind, Kratos is missing.
Summary half_done() {
    Summary summary;
    summary.server = "db:5432, PostgreSQL 17.5";
    summary.observed.version = 170005;
    plan::ObservedDatabase alkemio;
    alkemio.owner = "alkemio";
    alkemio.encoding = "UTF8";
    alkemio.lc_collate = "C";
    alkemio.lc_ctype = "C";
    alkemio.extensions["plpgsql"] = {"pg_catalog", "1.0"};
    alkemio.extensions["uuid-ossp"] = {"public", "1.1"};
    summary.observed.databases["alkemio"] = alkemio;
    config::Database kratos;
    kratos.name = "kratos";
    summary.plan.steps.push_back({plan::SetPassword{"kratos", Secret{std::string{"report-canary"}}},
                                  "a login with it failed",
                                  {"c.toml", 3, 1}});
    summary.plan.steps.push_back(
        {plan::CreateDatabase{kratos, "kratos"}, "it does not exist", {"c.toml", 9, 1}});
    summary.plan.steps.push_back({plan::CreateExtension{"kratos", {{}, "pg_trgm", "", ""}},
                                  "it is not installed",
                                  {"c.toml", 12, 1}});
    summary.migrations.push_back(migration("alkemio", 1, 1));
    return summary;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("report: a plan tells each step with its reason, and what is pending") {
    CHECK(cli::plan_text(half_done()) ==
          "Plan for db:5432, PostgreSQL 17.5\n"
          "\n"
          "  STEP  WHAT                                             WHY\n"
          "  1     set the password of role \"kratos\"                a login with it failed\n"
          "  2     create database \"kratos\"                         it does not exist\n"
          "  3     create extension \"pg_trgm\" in database \"kratos\"  it is not installed\n"
          "\n"
          "  MIGRATIONS OF  ENGINE  STATE                 PENDING\n"
          "  alkemio        sql     1 applied, 1 pending  0002.sql\n"
          "\n"
          "3 steps and 1 migration to do.\n");
}

TEST_CASE("report: a plan of nothing says so") {
    Summary summary;
    summary.server = "db:5432, PostgreSQL 17.5";
    CHECK(cli::plan_text(summary) == "Plan for db:5432, PostgreSQL 17.5\n\nNothing to do.\n");
    CHECK_FALSE(summary.pending());
    MigrationStatus tool = migration("kratos", 0, 0);
    tool.level->knowable = false;
    summary.migrations.push_back(tool);
    CHECK_FALSE(summary.pending());
    CHECK(cli::plan_text(summary).find("runs each time (cannot be asked)") != std::string::npos);
    CHECK(cli::plan_text(summary).ends_with("\nNothing to do.\n"));
}

TEST_CASE("report: a plan names what stands in the way, each kind once") {
    Summary summary = half_done();
    for (const Code code : {Code::migration_set, Code::drift, Code::migration_set}) {
        summary.failures.push_back({.code = code, .what = "cannot"});
    }
    const std::string obstacles =
        "In the way: E405 (the set of migrations is inconsistent), E302 (the cluster differs in a way only a person may "
        "change).\n";
    CHECK(cli::plan_text(summary).ends_with("\n3 steps and 1 migration to do.\n" + obstacles));
    CHECK(cli::status_text(summary, configuration()).ends_with("\n" + obstacles));
    summary.plan.steps.clear();
    summary.migrations.clear();
    CHECK(cli::plan_text(summary).ends_with("\n\n" + obstacles));
    CHECK(cli::plan_text(summary).find("Nothing to do") == std::string::npos);
}

TEST_CASE("report: many pending migrations are told by the first two and the last") {
    Summary summary;
    summary.migrations.push_back(migration("alkemio", 0, 5));
    CHECK(cli::plan_text(summary).find("0 applied, 5 pending  0001.sql, 0002.sql … 0005.sql\n") !=
          std::string::npos);
    summary.migrations[0] = migration("alkemio", 0, 3);
    CHECK(cli::plan_text(summary).find("0001.sql, 0002.sql, 0003.sql\n") != std::string::npos);
}

TEST_CASE("report: a plan as SQL changes to each database and hides passwords") {
    const config::Config config = configuration();
    const std::string sql = cli::plan_sql(half_done(), config);
    CHECK(
        sql.starts_with("-- Plan for db:5432, PostgreSQL 17.5.\n"
                        "-- Passwords are not printed, and psql stops where one is missing. Give it each, or a SCRAM "
                        "verifier, which may\n-- stand in the server's log: psql -v password_of_kratos=…\n"
                        "\\set ON_ERROR_STOP on\n"
                        "\n"
                        "-- set the password of role \"kratos\": a login with it failed\n"
                        "ALTER ROLE \"kratos\" PASSWORD :'password_of_kratos';\n"));
    CHECK(sql.find("\n\\connect \"kratos\"\n\n-- create extension \"pg_trgm\" in database "
                   "\"kratos\": it is not installed\n") != std::string::npos);
    CHECK(sql.find("\n-- pending migration of \"alkemio\": /m/0002.sql") != std::string::npos);
    CHECK(sql.find("report-canary") == std::string::npos);
}

TEST_CASE("report: status has a row for each database, missing ones too") {
    Summary summary = half_done();
    verify::Finding good;
    good.database = "alkemio";
    good.good = true;
    summary.findings = {good, good};
    CHECK(cli::status_text(summary, configuration()) ==
          "db:5432, PostgreSQL 17.5\n"
          "\n"
          "DATABASE  STATE    OWNER    LOCALE  EXTENSIONS     MIGRATIONS            CHECKS\n"
          "alkemio   exists   alkemio  UTF8 C  uuid-ossp 1.1  1 applied, 1 pending  2 good\n"
          "kratos    missing  -        -       -              -                     -\n"
          "\n"
          "3 steps and 1 migration pending; see: alkemio-init plan\n");
    summary.findings[1].good = false;
    CHECK(cli::status_text(summary, configuration()).find("1 good, 1 failed") != std::string::npos);
}

TEST_CASE(
    "report: a locale names its provider where that is not libc, and both halves where they "
    "differ") {
    Summary summary = half_done();
    plan::ObservedDatabase& database = summary.observed.databases["alkemio"];
    database.lc_ctype = "de_DE.UTF-8";
    CHECK(cli::status_text(summary, configuration()).find("UTF8 C/de_DE.UTF-8") !=
          std::string::npos);
    database.locale_provider = "icu";
    database.locale = "de-DE";
    CHECK(cli::status_text(summary, configuration()).find("UTF8 icu:de-DE") != std::string::npos);
}

TEST_CASE("report: drift is shown with what to do about it") {
    Summary summary = half_done();
    summary.plan.drifts.push_back(
        {"database \"alkemio\"", "locale", "C", "C.UTF-8", "dump and restore", {}});
    const std::string expected =
        "\nDrift (only a person may change this; nothing is touched):\n"
        "  OBJECT              PROPERTY  WANTED  FOUND    WHAT TO DO\n"
        "  database \"alkemio\"  locale    C       C.UTF-8  dump and restore\n";
    CHECK(cli::plan_text(summary).find(expected) != std::string::npos);
    CHECK(cli::status_text(summary, configuration()).find(expected) != std::string::npos);
}

TEST_CASE("report: checks are listed one by one and counted") {
    Summary summary;
    verify::Finding finding;
    finding.database = "kratos";
    finding.check = "table \"identities\" can be read";
    finding.good = true;
    summary.findings.push_back(finding);
    CHECK(cli::verify_text(summary) ==
          "DATABASE  CHECK                           RESULT  DETAIL\n"
          "kratos    table \"identities\" can be read  good\n"
          "\n"
          "1 check, 0 failed.\n");
    finding.good = false;
    finding.detail = "there is no such table";
    summary.findings.push_back(finding);
    CHECK(cli::verify_text(summary).ends_with(
        "FAILED  there is no such table\n\n2 checks, 1 failed.\n"));
}

TEST_CASE("report: migrations are listed with their states") {
    Summary summary;
    CHECK(cli::migrations_text(summary) == "No migrations are configured.\n");
    summary.migrations.push_back(migration("alkemio", 1, 1));
    migrate::Entry stranger;
    stranger.name = "0009.sql";
    stranger.state = migrate::State::unknown;
    stranger.note = "no such file";
    summary.migrations[0].level->entries.push_back(stranger);
    CHECK(cli::migrations_text(summary) ==
          "alkemio (database alkemio, engine sql): 1 applied, 1 pending, 1 unknown\n"
          "  STATE    MIGRATION  APPLIED AT  NOTE\n"
          "  applied  0001.sql   2026-01-01\n"
          "  pending  0002.sql   -\n"
          "  unknown  0009.sql   -           no such file\n"
          "\n");
}

TEST_CASE("report: a run ends with its phases, what it did, and how it ended") {
    Summary summary;
    summary.server = "db:5432, PostgreSQL 17.5";
    passed(summary, "wait", Duration{2'500}, "ready");
    passed(summary, "provision", Duration{40}, "");
    plan::Outcome outcome{
        {plan::SetPassword{"kratos", Secret{}}, "", {}}, plan::Effect::changed, Duration{1}, ""};
    summary.outcomes.push_back(outcome);
    CHECK(cli::summary_text(summary) ==
          "db:5432, PostgreSQL 17.5\n"
          "\n"
          "  PHASE      TOOK   NOTE\n"
          "  wait       2.5 s  ready\n"
          "  provision  40 ms\n"
          "\n"
          "done: 1 change in 2.5 s\n");
    summary.failures.emplace_back();
    summary.migrations.push_back(migration("alkemio", 2, 0));
    summary.migrations[0].report = migrate::Report{{"0002.sql"}, "1 applied", Duration{5}};
    CHECK(cli::summary_text(summary).ends_with(
        "  MIGRATIONS OF  ENGINE  STATE                 THIS RUN\n"
        "  alkemio        sql     2 applied, 0 pending  1 applied\n"
        "\n"
        "failed: 2 changes in 2.5 s\n"));
}

TEST_CASE("json: a summary has every part under names that stay") {
    Summary summary = half_done();
    summary.locked = true;
    passed(summary, "wait", Duration{12}, "ready");
    Failure failure;
    failure.code = Code::provision_step;
    failure.what = "cannot create database \"kratos\"";
    failure.because = "permission denied";
    failure.sqlstate = "42501";
    failure.where = {"c.toml", 9, 1};
    summary.failures.push_back(failure);
    const json::object out = json::parse(cli::summary_json(summary, 3)).as_object();
    std::vector<std::string> keys;
    for (const auto& member : out) keys.emplace_back(member.key());
    CHECK(keys == std::vector<std::string>{"server",
                                           "version",
                                           "databases",
                                           "steps",
                                           "drifts",
                                           "warnings",
                                           "outcomes",
                                           "migrations",
                                           "checks",
                                           "phases",
                                           "started_at",
                                           "timeline",
                                           "failures",
                                           "locked",
                                           "changed",
                                           "steps_pending",
                                           "migrations_pending",
                                           "exit_code"});
    CHECK(out.at("version") == 170005);
    CHECK(out.at("locked") == true);
    CHECK(out.at("steps_pending") == 3);
    CHECK(out.at("migrations_pending") == 1);
    CHECK(out.at("exit_code") == 3);
    const json::object& step = out.at("steps").as_array().at(0).as_object();
    CHECK(step.at("kind") == "set_password");
    CHECK(step.at("what") == "set the password of role \"kratos\"");
    CHECK(step.at("why") == "a login with it failed");
    CHECK(step.at("where") == "c.toml:3:1");
    CHECK(step.at("sql").as_array().at(0) == "ALTER ROLE \"kratos\" PASSWORD :'password_of_kratos'");
    const json::object& entry =
        out.at("migrations").as_array().at(0).at("entries").as_array().at(1).as_object();
    CHECK(entry.at("name") == "0002.sql");
    CHECK(entry.at("state") == "pending");
    const json::object& told = out.at("failures").as_array().at(0).as_object();
    CHECK(told.at("id") == "E301");
    CHECK(told.at("sqlstate") == "42501");
    CHECK(told.at("where") == "c.toml:9:1");
    CHECK(out.at("databases").as_array().at(0).at("extensions").at("uuid-ossp") == "1.1");
    CHECK(told.at("hint").as_string() == ainit::entry(summary.failures[0].code).remedy);
    CHECK(cli::summary_json(summary, 0).ends_with("}\n"));
}

TEST_CASE("json: settings are objects of key, value and source") {
    config::Config config;
    config.settings.push_back({"postgres.host", "\"db\"", "environment PGHOST"});
    CHECK(cli::settings_json(config) ==
          "[{\"key\":\"postgres.host\",\"value\":\"\\\"db\\\"\",\"source\":\"environment "
          "PGHOST\"}]\n");
}

TEST_SUITE_END();
