// SPDX-License-Identifier: Apache-2.0
#include "postgres/session.h"

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/scratch_server.h"

using namespace ainit;
using namespace ainit::postgres;
using namespace std::chrono_literals;
using ainit::test::ScratchServer;
using ainit::test::soon;

namespace {

Duration since(Deadline began) {
    return std::chrono::duration_cast<Duration>(Clock::now() - began);
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("session: a query returns its rows as text, NULLs told apart") {
    Session session = ScratchServer::shared().login();
    const auto rows = session.query("SELECT 1, 'a', NULL, true UNION ALL SELECT 2, '', 'x', false ORDER BY 1", soon());
    REQUIRE(rows.has_value());
    CHECK(rows->size() == 2);
    CHECK(rows->columns() == 4);
    CHECK(rows->number(1, 0) == 2);
    CHECK(rows->text(0, 1) == "a");
    CHECK(rows->null(0, 2));
    CHECK_FALSE(rows->null(1, 2));
    CHECK(rows->boolean(0, 3));
    CHECK_FALSE(rows->boolean(1, 3));
    CHECK(rows->tag() == "SELECT 2");
}

TEST_CASE("session: parameters are values, whatever they hold") {
    Session session = ScratchServer::shared().login();
    const auto rows = session.query("SELECT $1::text, $2::text IS NULL", soon(),
                                    {std::string{"'; DROP TABLE x; --"}, std::nullopt});
    REQUIRE(rows.has_value());
    CHECK(rows->text(0, 0) == "'; DROP TABLE x; --");
    CHECK(rows->boolean(0, 1));
}

TEST_CASE("session: several statements go out in one round trip and are one transaction") {
    Session session = ScratchServer::shared().login();
    const std::string table = ScratchServer::unique("several");
    Sql sql{"CREATE TABLE "};
    sql.identifier(table).add("(n int); INSERT INTO ").identifier(table).add(" VALUES (1), (2); SELECT sum(n) FROM ");
    sql.identifier(table);
    const auto results = session.query_all(sql, soon());
    REQUIRE(results.has_value());
    REQUIRE(results->size() == 3);
    CHECK((*results)[1].affected() == 2);
    CHECK((*results)[2].number(0, 0) == 3);

    Sql failing{"INSERT INTO "};
    failing.identifier(table).add(" VALUES (3); SELECT 1 / 0");
    const auto failed = session.query_all(failing, soon());
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().sqlstate == "22012");
    CHECK(ScratchServer::shared().run(fmt::format("SELECT count(*) FROM {}", table)) == "2");
}

TEST_CASE("session: an error comes with every field, its position in bytes") {
    Session session = ScratchServer::shared().login();
    const std::string text = "SELECT 'ä€', nothing_like_it FROM pg_class";
    const auto rows = session.query(Sql::foreign(text), soon());
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().sqlstate == "42703");
    CHECK(rows.error().code == Code::internal);
    CHECK_FALSE(rows.error().transient);
    REQUIRE(session.last_error().position.has_value());
    CHECK(*session.last_error().position == text.find("nothing_like_it"));
    CHECK(session.last_error().severity == "ERROR");
    // The next statement finds the session as it was, and the error forgotten.
    REQUIRE(session.query("SELECT 1", soon()).has_value());
    CHECK(session.last_error().message.empty());

    const std::string table = ScratchServer::unique("fields");
    ScratchServer::shared().run(fmt::format("CREATE TABLE {} (n int CONSTRAINT positive CHECK (n > 0))", table));
    const auto refused = session.query(Sql::foreign(fmt::format("INSERT INTO {} VALUES (0)", table)), soon());
    REQUIRE_FALSE(refused.has_value());
    CHECK(session.last_error().table == table);
    CHECK(session.last_error().constraint == "positive");
    CHECK(session.last_error().schema == "public");
    CHECK(refused.error().because.find("Failing row contains (0)") != std::string::npos);
}

TEST_CASE("session: notices and warnings are passed on") {
    Session session = ScratchServer::shared().login();
    std::vector<std::string> heard;
    session.on_notice([&](std::string_view severity, std::string_view text) {
        heard.push_back(fmt::format("{}: {}", severity, text));
    });
    REQUIRE(session.query("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$", soon()).has_value());
    CHECK(heard == std::vector<std::string>{"NOTICE: one", "WARNING: two"});
}

TEST_CASE("session: COPY does not hang it") {
    Session session = ScratchServer::shared().login();
    const auto out = session.query("COPY (SELECT generate_series(1, 100000)) TO STDOUT", soon());
    CHECK(out.has_value());
    const std::string table = ScratchServer::unique("copy");
    ScratchServer::shared().run(fmt::format("CREATE TABLE {} (n int)", table));
    const auto in = session.query(Sql::foreign(fmt::format("COPY {} FROM STDIN", table)), soon());
    REQUIRE_FALSE(in.has_value());
    CHECK(in.error().sqlstate == "57014");
    CHECK(session.query("SELECT 1", soon()).has_value());
}

TEST_CASE("session: a large statement and a large answer pass in both directions") {
    Session session = ScratchServer::shared().login();
    const std::string large(4'000'000, 'x');
    const auto rows = session.query("SELECT $1::text, length($1::text)", soon(), {large});
    REQUIRE(rows.has_value());
    CHECK(rows->text(0, 0) == large);
    CHECK(rows->number(0, 1) == 4'000'000);
}

TEST_CASE("session: a deadline cancels the statement, and the session goes on") {
    Session session = ScratchServer::shared().login();
    const auto began = Clock::now();
    const auto rows = session.query("SELECT pg_sleep(30)", Stop{}.within(200ms));
    CHECK(since(began) < 5s);
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().code == Code::not_ready);
    CHECK(rows.error().sqlstate == "57014");
    CHECK(rows.error().state == "The statement was cancelled.");
    CHECK(session.usable());
    CHECK(session.query("SELECT 1", soon()).has_value());
}

TEST_CASE("session: a signal cancels the statement and is named") {
    Session session = ScratchServer::shared().login();
    StopSource source;
    std::thread later{[&] {
        std::this_thread::sleep_for(200ms);
        source.request(SIGTERM);
    }};
    const auto rows = session.query("SELECT pg_sleep(30)", Stop{source});
    later.join();
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().code == Code::interrupted);
    CHECK(rows.error().exit_code() == 143);
    // Who does not hear the stop can tidy up.
    CHECK(session.query("SELECT 1", Stop{}.within(5s)).has_value());
}

TEST_CASE("session: a backend that is ended is a lost connection, worth another try") {
    Session session = ScratchServer::shared().login();
    ScratchServer::shared().run(fmt::format("SELECT pg_terminate_backend({})", session.backend_pid()));
    const Stop stop = soon();
    while (session.usable() && stop.sleep(5ms)) {
    }
    CHECK_FALSE(session.usable());
    const auto rows = session.query("SELECT 1", soon());
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().code == Code::connection_lost);
    CHECK(rows.error().transient);
}

TEST_CASE("session: a backend that is ended in the middle of a statement says why") {
    Session session = ScratchServer::shared().login();
    std::thread later{[pid = session.backend_pid()] {
        std::this_thread::sleep_for(200ms);
        ScratchServer::shared().run(fmt::format("SELECT pg_terminate_backend({})", pid));
    }};
    const auto rows = session.query("SELECT pg_sleep(30)", soon());
    later.join();
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().code == Code::connection_lost);
    CHECK(rows.error().sqlstate == "57P01");
    CHECK(rows.error().transient);
    CHECK_FALSE(session.usable());
}

TEST_CASE("session: a missing privilege has a code of its own") {
    const std::string role = ScratchServer::unique("poor");
    ScratchServer::shared().run(fmt::format("CREATE ROLE {} LOGIN PASSWORD 'pw'", role));
    const Server server = ScratchServer::shared().server();
    auto session = Session::open(server, {role, Secret{"pw"}, "postgres"}, soon());
    REQUIRE(session.has_value());
    const auto rows = session->query("CREATE ROLE never", soon());
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().code == Code::privilege);
    CHECK(rows.error().sqlstate == "42501");
}

TEST_CASE("session: a verifier lets the role log in, and the server never sees the password") {
    Session session = ScratchServer::shared().login();
    const std::string role = ScratchServer::unique("verified");
    const Secret password{"canary-of-verifier ' \\ ü"};
    const auto verifier = session.verifier(role, password);
    REQUIRE(verifier.has_value());
    CHECK(verifier->starts_with("SCRAM-SHA-256$4096:"));
    Sql sql{"CREATE ROLE "};
    sql.identifier(role).add(" LOGIN PASSWORD ").literal(*verifier);
    REQUIRE(session.query(sql, soon()).has_value());
    const Server server = ScratchServer::shared().server();
    CHECK(Session::open(server, {role, password, "postgres"}, soon()).has_value());
    CHECK(ScratchServer::shared().log().find("canary-of-verifier") == std::string::npos);
}

TEST_CASE("transaction: without commit it is rolled back, also after a stop") {
    Session session = ScratchServer::shared().login();
    const std::string table = ScratchServer::unique("rolled");
    StopSource source;
    {
        auto transaction = Transaction::begin(session, Stop{source});
        REQUIRE(transaction.has_value());
        REQUIRE(session.query(Sql::foreign(fmt::format("CREATE TABLE {} ()", table)), soon()).has_value());
        CHECK(session.in_transaction());
        source.request(SIGTERM);
    }
    CHECK_FALSE(session.in_transaction());
    CHECK(ScratchServer::shared().run(fmt::format("SELECT to_regclass('{}') IS NULL", table)) == "t");
}

TEST_CASE("transaction: a commit after a failed statement is a failure, not a success") {
    Session session = ScratchServer::shared().login();
    auto transaction = Transaction::begin(session, soon());
    REQUIRE(transaction.has_value());
    REQUIRE_FALSE(session.query("SELECT 1 / 0", soon()).has_value());
    const auto committed = transaction->commit(soon());
    REQUIRE_FALSE(committed.has_value());
    CHECK(committed.error().line() == "cannot commit: the server answered ROLLBACK: a statement had failed before");
}
