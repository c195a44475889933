// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <doctest/doctest.h>

#include "migrate/command/status.h"
#include "migrate/command/tool.h"
#include "migrate/engine.h"

TEST_SUITE_BEGIN("unit");

namespace ainit::migrate::command {
namespace {

postgres::Server some_server() {
    postgres::Server server;
    server.parameters = {{"host", "db.example"}, {"port", "5433"}, {"sslmode", "require"}};
    server.maintenance = {"postgres", Secret{"maintenance-secret"}, "postgres"};
    return server;
}

const postgres::Login kLogin{"kra tos", Secret{"p@ss/word%"}, "kratos"};

config::Config some_config() {
    config::Config config;
    config.postgres.user = "postgres";
    config.postgres.password = Secret{"maintenance-secret"};
    config.roles.emplace_back();
    config.roles.back().name = "kratos";
    config.roles.back().password = Secret{"p@ss/word%"};
    config.databases.emplace_back();
    config.databases.back().name = "kratos";
    return config;
}

std::string value_of(const std::vector<std::string>& environment, const std::string& name) {
    std::string value = "(unset)";
    for (const std::string& one : environment) {
        if (one.starts_with(name + "=")) {
            CHECK(value == "(unset)");
            value = one.substr(name.size() + 1);
        }
    }
    return value;
}

std::vector<std::string> names(const std::vector<Entry>& entries, State state) {
    std::vector<std::string> all;
    for (const Entry& entry : entries) {
        if (entry.state == state) all.push_back(entry.name);
    }
    return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("command: placeholders become the login's facts, a DSN with everything encoded") {
    const Values values = placeholders(some_server(), kLogin);
    CHECK(fill("${dsn}", values) ==
          "postgres://kra%20tos:p%40ss%2Fword%25@db.example:5433/kratos?sslmode=require");
    CHECK(fill("${user}@${host}:${port}/${database} ${password}", values) ==
          "kra tos@db.example:5433/kratos p@ss/word%");
    CHECK(fill("${dsn}&max_conns=20", values).ends_with("sslmode=require&max_conns=20"));
    CHECK(fill("${unknown} $host ${ ${", values) == "${unknown} $host ${ ${");
    CHECK(fill("$${dsn} $${env:A} $$ ${port}", values) == "${dsn} ${env:A} $$ 5433");
    CHECK(fill("", values) == "");
}

TEST_CASE("command: what is filled in is not searched for placeholders") {
    const postgres::Login login{"u", Secret{"${host}"}, "d"};
    CHECK(fill("[${password}]", placeholders(some_server(), login)) == "[${host}]");
}

TEST_CASE("command: ours go before what was inherited, what is given before ours") {
    const Values values = placeholders(some_server(), kLogin);
    const auto all = environment({"PATH=/bin", "DATABASE_HOST=elsewhere", "DSN=old", "EMPTY="},
                                 values,
                                 {{"DATABASE_NAME", "x_${database}"}, {"EXTRA", "${port}"}},
                                 Duration{2'500});
    CHECK(value_of(all, "PATH") == "/bin");
    CHECK(value_of(all, "EMPTY").empty());
    CHECK(value_of(all, "DATABASE_HOST") == "db.example");
    CHECK(value_of(all, "DATABASE_PORT") == "5433");
    CHECK(value_of(all, "DATABASE_USERNAME") == "kra tos");
    CHECK(value_of(all, "DATABASE_PASSWORD") == "p@ss/word%");
    CHECK(value_of(all, "DATABASE_NAME") == "x_kratos");
    CHECK(value_of(all, "DATABASE_TYPE") == "postgres");
    CHECK(value_of(all, "DSN") == values.at("dsn"));
    CHECK(value_of(all, "DATABASE_URL") == values.at("dsn"));
    CHECK(value_of(all, "EXTRA") == "5433");
    CHECK(value_of(all, "PGOPTIONS") == "-c lock_timeout=2500");
}

TEST_CASE("command: lock_timeout is added to the PGOPTIONS that are there") {
    const auto all = environment(
        {"PGOPTIONS=-c jit=off"}, placeholders(some_server(), kLogin), {}, Duration{1'000});
    CHECK(value_of(all, "PGOPTIONS") == "-c jit=off -c lock_timeout=1000");
}

TEST_CASE("command: an argument that would hold a password is refused, exit 31") {
    config::Migration migration;
    migration.name = "kratos";
    const auto refused = [&](const std::string& argument) {
        const auto failure =
            secret_in_arguments(some_config(), migration, kLogin, {"kratos", argument});
        if (failure) CHECK(failure->exit_code() == 31);
        return failure.has_value();
    };
    CHECK(refused("${dsn}"));
    CHECK(refused("--password=${password}"));
    CHECK(refused("--dsn=postgres://u:any@db/kratos"));
    CHECK(refused("p@ss/word%"));
    CHECK(refused("x=p%40ss%2Fword%25"));
    CHECK(refused("maintenance-secret"));
    CHECK_FALSE(refused("migrate"));
    CHECK_FALSE(refused("${host}:${port}/${database}"));
    CHECK_FALSE(refused("$${dsn}"));
    CHECK_FALSE(refused("postgres://db:5432/kratos"));
    CHECK_FALSE(refused("postgres://user@db:5432/kratos"));
    CHECK_FALSE(refused("https://example.org/a:b@c"));
}

TEST_CASE("command: a password that is also a name does not make the name a secret") {
    // Not a name of other tests: what was a secret once is redacted in all that this process says.
    config::Config config = some_config();
    config.roles.back().name = "namesake";
    config.roles.back().password = Secret{"namesake"};
    config::Migration migration;
    const postgres::Login login{"namesake", Secret{"namesake"}, "namesake"};
    const Names arguments{"namesake", "migrate", "--config", "/etc/namesake/namesake.yml"};
    CHECK_FALSE(secret_in_arguments(config, migration, login, arguments).has_value());
    CHECK(secret_in_arguments(config, migration, login, {"namesake", "${dsn}"}).has_value());
}

TEST_CASE("command: without a password a DSN holds no secret") {
    config::Migration migration;
    const postgres::Login login{"kratos", Secret{}, "kratos"};
    CHECK_FALSE(
        secret_in_arguments(some_config(), migration, login, {"migrate", "${dsn}"}).has_value());
}

TEST_CASE("command: the last twenty lines are kept, without secrets") {
    const Secret secret{"canary-4711"};
    LastLines last;
    for (int i = 1; i <= 25; ++i) last.add(std::to_string(i));
    last.add("the canary-4711 sings \xFF");
    CHECK(last.text().starts_with("7\n8\n"));
    CHECK(last.text().ends_with("\n25\nthe <redacted> sings \xEF\xBF\xBD"));
}

TEST_CASE("command: Ory's status is read in each shape that it has had") {
    struct Row {
        const char* name;
        std::vector<std::string> pieces;
    };

    const Row rows[] = {
        {"an array with lower-case keys",
         {R"([{"state":"Applied","version":"20191","name":"one","content":"CREATE [x];"},)"
          R"({"state":"Pending","version":"20192","name":"two","content":""}])"}},
        {"capital keys",
         {R"([{"State":"Applied","Version":"20191","Name":"one"},)"
          R"({"State":"Pending","Version":"20192","Name":"two"}])"}},
        {"within an object, with status for state",
         {R"({"migrations":[{"status":"applied","version":"20191","name":"one"},)"
          R"({"status":"pending","version":"20192","name":"two"}],"next":""})"}},
        {"pretty, after lines of a log",
         {"[INFO] warming up",
          "{\"level\":\"info\"",
          "[",
          " {\"state\": \"Applied\", \"version\": \"20191\",",
          "  \"name\": \"one\"},",
          " {\"state\": \"Pending\",",
          "  \"version\": \"20192\", \"name\": \"two\"}",
          "]"}},
        {"a long line in pieces",
         {R"([{"state":"Applied","version":"20191","name":"one","content":"aaa)",
          R"(bbb"},{"state":"Pending","version":"20192","name":"tw)",
          R"(o"}])"}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        const auto entries = read_ory_status(row.pieces);
        REQUIRE_MESSAGE(entries.has_value(), entries.error().because);
        CHECK(names(*entries, State::applied) == Names{"20191 one"});
        CHECK(names(*entries, State::pending) == Names{"20192 two"});
    }
}

TEST_CASE("command: what is no status says what is wrong with it") {
    const std::pair<const char*, const char*> rows[] = {
        {"", "it holds no JSON"},
        {"Version Name Status", "it holds no JSON"},
        {"[{\"state\":", "it holds no JSON"},
        {"[]", "its list of migrations is empty"},
        {"{\"a\": 1}", "it holds no list of migrations"},
        {"[1]", "one of its migrations is no object"},
        {"[{\"state\":\"Pending\"}]", "one of its migrations has no version"},
        {"[{\"state\":\"Odd\",\"version\":\"1\"}]",
         "the state \"Odd\" of 1 is neither Applied nor Pending"},
    };
    for (const auto& [text, because] : rows) {
        CAPTURE(text);
        const auto entries = read_ory_status({text});
        REQUIRE_FALSE(entries.has_value());
        CHECK(entries.error().because == because);
        CHECK(entries.error().code == Code::migration_status);
    }
}

TEST_CASE("command: a status query answers with a number or a boolean") {
    CHECK(read_pending("0") == 0);
    CHECK(read_pending("12") == 12);
    CHECK(read_pending("t") == 1);
    CHECK(read_pending("f") == 0);
    for (const char* text : {"", "-1", "1.5", "yes", "12 "}) {
        CAPTURE(text);
        CHECK(read_pending(text).has_value() == (std::string_view{text} == "12 "));
    }
    CHECK(names(pending_entries("app", 2), State::pending) ==
          Names{"app (1 of 2)", "app (2 of 2)"});
    CHECK(names(pending_entries("app", 1), State::pending) == Names{"app"});
    CHECK(pending_entries("app", 0).empty());
}

TEST_CASE("engine: one that is not known is a failure of the configuration") {
    config::Migration migration;
    migration.name = "app";
    migration.engine = "flyway";
    migration.origin = {"alkemio.toml", 7, 1};
    const auto engine = make_engine(migration);
    REQUIRE_FALSE(engine.has_value());
    CHECK(engine.error().exit_code() == 10);
    CHECK(engine.error().because == "there is no engine \"flyway\"");
    for (const char* name : {"sql", "command"}) {
        migration.engine = name;
        CHECK(make_engine(migration).has_value());
    }
}

}  // namespace ainit::migrate::command
