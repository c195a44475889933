// SPDX-License-Identifier: Apache-2.0
// The engine command on a real server, with small shell scripts as migrators.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/migration_stage.h"

using namespace ainit;
using namespace ainit::migrate;
using namespace std::chrono_literals;
using ainit::test::CapturedLog;
using ainit::test::MigrationStage;
using Names = std::vector<std::string>;

namespace {

struct CommandStage : MigrationStage {
    CommandStage() : MigrationStage{"command"} {
        migration.command = {program("migrate", kMigrator), "up", folder.path()};
    }

    /// Applies what is not in its table yet, as the tools of this world do.
    static constexpr const char* kMigrator = R"sh(set -eu
echo run >> "$2/runs"
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$DSN" -c "$1" 2>/dev/null; }
sql 'CREATE TABLE IF NOT EXISTS ledger (version text PRIMARY KEY)'
for version in 1 2; do
  [ "$(sql "SELECT count(*) FROM ledger WHERE version = '$version'")" = 0 ] || continue
  sql "CREATE TABLE t$version (i int); INSERT INTO ledger VALUES ('$version')"
  echo "applied $version"
done
)sh";

    std::string runs() const {
        std::ifstream file{folder.path() + "/runs"};
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    Names lines() const {
        Names all;
        for (const Progress& one : progress) {
            if (one.kind == Progress::Kind::line) all.push_back(one.text);
        }
        return all;
    }
};

Names names(const Level& level, State state) {
    Names all;
    for (const Entry& entry : level.entries) {
        if (entry.state == state) all.push_back(entry.name);
    }
    return all;
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: the tool runs with its DSN, and the ledger says what it did") {
    migration.ledger_query = "SELECT version FROM ledger ORDER BY version";
    const auto before = look();
    REQUIRE(before.has_value());
    CHECK_FALSE(before->knowable);
    CHECK(before->entries.empty());
    const Report report = must_run();
    CHECK(report.applied == Names{"1", "2"});
    CHECK(report.state == "2 recorded, 2 of them new");
    CHECK(lines() == Names{"applied 1", "applied 2"});
    CHECK(progress.front().kind == Progress::Kind::begin);
    CHECK(progress.back().kind == Progress::Kind::done);
    CHECK(progress.front().migration == role);
    CHECK(sql("SELECT tableowner FROM pg_tables WHERE tablename = 't2'") == role);
    const auto after = look();
    REQUIRE(after.has_value());
    CHECK(names(*after, State::applied) == Names{"1", "2"});
    CHECK(must_run().state == "nothing new; 2 recorded");
}

TEST_CASE_FIXTURE(CommandStage, "migrate command: the environment tells the tool where to go") {
    const std::string script = program(
        "env",
        "printf '%s|' \"$DATABASE_HOST\" \"$DATABASE_PORT\" \"$DATABASE_USERNAME\" "
        "\"$DATABASE_NAME\" \"$DATABASE_TYPE\" \"$MINE\"; echo\n"
        "[ \"$DSN\" = \"$DATABASE_URL\" ] && psql -XAt \"$DSN\" -c 'SHOW lock_timeout' -c 'SELECT "
        "current_user'\n"
        "PGPASSWORD=$DATABASE_PASSWORD psql -XAt -h \"$DATABASE_HOST\" -p \"$DATABASE_PORT\" -U "
        "\"$DATABASE_USERNAME\" -d \"$DATABASE_NAME\" -c 'SELECT 1'\npwd\n");
    migration.command = {script};
    migration.environment = {{"MINE", "${user} at ${database}"}};
    migration.lock_timeout = 2'500ms;
    migration.directory = folder.path();
    must_run();
    CHECK(lines() ==
          Names{fmt::format(
                    "127.0.0.1|{}|{}|{}|postgres|{} at {}|", server.port(), role, role, role, role),
                "2500ms",
                role,
                "1",
                folder.path()});
}

TEST_CASE_FIXTURE(
    CommandStage,
    "migrate command: what the tool prints is without secrets, in text that is text") {
    migration.command = {program("leak",
                                 "echo \"dsn $DSN\"\necho \"password $DATABASE_PASSWORD\" "
                                 ">&2\nprintf 'bad \\377 byte\\n'\n")};
    must_run();
    const std::string all = fmt::format("{}", fmt::join(lines(), "\n"));
    CHECK(all.find("secret") == std::string::npos);
    CHECK(all.find("<redacted>") != std::string::npos);
    CHECK(all.find("bad \xEF\xBF\xBD byte") != std::string::npos);
}

TEST_CASE_FIXTURE(CommandStage, "migrate command: who cannot log in does not start the tool") {
    config.roles.back().password = Secret{"a wrong password"};
    const Failure failure = must_fail();
    CHECK(failure.code == Code::authentication);
    CHECK(failure.exit_code() == 12);
    CHECK(runs().empty());
    CHECK_FALSE(look().has_value());
}

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: a tool that fails is shown with its last twenty lines") {
    migration.command = {
        program("fail",
                "psql -XqAt \"$DSN\" -c 'CREATE TABLE ledger (v text)' -c \"INSERT "
                "INTO ledger VALUES ('1')\"\n"
                "for i in $(seq 25); do echo \"line $i\"; done\nexit 7\n")};
    SUBCASE("with a ledger") {
        migration.ledger_query = "SELECT v FROM ledger";
        const Run ran = run();
        REQUIRE(ran.failure.has_value());
        CHECK(ran.failure->exit_code() == 30);
        CHECK(ran.failure->because == "it exited with 7");
        CHECK(ran.failure->state ==
              "What the tool has committed stays: 1 recorded, 1 of them new.");
        CHECK(ran.failure->excerpt.starts_with("line 6\n"));
        CHECK(ran.failure->excerpt.ends_with("\nline 25"));
        CHECK(ran.failure->where.text() == "test.toml:1:1");
        CHECK(ran.report.applied == Names{"1"});
    }
    SUBCASE("without") {
        CHECK(must_fail().state ==
              "What the tool has committed stays; without a ledger_query it is not known what that "
              "is.");
    }
}

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: a tool that cannot be started keeps its exit code") {
    migration.command = {"no-such-migrator", "up"};
    Failure failure = must_fail();
    CHECK(failure.exit_code() == 127);
    CHECK(failure.what == "cannot start \"no-such-migrator up\" for database \"" + role + "\"");
    migration.command = {folder.write("plain", "no program")};
    failure = must_fail();
    CHECK(failure.exit_code() == 126);
    CHECK(failure.state == "Nothing was changed in this database.");
}

TEST_CASE_FIXTURE(
    CommandStage,
    "migrate command: its timeout asks the tool to end, and kills it after the grace") {
    migration.timeout = 500ms;
    migration.grace = 300ms;
    migration.command = {program("deaf", "trap 'echo heard' TERM\nwhile :; do sleep 1; done\n")};
    const Deadline began = Clock::now();
    const Failure failure = must_fail();
    CHECK(failure.code == Code::migration_timeout);
    CHECK(failure.exit_code() == 30);
    CHECK(failure.because ==
          "it took longer than its timeout of 500 ms; the tool was ended by SIGKILL");
    CHECK(Clock::now() - began < 10s);
}

TEST_CASE_FIXTURE(CommandStage, "migrate command: SIGTERM is passed on, exit 143") {
    migration.command = {program(
        "polite", "trap 'echo goodbye; exit 3' TERM\necho ready\nwhile :; do sleep 0.1; done\n")};
    StopSource source;
    std::thread ask{[&] {
        std::this_thread::sleep_for(500ms);
        source.request(SIGTERM);
    }};
    const Failure failure = must_fail(Stop{source});
    ask.join();
    CHECK(failure.exit_code() == 143);
    CHECK(failure.code == Code::migration_interrupted);
    CHECK(failure.because == "asked to stop by SIGTERM; the tool exited with 3");
    CHECK(failure.excerpt.starts_with("ready\n"));
    // The shell has a word of its own for the sleep that ends with it.
    CHECK(failure.excerpt.find("\ngoodbye") != std::string::npos);
}

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: a tool finds no session of ours in its database") {
    migration.command = {
        program("alone",
                "psql -XAt \"$DSN\" -c \"SELECT count(*) FROM pg_stat_activity WHERE "
                "datname = current_database() AND backend_type = 'client backend'\"\n")};
    REQUIRE(look().has_value());
    // The session that was just closed may be on its way out for a moment.
    for (int i = 0; i < 50; ++i) {
        must_run();
        if (lines().back() == "1") break;
        std::this_thread::sleep_for(20ms);
    }
    CHECK(lines().back() == "1");
}

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: Ory's status says what is pending, before and after") {
    migration.status_command = {program(
        "status",
        "echo noise >&2\n"
        "state() { [ \"$(psql -XAt \"$DSN\" -c \"SELECT to_regclass('t$1') IS NULL\")\" = f ] && "
        "printf Applied || printf Pending; }\n"
        "printf '[{\"state\":\"%s\",\"version\":\"1\",\"name\":\"a\",\"content\":\"%s\"},' "
        "\"$(state 1)\" \"$(head -c 200000 /dev/zero | tr '\\0' x)\"\n"
        "printf '{\"state\":\"%s\",\"version\":\"2\",\"name\":\"b\"}]' \"$(state 2)\"\n")};
    migration.status_format = "ory";
    auto level = look();
    REQUIRE_MESSAGE(level.has_value(), level.error().block());
    CHECK(level->knowable);
    CHECK(names(*level, State::pending) == Names{"1 a", "2 b"});
    must_run();
    level = look();
    REQUIRE(level.has_value());
    CHECK(names(*level, State::applied) == Names{"1 a", "2 b"});
    CHECK(level->pending() == 0);
}

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: exit code 0 with migrations still pending is a failure") {
    migration.command = {program("prompt", "echo 'Do you wish to go on? [y/n]'; echo Aborted\n")};
    SUBCASE("by its status command") {
        migration.status_command = {program("status", "exit 1\n")};
        migration.status_format = "exit";
        CHECK(look()->pending() == 1);
    }
    SUBCASE("by a query") {
        migration.status_query = "SELECT 1";
    }
    const Failure failure = must_fail();
    CHECK(failure.exit_code() == 30);
    CHECK(failure.because == "it exited with 0, but 1 migration is still pending");
    CHECK(failure.excerpt == "Do you wish to go on? [y/n]\nAborted");
}

TEST_CASE_FIXTURE(
    CommandStage,
    "migrate command: a status command that fails, or says nothing known, is exit 30") {
    const std::pair<const char*, const char*> rows[] = {
        {"echo oops >&2; exit 1", "exited with 1"},
        {"echo '[]'", "the answer of"},
        {"kill -9 $$", "was ended by SIGKILL"},
    };
    migration.status_format = "ory";
    for (const auto& [script, because] : rows) {
        CAPTURE(script);
        migration.status_command = {program("status", std::string{script} + "\n")};
        const auto level = look();
        REQUIRE_FALSE(level.has_value());
        CHECK(level.error().code == Code::migration_status);
        CHECK(level.error().exit_code() == 30);
        CHECK(level.error().because.find(because) != std::string::npos);
    }
    migration.timeout = 300ms;
    migration.grace = 100ms;
    migration.status_command = {program("status", "sleep 30\n")};
    const auto level = look();
    REQUIRE_FALSE(level.has_value());
    CHECK(level.error().because.ends_with("did not answer within 300 ms"));
    migration.status_command = {"no-such-migrator"};
    CHECK(look().error().exit_code() == 127);
}

TEST_CASE_FIXTURE(
    CommandStage,
    "migrate command: a status query counts, or says whether; a missing table means never") {
    migration.status_query = "SELECT 2 - count(*) FROM ledger";
    CHECK(look()->pending() == 1);
    must_run();
    CHECK(look()->pending() == 0);
    sql("DELETE FROM ledger");
    CHECK(look()->pending() == 2);
    migration.status_query = "SELECT true";
    CHECK(look()->pending() == 1);
    migration.status_query = "SELECT false";
    CHECK(look()->pending() == 0);
    for (const char* query :
         {"SELECT 'perhaps'", "SELECT NULL", "SELECT 1, 2", "SELECT 1 WHERE false", "SELEC"}) {
        CAPTURE(query);
        migration.status_query = query;
        const auto level = look();
        REQUIRE_FALSE(level.has_value());
        CHECK(level.error().code == Code::migration_status);
    }
}

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: a ledger query that cannot be asked stops before the tool") {
    migration.ledger_query = "SELECT nothing FROM pg_class";
    const Failure failure = must_fail();
    CHECK(failure.code == Code::migration_ledger);
    CHECK(failure.sqlstate == "42703");
    CHECK(runs().empty());
}

TEST_CASE_FIXTURE(CommandStage,
                  "migrate command: a query for a table that is not there after the run is a "
                  "failure, not nothing") {
    SUBCASE("of the ledger") {
        migration.ledger_query = "SELECT version FROM legder";
        REQUIRE(look().has_value());
        const Failure failure = must_fail();
        CHECK(failure.code == Code::migration_ledger);
        CHECK(failure.because == "relation \"legder\" does not exist");
        CHECK(failure.hint == "mend ledger_query: SELECT version FROM legder");
        CHECK(failure.state ==
              "What the tool has committed stays: the tool ran; what it recorded is not known.");
    }
    SUBCASE("of what is pending") {
        migration.status_query = "SELECT count(*) FROM legder";
        CHECK(look()->pending() == 1);
        const Failure failure = must_fail();
        CHECK(failure.code == Code::migration_status);
        CHECK(failure.because == "relation \"legder\" does not exist");
        CHECK(failure.hint == "mend status_query: SELECT count(*) FROM legder");
    }
    CHECK(runs() == "run\n");
}

TEST_CASE_FIXTURE(CommandStage, "migrate command: questions cannot write") {
    sql("CREATE TABLE kept (i int); ALTER TABLE kept OWNER TO " + role);
    const std::string query = "INSERT INTO kept VALUES (1) RETURNING i -- and more";
    SUBCASE("about the ledger") {
        migration.ledger_query = query;
        const auto level = look();
        REQUIRE_FALSE(level.has_value());
        CHECK(level.error().code == Code::migration_ledger);
        CHECK(level.error().sqlstate == "25006");
        CHECK(level.error().hint ==
              "let ledger_query only read: it is asked in a transaction that is READ ONLY");
        CHECK(must_fail().code == Code::migration_ledger);
        migration.ledger_query = "SELECT 'one' -- the only one";
        CHECK(names(*look(), State::applied) == Names{"one"});
    }
    SUBCASE("about what is pending") {
        migration.status_query = query;
        const auto level = look();
        REQUIRE_FALSE(level.has_value());
        CHECK(level.error().code == Code::migration_status);
        CHECK(level.error().sqlstate == "25006");
        CHECK(level.error().hint ==
              "let status_query only read: it is asked in a transaction that is READ ONLY");
        migration.status_query = "SELECT 3; -- pending";
        CHECK(look()->pending() == 3);
    }
    CHECK(sql("SELECT count(*) FROM kept") == "0");
}

TEST_CASE_FIXTURE(CommandStage, "migrate command: the run's deadline is not called the tool's") {
    migration.grace = 100ms;
    migration.command = {program("slow", "sleep 30\n")};
    const Failure failure = must_fail(Stop{}.within(700ms));
    CHECK(failure.code == Code::migration_timeout);
    CHECK(failure.because.starts_with("the time for the whole run is over; the tool "));
    CHECK(failure.hint == "look for what blocked it, or give the run more time (--timeout)");
}

TEST_CASE_FIXTURE(
    CommandStage,
    "migrate command: a secret among the arguments is refused when looking and when running") {
    migration.command.push_back("${dsn}");
    const auto level = look();
    REQUIRE(level.has_value());
    REQUIRE(level->findings.size() == 1);
    CHECK(level->findings[0].exit_code() == 31);
    CHECK(must_fail().code == Code::migration_refused);
    CHECK(runs().empty());
}

TEST_CASE_FIXTURE(
    CommandStage,
    "migrate command: without its database everything is pending, and nothing is asked") {
    migration.status_command = {program("status", "echo asked >> \"$0.asked\"\n")};
    migration.status_format = "ory";
    migration.database = "not_there_yet";
    config.databases.back().name = "not_there_yet";
    for (const bool known : {true, false}) {
        database_exists = known;
        const auto level = look();
        REQUIRE(level.has_value());
        CHECK_FALSE(level->exists);
        CHECK(level->knowable);
        CHECK(level->pending() == 1);
    }
    CHECK_FALSE(std::filesystem::exists(migration.status_command[0] + ".asked"));
}
