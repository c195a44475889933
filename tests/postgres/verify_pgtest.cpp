// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/scratch_server.h"

using namespace ainit;
using namespace std::chrono_literals;
using ainit::test::ScratchServer;
using verify::Finding;

namespace {

/// A database with an owner of its own, and a configuration with checks on it.
struct Checked {
    ScratchServer& scratch{ScratchServer::shared()};
    std::string name{ScratchServer::unique("checked")};
    config::Config config{};

    Checked() {
        scratch.run(fmt::format("CREATE ROLE {} LOGIN PASSWORD 'owner'", name));
        scratch.run(fmt::format("CREATE DATABASE {0} OWNER {0} TEMPLATE template0 LOCALE 'C'", name));
        config.postgres.user = "postgres";
        config.postgres.password = Secret{ScratchServer::password()};
        config::Role role;
        role.name = name;
        role.password = Secret{"owner"};
        config.roles.push_back(role);
        config::Database database;
        database.name = name;
        database.owner = name;
        config.databases.push_back(database);
    }

    config::Check& check() {
        config::Check one;
        one.database = name;
        one.origin = {"x.toml", 7, 1};
        config.checks.push_back(one);
        return config.checks.back();
    }

    std::vector<Finding> run() {
        postgres::Sessions sessions{scratch.server()};
        return verify::verify(sessions, config, Stop{}.within(30s));
    }

    Finding only() {
        const auto findings = run();
        REQUIRE(findings.size() == 1);
        return findings.front();
    }
};

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("verify: a table is there and can be read, or the reason why not") {
    Checked stack;
    stack.scratch.run("CREATE TABLE good (); CREATE TABLE \"Foreign\" (); CREATE SCHEMA other; CREATE TABLE other.t ();",
                      stack.name);
    stack.scratch.run(fmt::format("GRANT SELECT ON good TO {0}; GRANT USAGE ON SCHEMA other TO {0}; GRANT SELECT ON "
                                  "other.t TO {0}", stack.name), stack.name);
    stack.check().tables = {"good", "Foreign", "missing", "other.t"};
    const auto findings = stack.run();
    REQUIRE(findings.size() == 4);
    CHECK(findings[0].good);
    CHECK(findings[0].check == "table \"good\" can be read");
    CHECK_FALSE(findings[1].good);
    CHECK(findings[1].detail == "the role may not read it");
    CHECK_FALSE(findings[2].good);
    CHECK(findings[2].detail == "there is no such table");
    REQUIRE(findings[2].failure.has_value());
    CHECK(findings[2].failure->exit_code() == 40);
    CHECK(findings[2].failure->where.text() == "x.toml:7:1");
    CHECK(findings[3].good);
}

TEST_CASE("verify: a table that is missing is told once, whatever is asked of it") {
    Checked stack;
    stack.check().tables = {"missing"};
    stack.check().rows = {"missing", "missing too"};
    const auto findings = stack.run();
    REQUIRE(findings.size() == 2);
    for (const auto& finding : findings) {
        CHECK(finding.detail == "there is no such table");
        REQUIRE(finding.failure.has_value());
        CHECK(finding.failure->code == Code::check_failed);
    }
    CHECK(findings[1].check == "table \"missing too\" has rows");
}

TEST_CASE("verify: rows, extensions, locale, the right to create, queries") {
    Checked stack;
    stack.scratch.run("CREATE TABLE empty (); CREATE TABLE full_one (n int); INSERT INTO full_one VALUES (1); GRANT SELECT "
                      "ON ALL TABLES IN SCHEMA public TO PUBLIC", stack.name);
    struct Row {
        void (*set)(config::Check&);
        bool good;
        std::string detail;
    };
    for (const Row& row : std::vector<Row>{
             {[](config::Check& c) { c.rows = {"full_one"}; }, true, ""},
             {[](config::Check& c) { c.rows = {"empty"}; }, false, "it is empty"},
             {[](config::Check& c) { c.extensions = {"plpgsql"}; }, true, "version 1.0"},
             {[](config::Check& c) { c.extensions = {"hstore"}; }, false, "it is not installed"},
             {[](config::Check& c) { c.locale = "C"; }, true, ""},
             {[](config::Check& c) { c.locale = "C.UTF-8"; }, false, "datcollate is \"C\", datctype is \"C\""},
             {[](config::Check& c) { c.create_in_public = true; }, true, ""},
             {[](config::Check& c) { c.query = "SELECT count(*) FROM full_one"; c.expect = "1"; }, true, "1"},
             {[](config::Check& c) { c.query = "SELECT 2;"; c.expect = "1"; }, false, "expected \"1\", found \"2\""},
             {[](config::Check& c) { c.query = "SELECT false"; }, false, "f"},
             {[](config::Check& c) { c.query = "SELECT NULL"; }, false, "NULL"},
             {[](config::Check& c) { c.query = "SELECT 1 WHERE false"; }, false, "the query returned no row"},
         }) {
        stack.config.checks.clear();
        row.set(stack.check());
        const Finding finding = stack.only();
        CAPTURE(finding.check);
        CHECK(finding.good == row.good);
        CHECK(finding.detail == row.detail);
    }
}

TEST_CASE("verify: it is the owner who asks, over its own login") {
    Checked stack;
    config::Check& check = stack.check();
    check.query = "SELECT session_user";
    check.expect = stack.name;
    CHECK(stack.only().good);
    check.role = "postgres";
    check.expect = "postgres";
    CHECK(stack.only().good);
}

TEST_CASE("verify: a query that fails has its own reason, and the others their own answers") {
    Checked stack;
    stack.check().query = "SELECT 1";
    stack.check().query = "SELECT nothing_like_it";
    stack.check().query = "SELECT 2";
    const auto findings = stack.run();
    REQUIRE(findings.size() == 3);
    CHECK(findings[0].good);
    CHECK_FALSE(findings[1].good);
    CHECK(findings[1].failure->sqlstate == "42703");
    CHECK(findings[1].failure->code == Code::check_error);
    CHECK(findings[2].good);
}

TEST_CASE("verify: a login that fails is one finding for all its questions") {
    Checked stack;
    stack.config.roles.front().password = Secret{"not the owner's"};
    config::Check& check = stack.check();
    check.tables = {"a", "b"};
    const Finding finding = stack.only();
    CHECK_FALSE(finding.good);
    CHECK(finding.check == fmt::format("role \"{}\" can log in", stack.name));
    CHECK(finding.failure->sqlstate == "28P01");
}

TEST_CASE("verify: a query past its timeout is cancelled and named") {
    Checked stack;
    config::Check& check = stack.check();
    check.query = "SELECT pg_sleep(30)::text";
    check.timeout = 200ms;
    const auto began = Clock::now();
    const Finding finding = stack.only();
    CHECK(Clock::now() - began < 10s);
    CHECK_FALSE(finding.good);
    CHECK(finding.detail == "it took longer than its timeout of 200 ms");
}

TEST_CASE("verify: each check has its own timeout") {
    Checked stack;
    stack.check().query = "SELECT pg_sleep(1)::text || 'slow'";
    stack.config.checks.back().timeout = 100ms;
    stack.check().query = "SELECT 1";
    stack.config.checks.back().timeout = 20s;
    const auto findings = stack.run();
    REQUIRE(findings.size() == 2);
    CHECK_FALSE(findings[0].good);
    CHECK(findings[1].good);
}

TEST_CASE("verify: a check changes nothing, whatever its query says") {
    Checked stack;
    stack.check().query = "CREATE TABLE never (n int)";
    stack.check().query = "SELECT 1 -- a comment at the end";
    const auto findings = stack.run();
    CHECK_FALSE(findings[0].good);
    CHECK(findings[0].failure->sqlstate == "25006");
    CHECK(findings[1].good);
    CHECK(stack.scratch.run("SELECT to_regclass('never') IS NULL", stack.name) == "t");
}

TEST_CASE("verify: a profile asks what its service needs, and a service that migrates itself may not have started") {
    Checked stack;
    stack.config.databases.front().profile = "synapse";
    const auto findings = stack.run();
    CHECK(std::ranges::all_of(findings, &Finding::good));
    const auto started = std::ranges::find(findings, "tables of synapse are complete", &Finding::check);
    REQUIRE(started != findings.end());
    CHECK(started->detail == "synapse has not started here yet");

    stack.config.databases.front().profile = "kratos";
    const auto kratos = stack.run();
    const auto identities = std::ranges::find(kratos, "table \"identities\" can be read", &Finding::check);
    REQUIRE(identities != kratos.end());
    CHECK_FALSE(identities->good);
}
