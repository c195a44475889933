// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include <fmt/format.h>

#include "postgres/provisioning.h"

using namespace ainit;
using namespace ainit::test;
using namespace std::chrono_literals;
using plan::Effect;

namespace {

std::string name(const std::string& prefix) { return ScratchServer::unique(prefix); }

/// Somebody else's open transaction.
class Other {
  public:
    explicit Other(const std::string& sql, const std::string& database = "postgres") : session_{open(database)} {
        run("BEGIN");
        run(sql);
    }
    void run(const std::string& sql) {
        auto done = session_.query(Sql::foreign(sql), patience());
        if (!done) FAIL(done.error().block());
    }
    int pid() const { return session_.backend_pid(); }

  private:
    static postgres::Session open(const std::string& database) {
        const postgres::Server server = scratch().server();
        auto session = postgres::Session::open(server, server.login(database), patience());
        if (!session) FAIL(session.error().block());
        return std::move(*session);
    }
    postgres::Session session_;
};

/// Waits until a session waits for the other one.
void wait_for_waiter(const Other& other) {
    const Stop stop = patience();
    const std::string question =
        fmt::format("SELECT count(*) FROM pg_stat_activity WHERE {} = ANY (pg_blocking_pids(pid))", other.pid());
    while (scratch().run(question) == "0") REQUIRE(stop.sleep(10ms));
}

/// Applies the plan while the other transaction is open, and ends that once somebody waits for it.
provision::Applied apply_beside(const config::Config& config, const plan::Plan& plan, Other& other, const std::string& end) {
    provision::Applied applied;
    std::thread run{[&] { applied = apply(config, plan); }};
    wait_for_waiter(other);
    other.run(end);
    run.join();
    return applied;
}

void check_unchanged(const provision::Applied& applied) {
    if (applied.failure) FAIL(applied.failure->block());
    for (const plan::Outcome& outcome : applied.outcomes) {
        CHECK(outcome.effect == Effect::unchanged);
        CHECK(outcome.note == "made by somebody else meanwhile");
    }
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("races: what somebody else made since the look is unchanged") {
    config::Config config = config_for();
    const std::string thing = name("thing");
    SUBCASE("a role: 42710") {
        config.roles = {role(thing)};
        const plan::Plan plan = plan_of(config);
        scratch().run("CREATE ROLE " + thing + " LOGIN");
        check_unchanged(apply(config, plan));
    }
    SUBCASE("a database: 42P04") {
        config.databases = {database(thing, "")};
        const plan::Plan plan = plan_of(config);
        scratch().run("CREATE DATABASE " + thing);
        check_unchanged(apply(config, plan));
    }
    SUBCASE("a schema: 42P06, an extension: 42710") {
        config.databases = {database(thing, "")};
        converge(config);
        config.databases.front().schemas = {{{}, "app", ""}};
        config.databases.front().extensions = {extension("pg_trgm")};
        const plan::Plan plan = plan_of(config);
        CHECK(plan.steps.size() == 2);
        scratch().run("CREATE SCHEMA app; CREATE EXTENSION pg_trgm", thing);
        check_unchanged(apply(config, plan));
    }
}

TEST_CASE("races: a role that another transaction makes at the same moment: 23505") {
    config::Config config = config_for();
    const std::string thing = name("thing");
    config.roles = {role(thing)};
    const plan::Plan plan = plan_of(config);
    Other other{"CREATE ROLE " + thing + " LOGIN"};
    SUBCASE("and commits") { check_unchanged(apply_beside(config, plan, other, "COMMIT")); }
    SUBCASE("and rolls back") {
        CHECK(effects(apply_beside(config, plan, other, "ROLLBACK")) == std::vector{Effect::changed});
    }
}

TEST_CASE("races: a role that another transaction changes at the same moment: XX000") {
    config::Config config = config_for();
    const std::string thing = name("thing");
    config.roles = {role(thing)};
    config.roles.front().createdb = true;
    converge(config);
    config.roles.front().createdb = false;
    config.roles.front().given = {"createdb"};
    const plan::Plan plan = plan_of(config);
    CHECK(plan.steps.size() == 1);
    const std::size_t before = scratch().log().size();
    SUBCASE("to the same") {
        Other other{"ALTER ROLE " + thing + " NOCREATEDB"};
        check_unchanged(apply_beside(config, plan, other, "COMMIT"));
    }
    SUBCASE("in another way") {
        Other other{"ALTER ROLE " + thing + " CONNECTION LIMIT 3"};
        CHECK(effects(apply_beside(config, plan, other, "COMMIT")) == std::vector{Effect::changed});
    }
    CHECK(scratch().log().find("tuple concurrently updated", before) != std::string::npos);
    CHECK(steps(plan_of(config)) == Lines{});
}

TEST_CASE("races: settings, grants and default privileges changed at the same moment") {
    config::Config config = config_for();
    const std::string thing = name("thing");
    const std::string reader = name("reader");
    config.roles = {role(reader)};
    config.databases = {database(thing, "")};
    converge(config);
    config::Database& wanted = config.databases.front();
    SUBCASE("ALTER DATABASE SET") {
        wanted.settings = {{"work_mem", "8MB"}};
        scratch().run("ALTER DATABASE " + thing + " SET timezone = 'UTC'");
        const plan::Plan plan = plan_of(config);
        Other other{"ALTER DATABASE " + thing + " SET work_mem = '8MB'"};
        check_unchanged(apply_beside(config, plan, other, "COMMIT"));
    }
    SUBCASE("GRANT ON DATABASE") {
        wanted.grants = {grant({"CREATE"}, "database", "", {}, {reader})};
        const plan::Plan plan = plan_of(config);
        Other other{"GRANT CREATE ON DATABASE " + thing + " TO " + reader};
        check_unchanged(apply_beside(config, plan, other, "COMMIT"));
    }
    SUBCASE("ALTER DEFAULT PRIVILEGES") {
        config::DefaultPrivilege future;
        future.privileges = {"SELECT"};
        future.roles = {reader};
        wanted.default_privileges = {future};
        scratch().run("ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO " + reader, thing);
        const plan::Plan plan = plan_of(config);
        Other other{"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO " + reader, thing};
        check_unchanged(apply_beside(config, plan, other, "COMMIT"));
    }
    CHECK(steps(plan_of(config)) == Lines{});
}

TEST_CASE("races: a template that is in use for a while is waited for: 55006") {
    const std::string source = name("template");
    scratch().run("CREATE DATABASE " + source);
    config::Config config = config_for();
    config.databases = {database(name("copy"), "")};
    config.databases.front().database_template = source;
    const plan::Plan plan = plan_of(config);
    const std::size_t before = scratch().log().size();
    std::optional<Other> other;
    other.emplace("SELECT 1", source);
    provision::Applied applied;
    std::thread run{[&] { applied = apply(config, plan); }};
    const Stop stop = patience();
    while (scratch().log().find("is being accessed by other users", before) == std::string::npos) REQUIRE(stop.sleep(50ms));
    other.reset();
    run.join();
    CHECK(effects(applied) == std::vector{Effect::changed});
}

TEST_CASE("races: a lock that is held too long is tried again, and named in the end: 55P03") {
    config::Config config = config_for();
    config.postgres.lock_timeout = 50ms;
    const std::string thing = name("thing");
    config.roles = {role(thing)};
    const plan::Plan plan = plan_of(config);
    Other other{"CREATE ROLE " + thing + " LOGIN"};
    SUBCASE("released in time") {
        provision::Applied applied;
        std::thread run{[&] { applied = apply(config, plan); }};
        const Stop stop = patience();
        const std::size_t before = scratch().log().size();
        while (scratch().log().find("lock timeout", before) == std::string::npos) REQUIRE(stop.sleep(10ms));
        other.run("COMMIT");
        run.join();
        check_unchanged(applied);
    }
    SUBCASE("never released") {
        const provision::Applied applied = apply(config, plan);
        REQUIRE(applied.failure.has_value());
        CHECK(applied.failure->code == Code::provision_step);
        CHECK(applied.failure->sqlstate == "55P03");
        CHECK(applied.failure->hint == "end the session that holds the lock (pg_locks tells which), or raise lock_timeout");
        CHECK(applied.failure->state == "Of 1 steps 0 are done and stay; this one is not.");
        other.run("ROLLBACK");
    }
}

TEST_CASE("races: eight runs apply the same plan at once, and all end well") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    const std::string app = name("app");
    config.roles = {role(owner, "pw-of-owner"), role(app, "pw-of-app")};
    config.roles.front().settings = {{"work_mem", "8MB"}};
    config.roles.front().member_of = {app};
    for (int i = 0; i < 2; ++i) {
        config::Database wanted = database(name("db"), owner);
        wanted.settings = {{"timezone", "UTC"}};
        wanted.schemas = {{{}, "app", ""}};
        wanted.extensions = {extension("pg_trgm"), extension("citext")};
        wanted.grants = {grant({"CREATE"}, "database", "", {}, {app}), grant({"USAGE"}, "schema", "app", {}, {app})};
        config::DefaultPrivilege future;
        future.privileges = {"SELECT"};
        future.roles = {app};
        wanted.default_privileges = {future};
        config.databases.push_back(wanted);
    }
    const plan::Plan plan = plan_of(config);
    std::vector<provision::Applied> all(8);
    std::vector<std::thread> runs;
    for (provision::Applied& one : all) runs.emplace_back([&] { one = apply(config, plan); });
    for (std::thread& run : runs) run.join();
    std::map<std::string, int> made;
    for (const provision::Applied& one : all) {
        CHECK_MESSAGE(!one.failure, (one.failure ? one.failure->block() : ""));
        for (const plan::Outcome& outcome : one.outcomes) {
            if (outcome.effect == Effect::changed) ++made[plan::describe(outcome.step.action)];
        }
    }
    for (const config::Database& wanted : config.databases) {
        CHECK(made[fmt::format("create database \"{}\"", wanted.name)] == 1);
        CHECK(made[fmt::format("create extension \"citext\" in database \"{}\"", wanted.name)] == 1);
    }
    CHECK(steps(plan_of(config)) == Lines{});
}

TEST_CASE("stop: a signal in the middle of a step ends it and says how far it came") {
    config::Config config = config_for();
    const std::string first = name("first");
    const std::string thing = name("thing");
    config.roles = {role(first), role(thing), role(name("third"))};
    const plan::Plan plan = plan_of(config);
    Other other{"CREATE ROLE " + thing};
    StopSource source;
    provision::Applied applied;
    std::thread run{[&] { applied = apply(config, plan, Stop{source}.within(60s)); }};
    wait_for_waiter(other);
    source.request(SIGTERM);
    run.join();
    other.run("ROLLBACK");
    REQUIRE(applied.failure.has_value());
    CHECK(applied.failure->code == Code::interrupted);
    CHECK(applied.failure->exit_code() == 128 + SIGTERM);
    CHECK(applied.failure->what == fmt::format("cannot create role \"{}\"", thing));
    CHECK(applied.failure->state == "Of 3 steps 1 are done and stay; this one is not, and the 1 after it were not begun.");
    CHECK(effects(applied) == std::vector{Effect::changed, Effect::failed, Effect::skipped});
    CHECK_FALSE(look(config).roles.contains(thing));
}

TEST_CASE("stop: a connection that is lost in the middle is worth another look") {
    config::Config config = config_for();
    const std::string thing = name("thing");
    config.roles = {role(thing)};
    const plan::Plan plan = plan_of(config);
    Other other{"CREATE ROLE " + thing};
    provision::Applied applied;
    std::thread run{[&] { applied = apply(config, plan); }};
    wait_for_waiter(other);
    scratch().run(fmt::format("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {} = ANY (pg_blocking_pids(pid))",
                              other.pid()));
    run.join();
    other.run("ROLLBACK");
    REQUIRE(applied.failure.has_value());
    CHECK(applied.failure->code == Code::connection_lost);
    CHECK(applied.failure->transient);
    CHECK(applied.failure->state == "Of 1 steps 0 are done and stay; this one is done or not, which the next look tells.");
    converge(config);
}

TEST_CASE("stop: a server that is gone between two logins is worth another look") {
    ScratchServer server;
    config::Config config = config_for();
    const std::string owner = name("owner");
    config.roles = {role(owner, "pw-of-owner")};
    config.databases = {database(name("db"), owner)};
    postgres::Sessions sessions{server.server()};
    REQUIRE(sessions.maintenance(patience()).has_value());
    auto observed = provision::observe(sessions, config, patience());
    REQUIRE(observed.has_value());
    const plan::Plan plan = plan::make_plan(config, *observed);
    server.kill();
    sessions.drop_all();
    const auto again = provision::observe(sessions, config, patience());
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == Code::connection_lost);
    CHECK(again.error().transient);
    const provision::Applied applied = provision::apply(sessions, plan, config, patience(), {});
    REQUIRE(applied.failure.has_value());
    CHECK(applied.failure->code == Code::connection_lost);
    CHECK(applied.failure->transient);
}
