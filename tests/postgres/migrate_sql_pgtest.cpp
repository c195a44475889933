// SPDX-License-Identifier: Apache-2.0
// The engine sql on a real server: what is applied, recorded and rolled back.
#include <csignal>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "migrate/sql/files.h"
#include "migrate/sql/ledger.h"
#include "support/migration_stage.h"

using namespace ainit;
using namespace ainit::migrate;
using namespace std::chrono_literals;
using ainit::test::CapturedLog;
using ainit::test::MigrationStage;
using Names = std::vector<std::string>;

namespace {

struct SqlStage : MigrationStage {
    SqlStage() : MigrationStage{"sql"} {}

    std::string ledger(const std::string& column, const std::string& name) const {
        return sql(fmt::format("SELECT {} FROM schema_migrations WHERE name = '{}'", column, name));
    }

    std::string exists(const std::string& relation) const {
        return sql(fmt::format("SELECT to_regclass('{}') IS NOT NULL", relation));
    }

    /// A session of the superuser in the database.
    postgres::Session other() const {
        const postgres::Server where = server.server();
        auto session = postgres::Session::open(where, where.login(role), Stop{}.within(10s));
        return std::move(session.value());
    }
};

void must(postgres::Session& session, const std::string& text) {
    const auto done = session.query(Sql::foreign(text), Stop{}.within(30s));
    if (!done) FAIL(done.error().block());
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE_FIXTURE(SqlStage, "migrate sql: files are applied in order and recorded, and only once") {
    file("0002_more.sql", "INSERT INTO a VALUES (2);\nINSERT INTO a VALUES (3);\n");
    const std::string first = "CREATE TABLE a (i int);\n";
    file("0001_first.sql", first);
    const auto before = look();
    REQUIRE(before.has_value());
    CHECK(before->pending() == 2);
    CHECK(exists("schema_migrations") == "f");

    const Report report = must_run();
    CHECK(report.applied == Names{"0001_first.sql", "0002_more.sql"});
    CHECK(report.state == "2 of 2 applied");
    CHECK(sql("SELECT sum(i) FROM a") == "5");
    CHECK(ledger("checksum", "0001_first.sql") == sql::checksum_of(first));
    CHECK(ledger("applied_by", "0001_first.sql") == role);
    CHECK(ledger("statements || '/' || done", "0002_more.sql") == "2/2");
    CHECK(ledger("now() - applied_at < '1 min' AND duration_ms >= 0", "0002_more.sql") == "t");

    const auto after = look();
    REQUIRE(after.has_value());
    CHECK(after->applied() == 2);
    CHECK(after->pending() == 0);
    CHECK(after->entries[0].applied_at.size() == std::string{"2025-01-31T12:00:00Z"}.size());
    CHECK(must_run().applied.empty());
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: a run tells how far it is") {
    file("0001_a.sql", "CREATE TABLE a (\n i int);\nINSERT INTO a VALUES (1);");
    file("0002_b.sql", "SELECT 1;");
    must_run();
    std::vector<std::string> told;
    for (const Progress& one : progress) {
        const char* kinds[] = {"begin", "statement", "waits", "done", "line"};
        told.push_back(fmt::format("{} {}/{} {} {}",
                                   one.migration,
                                   one.number,
                                   one.total,
                                   kinds[static_cast<int>(one.kind)],
                                   one.text));
    }
    CHECK(told == Names{"0001_a.sql 1/2 begin ",
                        "0001_a.sql 1/2 statement CREATE TABLE a (",
                        "0001_a.sql 1/2 statement INSERT INTO a VALUES (1)",
                        "0001_a.sql 1/2 done ",
                        "0002_b.sql 2/2 begin ",
                        "0002_b.sql 2/2 statement SELECT 1",
                        "0002_b.sql 2/2 done "});
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: looking needs no database and makes nothing") {
    file("0001_a.sql", "SELECT 1");
    migration.database = "not_there_yet";
    config.databases.back().name = "not_there_yet";
    for (const bool known : {true, false}) {
        database_exists = known;
        const auto level = look();
        REQUIRE(level.has_value());
        CHECK_FALSE(level->exists);
        CHECK(level->pending() == 1);
    }
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: a failing file is rolled back whole and shown with its place") {
    file("0001_a.sql", "CREATE TABLE a (i int);");
    const std::string path = file("0002_b.sql",
                                  "CREATE TABLE b (i int);\n"
                                  "-- é: positions are counted in characters\n"
                                  "INSERT INTO b (i, é) VALUES (1, 2);\n");
    file("0003_c.sql", "CREATE TABLE c (i int);");
    const Failure failure = must_fail();
    CHECK(failure.exit_code() == 30);
    CHECK(failure.code == Code::migration_failed);
    CHECK(failure.sqlstate == "42703");
    CHECK(failure.what == "cannot apply migration 0002_b.sql of database \"" + role + "\"");
    CHECK(failure.where.text() == path + ":3:19");
    CHECK(failure.excerpt == "3 | INSERT INTO b (i, é) VALUES (1, 2);\n  |                   ^");
    CHECK(failure.state == "0002_b.sql was rolled back; 1 of 3 applied.");
    CHECK(exists("a") == "t");
    CHECK(exists("b") == "f");
    CHECK(exists("c") == "f");
    CHECK(sql("SELECT string_agg(name, ',') FROM schema_migrations") == "0001_a.sql");

    file("0002_b.sql", "CREATE TABLE b (i int);");
    CHECK(must_run().applied == Names{"0002_b.sql", "0003_c.sql"});
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: an error within a function shows the statement and the context") {
    file("0001_a.sql", "SELECT 1;\nDO $$ BEGIN\n PERFORM 1/0;\nEND $$;");
    const Failure failure = must_fail();
    CHECK(failure.sqlstate == "22012");
    CHECK(failure.where.line == 2);
    CHECK(failure.excerpt.starts_with("2 | DO $$ BEGIN\n  | ^\n"));
    CHECK(failure.excerpt.find("PL/pgSQL function inline_code_block line 2") != std::string::npos);
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: what only the commit finds wrong is rolled back too") {
    file("0001_a.sql",
         "CREATE TABLE a (i int PRIMARY KEY, j int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
         "INSERT INTO a VALUES (1, 2);");
    const Failure failure = must_fail();
    CHECK(failure.sqlstate == "23503");
    CHECK(failure.state == "0001_a.sql was rolled back; 0 of 1 applied.");
    CHECK(exists("a") == "f");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: one transaction for all is rolled back as one") {
    migration.transaction = "all";
    file("0001_a.sql", "CREATE TABLE a (i int);");
    file("0002_b.sql", "SELECT nothing;");
    const Failure failure = must_fail();
    CHECK(failure.state == "All 2 files of this run were rolled back; 0 of 2 applied.");
    CHECK(exists("a") == "f");
    CHECK(sql("SELECT count(*) FROM schema_migrations") == "0");
    for (const Progress& one : progress) CHECK(one.kind != Progress::Kind::done);

    file("0002_b.sql", "INSERT INTO a VALUES (7);");
    CHECK(must_run().applied == Names{"0001_a.sql", "0002_b.sql"});
    CHECK(sql("SELECT i FROM a") == "7");
}

TEST_CASE_FIXTURE(
    SqlStage,
    "migrate sql: a file starts with the session of a fresh login, whatever was set before") {
    server.run(
        fmt::format("CREATE ROLE {}_nobody NOLOGIN; GRANT {}_nobody TO {}", role, role, role));
    for (const char* mode : {"each", "all"}) {
        CAPTURE(mode);
        sql("DROP TABLE IF EXISTS schema_migrations, seen");
        migration.transaction = mode;
        file("0001_a.sql",
             "CREATE TABLE seen (path text, who text, work_mem text, lock text);\n"
             "CREATE TEMP TABLE scratch (i int);\n"
             "PREPARE p AS SELECT 1;\n"
             "SET search_path = '';\nSET work_mem = '7MB';\nSET lock_timeout = '7h';\n"
             "SET ROLE " +
                 role + "_nobody;");
        file("0002_b.sql",
             "INSERT INTO seen SELECT current_setting('search_path'), current_user, "
             "current_setting('work_mem'), current_setting('lock_timeout');\n"
             "CREATE TEMP TABLE scratch (i int);\n"
             "PREPARE p AS SELECT 1;");
        must_run();
        CHECK(sql("SELECT path || ' ' || who || ' ' || lock FROM seen") ==
              "\"$user\", public " + role + " 10s");
        CHECK(sql("SELECT work_mem <> '7MB' FROM seen") == "t");
        CHECK(sql("SELECT count(*) FROM schema_migrations") == "2");
    }
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: settings of a run do not reach the sessions that are kept") {
    file("0001_a.sql", "SET search_path = pg_catalog;");
    REQUIRE(look().has_value());
    must_run();
    const config::Account account = config.account_for(role);
    auto kept = sessions.get({account.user, account.password, role}, Stop{}.within(10s));
    REQUIRE(kept.has_value());
    const auto path = (*kept)->query("SHOW search_path", Stop{}.within(10s));
    CHECK(path->text(0, 0) == "\"$user\", public");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: what cannot run in a transaction runs without, unasked") {
    file("0001_a.sql",
         "CREATE TABLE a (i int);\nCREATE INDEX CONCURRENTLY a_i ON a (i);\nVACUUM a;\n"
         "REINDEX TABLE CONCURRENTLY a;\nDROP INDEX CONCURRENTLY a_i;");
    file("0002_b.sql", "CREATE TYPE mood AS ENUM ('ok');\nCREATE TABLE b (m mood);");
    file("0003_c.sql", "ALTER TYPE mood ADD VALUE 'new';\nINSERT INTO b VALUES ('new');");
    file("0004_d.sql",
         "CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (1); COMMIT; "
         "INSERT INTO a VALUES (2); COMMIT; END $$;");
    file("0005_e.sql", "-- alkemio-init: no-transaction\nCALL twice();");
    CHECK(must_run().applied.size() == 5);
    CHECK(sql("SELECT m FROM b") == "new");
    CHECK(sql("SELECT sum(i) FROM a") == "3");
    CHECK(ledger("statements || '/' || done", "0001_a.sql") == "5/5");
    CHECK(sql("SELECT count(*) FROM schema_migrations WHERE applied_at IS NULL") == "0");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: databases are made by a migration that may") {
    server.run(fmt::format("ALTER ROLE {} CREATEDB", role));
    file("0001_a.sql", fmt::format("CREATE DATABASE {}_two;\nDROP DATABASE {}_two;", role, role));
    CHECK(must_run().applied.size() == 1);
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: without a transaction a failure says what stays, and the next run "
                  "goes on behind it") {
    const std::string head =
        "-- alkemio-init: no-transaction\nCREATE TABLE a (i int);\nINSERT INTO a VALUES (1);\n";
    const std::string path = file("0001_a.sql", head + "SELECT 1/0;\nINSERT INTO a VALUES (2);");
    const Failure failure = must_fail();
    CHECK(failure.where.text() == path + ":4:1");
    CHECK(
        failure.state ==
        "0001_a.sql runs without a transaction: its first 2 statements of 4 are done and stay; the "
        "next run goes on with statement 3. 0 of 1 applied.");
    CHECK(sql("SELECT count(*) FROM a") == "1");
    CHECK(ledger("applied_at IS NULL AND statements = 4 AND done = 2", "0001_a.sql") == "t");
    const auto level = look();
    REQUIRE(level.has_value());
    CHECK(level->findings.empty());
    CHECK(level->entries[0].note == "2 of 4 statements done");

    SUBCASE("mended behind what is done") {
        file("0001_a.sql", head + "INSERT INTO a VALUES (2);");
        CHECK(must_run().applied == Names{"0001_a.sql"});
        CHECK(sql("SELECT string_agg(i::text, ',' ORDER BY i) FROM a") == "1,2");
        CHECK(ledger("applied_at IS NOT NULL AND statements = 3 AND done = 3", "0001_a.sql") ==
              "t");
        CHECK(look()->pending() == 0);
    }
    SUBCASE("changed in what is done") {
        file("0001_a.sql", "-- alkemio-init: no-transaction\nCREATE TABLE z (i int); SELECT 1;");
        const Failure refused = must_fail();
        CHECK(refused.exit_code() == 32);
        CHECK(exists("z") == "f");
    }
    SUBCASE("put into a transaction after all") {
        file("0001_a.sql", head.substr(head.find('\n') + 1) + "INSERT INTO a VALUES (2);");
        must_run();
        CHECK(sql("SELECT string_agg(i::text, ',' ORDER BY i) FROM a") == "1,2");
    }
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: a statement that an earlier run may have done is told as such") {
    file("0001_a.sql", "-- no-transaction\nSELECT 1;\nCREATE INDEX CONCURRENTLY x ON nowhere (i);");
    must_fail();
    sql("CREATE TABLE nowhere (i int); CREATE INDEX x ON nowhere (i); ALTER TABLE nowhere OWNER "
        "TO " +
        role);
    const Failure failure = must_fail();
    CHECK(failure.sqlstate == "42P07");
    CHECK(failure.hint.starts_with(
        "an earlier run was broken off in this statement and may have done it"));
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: an INVALID index of that name in another schema is in nobody's way") {
    sql("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.a AS SELECT 1 AS i FROM generate_series(1, 2); CREATE TABLE a (i int); "
        "ALTER TABLE a OWNER TO " + role);
    postgres::Session other_one = other();
    CHECK_FALSE(other_one.query("CREATE UNIQUE INDEX CONCURRENTLY a_i ON elsewhere.a (i)", Stop{}.within(10s)).has_value());
    file("0001_a.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS a_i ON a (i);");
    must_run();
    CHECK(sql("SELECT count(*) FROM pg_index WHERE indexrelid = 'public.a_i'::regclass AND indisvalid") == "1");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: an index that CONCURRENTLY left INVALID is named until it is dropped") {
    sql("CREATE TABLE a (i int); CREATE TABLE b (i int); ALTER TABLE a OWNER TO " + role);
    migration.lock_timeout = 300ms;
    postgres::Session blocker = other();
    must(blocker, "BEGIN");
    must(blocker, "INSERT INTO a VALUES (1)");
    file("0001_a.sql", "CREATE INDEX CONCURRENTLY a_i ON a (i);");
    StopSource source;
    std::thread ask{[&] {
        for (int i = 0; i < 500 && server.run("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'") == "0"; ++i) {
            std::this_thread::sleep_for(20ms);
        }
        source.request(SIGTERM);
    }};
    const Failure stopped = must_fail(Stop{source});
    ask.join();
    must(blocker, "COMMIT");
    const std::string drop = "DROP INDEX CONCURRENTLY \"public\".\"a_i\" before the next run";
    CHECK(stopped.signal == SIGTERM);
    CHECK(stopped.state.find("of statement 1 the INVALID index \"public\".\"a_i\" stays") != std::string::npos);
    CHECK(stopped.hint.find(drop) != std::string::npos);

    const Failure again = must_fail();
    CHECK(again.sqlstate == "42P07");
    CHECK(again.hint.find(drop) != std::string::npos);

    // What is not done may be changed, and would do no good so.
    file("0001_a.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS a_i ON a (i);");
    const Failure accepted = must_fail();
    CHECK(accepted.because == "the INVALID index \"public\".\"a_i\" is there already, and no query uses it");
    CHECK(accepted.hint.find(drop) != std::string::npos);
    sql("DROP INDEX a_i");
    must_run();
    CHECK(sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass") == "t");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: a file may care for its transactions, if it ends them") {
    file("0001_a.sql",
         "-- alkemio-init: no-transaction\nBEGIN;\nCREATE TABLE a (i int);\nCOMMIT;\nBEGIN "
         "ISOLATION "
         "LEVEL SERIALIZABLE;\nINSERT INTO a VALUES (1);\nCOMMIT;");
    file("0002_b.sql",
         "-- alkemio-init: no-transaction\nINSERT INTO a VALUES (2);\nBEGIN;\nINSERT INTO a VALUES "
         "(3);");
    const Failure failure = must_fail();
    CHECK(failure.because == "the file begins a transaction and does not end it");
    CHECK(failure.state ==
          "0002_b.sql runs without a transaction: its first statement of 3 is done and stays; the "
          "next "
          "run goes on with statement 2. 1 of 2 applied.");
    CHECK(sql("SELECT sum(i) FROM a") == "3");
}

TEST_CASE_FIXTURE(
    SqlStage,
    "migrate sql: SET ROLE lasts in a file without a transaction, but the ledger is ours") {
    server.run(
        fmt::format("CREATE ROLE {}_nobody NOLOGIN; GRANT {}_nobody TO {}", role, role, role));
    file("0001_a.sql",
         fmt::format(
             "-- alkemio-init: no-transaction\nCREATE TABLE who (name text);\nGRANT ALL ON who "
             "TO {}_nobody;\nSET ROLE {}_nobody;\nINSERT INTO who VALUES (current_user);",
             role,
             role));
    must_run();
    CHECK(sql("SELECT name FROM who") == role + "_nobody");
    CHECK(ledger("applied_by", "0001_a.sql") == role);
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: three SQLSTATEs are tried again, others are not") {
    sql("CREATE SEQUENCE tries; ALTER SEQUENCE tries OWNER TO " + role);
    migration.retries = 2;
    for (const char* state : {"55P03", "40P01", "40001", "23505", "55006", "57014"}) {
        CAPTURE(state);
        const std::string text = fmt::format(
            "DO $$ BEGIN IF nextval('tries') < 3 THEN RAISE 'no' USING ERRCODE = '{}'; "
            "END IF; END $$;",
            state);
        const bool again = std::string_view{state} < "5" ? std::string_view{state} != "23505"
                                                         : std::string_view{state} == "55P03";
        sql("SELECT setval('tries', 1, false)");
        sql("DROP TABLE IF EXISTS schema_migrations");
        file("0001_a.sql", text);
        const CapturedLog log;
        const Run ran = run();
        CHECK(ran.failure.has_value() == !again);
        CHECK(sql("SELECT last_value FROM tries") == (again ? "3" : "1"));
        CHECK((log.text().find("gave way and is tried again") != std::string::npos) == again);
    }
    sql("SELECT setval('tries', 1, false)");
    sql("DROP TABLE IF EXISTS schema_migrations");
    migration.retries = 1;
    file("0001_a.sql",
         "DO $$ BEGIN IF nextval('tries') < 3 THEN RAISE 'no' USING ERRCODE = '40001'; END IF; END "
         "$$;");
    const CapturedLog log;
    CHECK(must_fail().sqlstate == "40001");
    CHECK(sql("SELECT last_value FROM tries") == "2");
}

TEST_CASE_FIXTURE(
    SqlStage,
    "migrate sql: a lock that others hold is waited for only so long, and asked for again") {
    sql("CREATE TABLE a (i int); ALTER TABLE a OWNER TO " + role);
    migration.lock_timeout = 100ms;
    file("0001_a.sql", "ALTER TABLE a ADD j int;");
    postgres::Session blocker = other();
    must(blocker, "BEGIN");
    must(blocker, "SELECT * FROM a");
    SUBCASE("longer than the retries") {
        migration.retries = 1;
        const CapturedLog log;
        const Failure failure = must_fail();
        CHECK(failure.sqlstate == "55P03");
        CHECK(failure.hint.starts_with("something holds a lock for longer than lock_timeout"));
        must(blocker, "COMMIT");
    }
    SUBCASE("shorter") {
        migration.retries = 20;
        const CapturedLog log;
        std::thread release{[&] {
            std::this_thread::sleep_for(500ms);
            [[maybe_unused]] const auto done = blocker.query("COMMIT", Stop{});
        }};
        const Run ran = run();
        release.join();
        CHECK_FALSE(ran.failure.has_value());
    }
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: lock_timeout does not leave an index half built") {
    sql("CREATE TABLE a (i int); ALTER TABLE a OWNER TO " + role);
    migration.lock_timeout = 100ms;
    file("0001_a.sql", "CREATE INDEX CONCURRENTLY a_i ON a (i);\nALTER TABLE a ADD j int;");
    // A transaction that wrote to the table is what CONCURRENTLY waits for.
    postgres::Session blocker = other();
    must(blocker, "BEGIN");
    must(blocker, "INSERT INTO a VALUES (1)");
    std::thread release{[&] {
        std::this_thread::sleep_for(600ms);
        [[maybe_unused]] const auto done = blocker.query("COMMIT", Stop{});
    }};
    const Run ran = run();
    release.join();
    CHECK_FALSE(ran.failure.has_value());
    CHECK(sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_i'::regclass") == "t");
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: SIGTERM cancels the statement, rolls back and says so, exit 143") {
    const auto stopped = [&] {
        StopSource source;
        std::thread ask{[&] {
            for (int i = 0; i < 200; ++i) {
                std::this_thread::sleep_for(20ms);
                if (server.run(
                        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE "
                        "'%pg_sleep(61)%' AND pid <> pg_backend_pid() AND state = 'active'") !=
                    "0") {
                    break;
                }
            }
            source.request(SIGTERM);
        }};
        const Deadline began = Clock::now();
        const Failure failure = must_fail(Stop{source});
        ask.join();
        CHECK(Clock::now() - began < 20s);
        return failure;
    };
    file("0001_a.sql", "CREATE TABLE a (i int);");
    SUBCASE("in a transaction") {
        file("0002_b.sql", "CREATE TABLE b (i int);\nSELECT pg_sleep(61);");
        const Failure failure = stopped();
        CHECK(failure.exit_code() == 143);
        CHECK(failure.code == Code::migration_interrupted);
        CHECK(failure.what == "cannot finish migration 0002_b.sql of database \"" + role + "\"");
        CHECK(failure.because == "asked to stop by SIGTERM");
        CHECK(failure.state == "0002_b.sql was rolled back; 1 of 2 applied.");
        CHECK(failure.where.line == 2);
        CHECK(exists("b") == "f");
    }
    SUBCASE("without one") {
        file("0002_b.sql", "-- no-transaction\nCREATE TABLE b (i int);\nSELECT pg_sleep(61);");
        const Failure failure = stopped();
        CHECK(failure.exit_code() == 143);
        CHECK(failure.state ==
              "0002_b.sql runs without a transaction: its first statement of 2 is done and stays; "
              "the "
              "next run goes on with statement 2. 1 of 2 applied.");
        CHECK(exists("b") == "t");
    }
    CHECK(server.run(
              "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND pid "
              "<> pg_backend_pid() AND state = 'active'") == "0");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: its own timeout ends it") {
    migration.timeout = 400ms;
    file("0001_a.sql", "CREATE TABLE a (i int);\nSELECT pg_sleep(30);");
    const Failure failure = must_fail();
    CHECK(failure.code == Code::migration_timeout);
    CHECK(failure.exit_code() == 30);
    CHECK(failure.because == "it took longer than its timeout of 400 ms");
    CHECK(failure.state == "0001_a.sql was rolled back; 0 of 1 applied.");
    CHECK(exists("a") == "f");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: limits that a role is set to are not the migration's") {
    server.run(fmt::format("ALTER ROLE {} SET statement_timeout = '50ms'", role));
    file("0001_a.sql", "SELECT pg_sleep(0.3);");
    must_run();
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: a lost connection is worth another pass, and rolled back") {
    file("0001_a.sql", "CREATE TABLE a (i int);\nSELECT pg_terminate_backend(pg_backend_pid());");
    const Failure failure = must_fail();
    CHECK(failure.code == Code::connection_lost);
    CHECK(failure.transient);
    CHECK(failure.state == "0001_a.sql was rolled back; 0 of 1 applied.");
    CHECK(exists("a") == "f");
    file("0001_a.sql",
         "-- no-transaction\nCREATE TABLE a (i int);\nDO $$ BEGIN PERFORM "
         "pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9); END $$;");
    const Failure half = must_fail();
    CHECK(half.state ==
          "0001_a.sql runs without a transaction: its first statement of 2 is done and stays; "
          "whether "
          "statement 2 was done is not known; the next run goes on with statement 2. 0 of 1 "
          "applied.");
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: the ledger may have a schema, made when needed, and any name") {
    migration.schema = "our \"records\"";
    migration.table = "the ledger; really";
    file("0001_a.sql", "CREATE TABLE a (i int);");
    CHECK(look()->pending() == 1);
    must_run();
    CHECK(sql("SELECT name FROM \"our \"\"records\"\"\".\"the ledger; really\"") == "0001_a.sql");
    CHECK(look()->applied() == 1);
}

TEST_CASE_FIXTURE(
    SqlStage, "migrate sql: the ledger is found again when a schema of the user's name appears") {
    file("0001_a.sql", "CREATE TABLE a (i int);");
    must_run();
    // "$user" stands first in search_path: new tables go there from now on.
    sql(fmt::format("CREATE SCHEMA {} AUTHORIZATION {}", role, role));
    CHECK(look()->applied() == 1);
    file("0002_b.sql", "CREATE TABLE b (i int);");
    must_run();
    CHECK(sql("SELECT count(*) FROM public.schema_migrations") == "2");
    CHECK(exists(role + ".schema_migrations") == "f");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: another tool's table is no ledger") {
    sql("CREATE TABLE schema_migrations (version text); ALTER TABLE schema_migrations OWNER TO " +
        role);
    file("0001_a.sql", "CREATE TABLE a (i int);");
    const auto level = look();
    REQUIRE_FALSE(level.has_value());
    CHECK(level.error().code == Code::migration_ledger);
    CHECK(level.error().sqlstate == "42703");
    CHECK(level.error().hint == "name another table: table = \"…\" in [[migration]]");
    CHECK(must_fail().code == Code::migration_ledger);
    CHECK(exists("a") == "f");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: findings stop a run before anything is done") {
    file("0001_a.sql", "CREATE TABLE a (i int);");
    must_run();
    file("0001_a.sql", "CREATE TABLE a (i bigint);");
    file("0002_b.sql", "CREATE TABLE b (i int);");
    Failure failure = must_fail();
    CHECK(failure.exit_code() == 32);
    CHECK(exists("b") == "f");
    migration.on_changed = "warn";
    CHECK(look()->warnings.size() == 1);
    CHECK(must_run().applied == Names{"0002_b.sql"});
}

TEST_CASE_FIXTURE(SqlStage,
                  "migrate sql: grammar that the server does not know is shown with its place") {
    // libpg_query reads PostgreSQL 17; MERGE … RETURNING is new in it.
    file("0001_a.sql",
         "CREATE TABLE a (i int);\nMERGE INTO a USING a b ON a.i = b.i WHEN MATCHED THEN DELETE "
         "RETURNING 1;");
    const Run ran = run();
    if (server.version() >= 17) {
        CHECK_FALSE(ran.failure.has_value());
    } else {
        REQUIRE(ran.failure.has_value());
        CHECK(ran.failure->sqlstate == "42601");
        CHECK(ran.failure->where.line == 2);
        CHECK(exists("a") == "f");
    }
}

TEST_CASE_FIXTURE(
    SqlStage,
    "migrate sql: grammar that libpg_query does not know is the newer server's to judge") {
    const std::string text =
        "CREATE TABLE a (i int, j int GENERATED ALWAYS AS (i * 2) VIRTUAL);\nVACUUM;";
    file("0001_a.sql", text);
    const auto level = look();
    REQUIRE(level.has_value());
    if (server.version() >= 18) {
        CHECK(level->findings.empty());
        must_run();
    } else {
        REQUIRE(level->findings.size() == 1);
        CHECK(level->findings[0].code == Code::migration_syntax);
        CHECK(level->findings[0].where.line == 1);
        CHECK(must_fail().code == Code::migration_syntax);
    }
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: notices of the server go to the log, warnings as such") {
    file("0001_a.sql",
         "DO $$ BEGIN RAISE NOTICE 'so it goes'; RAISE WARNING 'mind the gap'; END $$;\n"
         "DROP TABLE IF EXISTS nothing;");
    const CapturedLog log;
    must_run();
    CHECK(log.text().find("so it goes") != std::string::npos);
    CHECK(log.text().find("mind the gap") != std::string::npos);
    CHECK(log.text().find("0001_a.sql") != std::string::npos);
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: runs at once make one ledger, and apply each file once") {
    file("0001_a.sql", "CREATE TABLE a (i int);\nSELECT pg_sleep(0.2);\nINSERT INTO a VALUES (1);");
    constexpr int kRuns = 6;
    std::vector<Run> runs(kRuns);
    std::vector<std::thread> threads;
    for (Run& one : runs) {
        threads.emplace_back([&] {
            postgres::Sessions own{server.server()};
            const config::Account account = config.account_for(role);
            const ProgressSink quiet = [](const Progress&) {};
            const Context context{
                config, migration, own, {account.user, account.password, role}, quiet};
            one = make_engine(migration).value()->run(context, Stop{}.within(60s));
        });
    }
    for (std::thread& thread : threads) thread.join();
    int winners = 0;
    for (const Run& one : runs) {
        winners += static_cast<int>(one.report.applied.size());
        // Without the cluster lock the others lose, and say so; they leave nothing behind.
        if (one.failure) CHECK(one.failure->exit_code() == 30);
    }
    CHECK(winners == 1);
    CHECK(sql("SELECT count(*) FROM a") == "1");
    CHECK(sql("SELECT count(*) FROM schema_migrations") == "1");
}

TEST_CASE_FIXTURE(SqlStage, "migrate sql: a role without the right to make the ledger is told so") {
    sql("REVOKE ALL ON SCHEMA public FROM PUBLIC");
    server.run(
        fmt::format("CREATE ROLE {}_guest LOGIN PASSWORD 'guest-secret'; GRANT CONNECT ON "
                    "DATABASE {} TO {}_guest",
                    role,
                    role,
                    role));
    sql(fmt::format("GRANT USAGE ON SCHEMA public TO {}_guest", role));
    config.roles.emplace_back();
    config.roles.back().name = role + "_guest";
    config.roles.back().password = Secret{"guest-secret"};
    migration.role = role + "_guest";
    file("0001_a.sql", "SELECT 1;");
    const Failure failure = must_fail();
    CHECK(failure.code == Code::migration_ledger);
    CHECK(failure.sqlstate == "42501");
    CHECK(failure.what.starts_with("cannot make the ledger"));
}
