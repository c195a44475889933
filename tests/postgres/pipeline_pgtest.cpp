// SPDX-License-Identifier: Apache-2.0
// Statements that go to a real server together.
#include "postgres/exchange.h"

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

Session in_transaction() {
    Session session = ScratchServer::shared().login();
    if (auto begun = session.query("BEGIN", soon()); !begun) FAIL(begun.error().block());
    return session;
}

std::vector<Statement> statements(std::initializer_list<std::string> texts) {
    std::vector<Statement> made;
    for (const std::string& text : texts) made.push_back({text});
    return made;
}

void go_on(Pipeline& pipeline) {
    REQUIRE(soon().wait_fd(pipeline.fd(), pipeline.events()) > 0);
    pipeline.advance();
}

/// All answers: their tags, and the message of the failure.
std::vector<std::string> run(Pipeline& pipeline) {
    std::vector<std::string> told;
    while (!pipeline.over()) {
        if (!pipeline.done()) go_on(pipeline);
        while (auto answer = pipeline.take()) told.push_back(*answer ? (**answer).tag() : answer->error().because);
    }
    return told;
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("pipeline: answers come in the order of the statements, and the session can be used again") {
    Session session = in_transaction();
    Pipeline pipeline{session, statements({"CREATE TEMP TABLE a (b int)", "ALTER TABLE a ADD c int", "DROP TABLE a"})};
    CHECK(run(pipeline) == std::vector<std::string>{"CREATE TABLE", "ALTER TABLE", "DROP TABLE"});
    CHECK_FALSE(pipeline.take().has_value());
    CHECK(session.in_transaction());
    CHECK(session.query("SELECT 1", soon()).has_value());
}

TEST_CASE("pipeline: parameters go with their statement") {
    Session session = in_transaction();
    std::vector<Statement> several = statements({"CREATE TEMP TABLE a (b int, c text)", "INSERT INTO a VALUES ($1, $2)"});
    several[1].parameters = {std::string{"7"}, std::string{"'; DROP TABLE a"}};
    Pipeline pipeline{session, std::move(several)};
    CHECK(run(pipeline) == std::vector<std::string>{"CREATE TABLE", "INSERT 0 1"});
    const auto rows = session.query("SELECT * FROM a", soon());
    REQUIRE(rows.has_value());
    CHECK(rows->text(0, 0) == "7");
    CHECK(rows->text(0, 1) == "'; DROP TABLE a");
}

TEST_CASE("pipeline: nothing behind one that fails is done, and its answer is the last") {
    Session session = in_transaction();
    const std::string sequence = ScratchServer::unique("counted");
    ScratchServer::shared().run(fmt::format("CREATE SEQUENCE {}", sequence));
    const std::string next = fmt::format("SELECT nextval('{}')", sequence);
    Pipeline pipeline{session, statements({next, "ALTER TABLE nowhere ADD a int", next, next})};
    CHECK(run(pipeline) == std::vector<std::string>{"SELECT 1", "relation \"nowhere\" does not exist"});
    CHECK(session.last_error().sqlstate == "42P01");
    CHECK(session.in_failed_transaction());
    CHECK(session.query("ROLLBACK", soon()).has_value());
    CHECK(ScratchServer::shared().run(fmt::format("SELECT last_value FROM {}", sequence)) == "1");
    CHECK(ScratchServer::shared().log().find("current transaction is aborted") == std::string::npos);
}

TEST_CASE("pipeline: each is answered as soon as it is done, the last one when all is") {
    Session session = in_transaction();
    Pipeline pipeline{session, statements({"SELECT 1", "SELECT pg_sleep(1)"})};
    const auto began = Clock::now();
    auto first = pipeline.take();
    for (; !first; first = pipeline.take()) go_on(pipeline);
    CHECK(Clock::now() - began < 900ms);
    CHECK_FALSE(pipeline.done());
    CHECK(run(pipeline) == std::vector<std::string>{"SELECT 1"});
    CHECK(pipeline.done());
}

TEST_CASE("pipeline: more than a socket holds, both ways") {
    Session session = in_transaction();
    std::vector<Statement> many;
    const std::string comment(400'000, 'x');
    for (int i = 0; i < 32; ++i) many.push_back({fmt::format("SELECT '{}'", comment)});
    Pipeline pipeline{session, std::move(many)};
    CHECK(run(pipeline).size() == 32);
}

TEST_CASE("pipeline: a cancel ends the one that runs, and nothing behind it is done") {
    Session session = in_transaction();
    Pipeline pipeline{session, statements({"SELECT 1", "SELECT pg_sleep(60)", "CREATE TABLE never ()"})};
    // Wherever the server is in them.
    CHECK(pipeline.cancel(20s));
    const std::vector<std::string> told = run(pipeline);
    REQUIRE(!told.empty());
    CHECK(told.back() == "canceling statement due to user request");
    CHECK(session.usable());
    CHECK(session.in_failed_transaction());
}

TEST_CASE("pipeline: a lost connection fails the one that runs") {
    Session session = in_transaction();
    Pipeline pipeline{session, statements({"SELECT 1", "SELECT pg_sleep(60)", "SELECT 2"})};
    std::thread later{[pid = session.backend_pid()] {
        std::this_thread::sleep_for(100ms);
        ScratchServer::shared().run(fmt::format("SELECT pg_terminate_backend({})", pid));
    }};
    const std::vector<std::string> told = run(pipeline);
    later.join();
    REQUIRE(told.size() == 2);
    CHECK(told[0] == "SELECT 1");
    CHECK(told[1].find("terminating connection due to administrator command") != std::string::npos);
    CHECK(session.last_error().sqlstate == "57P01");
    CHECK_FALSE(session.usable());
}

TEST_CASE("pipeline: a server that goes away with the last one fails that one") {
    Session session = in_transaction();
    Pipeline pipeline{session, statements({"SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())"})};
    const std::vector<std::string> told = run(pipeline);
    REQUIRE(told.size() == 2);
    CHECK(told[0] == "SELECT 1");
    CHECK(told[1].find("terminating connection due to administrator command") != std::string::npos);
    CHECK_FALSE(session.usable());
}
