// SPDX-License-Identifier: Apache-2.0
// [[service]]: what it fills, and what is wrong with it.
#include <doctest/doctest.h>

#include "config/needs.h"
#include "unit/config/loading.h"

using namespace ainit;
using test::failures;
using test::parse;
using test::warnings;

namespace {

const std::string kDatabases = "[[role]]\nname = \"kratos\"\n[[database]]\nname = \"kratos\"\nowner = \"kratos\"\n[[database]]\nname = \"hydra\"\n"
                               "owner = \"kratos\"\n";

/// One service with these lines, the first of which is line 10 of the file.
config::Loaded service(const std::string& lines) {
    return parse(kDatabases + "[[service]] # 9\n" + lines + (lines.find("name =") == std::string::npos ? "name = \"s\"\n" : "") +
                 (lines.find("command =") == std::string::npos ? "command = [\"true\"]\n" : ""));
}

std::string needs(const config::Loaded& loaded, const std::string& name) {
    std::string out;
    for (const config::Need& need : config::needs_of(loaded.config, *loaded.config.service(name))) out += need.text() + " ";
    return out;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("service: every key has its place") {
    const config::Loaded loaded = service(
        "name = \"kratos-1\"\ncommand = [\"kratos\", \"serve\", \"--host=${host}\"]\nneeds = \"hydra\"\ndatabase = \"kratos\"\nrole = \"kratos\"\n"
        "environment = { DSN = \"${dsn}?x=1\" }\nkeep_env = [\"TOKEN\"]\nuser = \"0\"\ngroup = \"0\"\nworking_directory = \"work\"\n"
        "ready = \"http://localhost:4433/health/ready\"\nready_timeout = \"2m\"\nrestart = \"always\"\nrestart_limit = 7\nbackoff = \"250ms\"\n"
        "stop_signal = \"INT\"\nstop_timeout = \"4s\"\nrewrite = { USR1 = \"HUP\", SIGUSR2 = \"0\" }\noutput = \"json\"\nmain = true\n"
        "[run]\non_failed_start = \"stay\"\nstop_timeout = \"20s\"\nstop_delay = \"3s\"\nzero_when_stopped = true\n#name = command =");
    CHECK(failures(loaded) == "");
    CHECK(warnings(loaded) == "");
    const config::Service& one = loaded.config.services.at(0);
    CHECK(one.name == "kratos-1");
    CHECK(one.command == std::vector<std::string>{"kratos", "serve", "--host=${host}"});
    CHECK(one.role == "kratos");
    CHECK(one.environment == config::Settings{{"DSN", "${dsn}?x=1"}});
    CHECK(one.keep_env == std::vector<std::string>{"TOKEN"});
    CHECK(one.working_directory == "./work");
    CHECK(one.ready_timeout == Duration{120'000});
    CHECK(one.restart == "always");
    CHECK(one.restart_limit == 7);
    CHECK(one.backoff == Duration{250});
    CHECK(one.stop_signal == SIGINT);
    CHECK(one.stop_timeout == Duration{4'000});
    CHECK(one.rewrite == std::map<int, int>{{SIGUSR1, SIGHUP}, {SIGUSR2, 0}});
    CHECK(one.output == "json");
    CHECK(one.main);
    CHECK(needs(loaded, "kratos-1") == "database=kratos database=hydra ");
    CHECK(loaded.config.run.on_failed_start == "stay");
    CHECK(loaded.config.run.stop_timeout == Duration{20'000});
    CHECK(loaded.config.run.stop_delay == Duration{3'000});
    CHECK(loaded.config.run.zero_when_stopped);
    CHECK(test::shown(loaded, "service.kratos-1.rewrite.USR1").starts_with("\"HUP\"  # alkemio.toml:"));
    CHECK(test::shown(service(""), "service.s.restart") == "\"on-failure\"  # default");
}

TEST_CASE("service: a need means what there is of that name") {
    const std::string file = kDatabases + "[[migration]]\nname = \"kratos-sql\"\ndatabase = \"kratos\"\nengine = \"sql\"\nfiles = \"x\"\n"
                                          "[[check]]\nname = \"tidy\"\ndatabase = \"kratos\"\nquery = \"SELECT true\"\n"
                                          "[[service]]\nname = \"kratos\"\ncommand = [\"true\"]\nneeds = [\"kratos\", \"kratos-sql\", \"tidy\", \"role=kratos\"]\n"
                                          "[[service]]\nname = \"web\"\ncommand = [\"true\"]\nneeds = [\"service=kratos\", \"migrations=kratos\"]\n";
    const config::Loaded loaded = parse(file);
    CHECK(failures(loaded) == "");
    CHECK(needs(loaded, "kratos") == "database=kratos migrations=kratos-sql check=tidy role=kratos ");
    CHECK(needs(loaded, "web") == "service=kratos migrations=kratos ");
    CHECK(failures(parse(file + "[[service]]\nname = \"other\"\ncommand = [\"true\"]\nneeds = \"kratos\"\n")) ==
          "alkemio.toml:29:9 E115 cannot tell what service \"other\" needs by \"kratos\": there are several things of that name; write "
          "\"database=kratos\" or \"service=kratos\"\n");
}

TEST_CASE("service: what is wrong is told with its place") {
    struct Row {
        std::string lines;
        std::string expected;
    };
    const Row rows[] = {
        {"needs = [\"kratoss\"]\n",
         "10:9 E115 cannot use the need \"kratoss\" in service \"s\": no database, migration, check, role or service has that name; did you mean "
         "\"kratos\"?\n"},
        {"needs = [\"database=kratoss\"]\n",
         "10:9 E115 cannot use the need \"database=kratoss\" in service \"s\": no database, migration, check, role or service has that name; did "
         "you mean \"database=kratos\"?\n"},
        {"needs = [\"s\"]\n", "10:9 E115 cannot use the need \"s\" in service \"s\": it is the service itself; name what is declared in this file\n"},
        {"needs = [\"service=s\"]\n", "10:9 E115 cannot start service \"s\" before itself: it needs \"s\"; remove one of these needs\n"},
        {"command = \"kratos serve\"\n",
         "10:11 E113 cannot use the value of \"command\" in service.s: it must be a list of text, and is text; write [\"program\", "
         "\"argument\"]; where a shell is meant, [\"sh\", \"-c\", \"…\"]\n"},
        {"command = []\n", "10:11 E113 cannot use the value of \"command\" in service.s: the list is empty\n"},
        {"name = \"a b\"\n",
         "10:8 E113 cannot use \"a b\" as the name of a service: it has characters other than letters, digits, \"_\", \".\" and \"-\"\n"},
        {"role = \"kratos\"\n", "10:8 E114 cannot use role in service \"s\": there is no database to log in to; add: database = …\n"},
        {"database = \"nowhere\"\n", "10:12 E115 cannot use the database \"nowhere\" in service \"s\": no [[database]] declares it; declare it\n"},
        {"environment = { A = \"x\", DSN = \"${dsn}\" }\n",
         "10:15 E114 cannot replace \"${dsn}\" in environment of service \"s\": there is no database to log in to; add: database = …\n"},
        {"command = [\"psql\", \"${dsn}\"]\ndatabase = \"kratos\"\n",
         "10:11 E115 cannot use the command of service \"s\": one of its arguments holds a password, and arguments can be read by every user of "
         "the machine; give it by the environment: with database = … DSN and DATABASE_* are set\n"},
        {"command = [\"psql\", \"postgres://me:secret@db/x\"]\n",
         "10:11 E115 cannot use the command of service \"s\": one of its arguments holds a password, and arguments can be read by every user of "
         "the machine; give it by the environment: with database = … DSN and DATABASE_* are set\n"},
        {"ready = \"soon\"\n",
         "10:9 E113 cannot use \"soon\" as \"ready\" in service \"s\": it is none of started, alive:DURATION, notify, fd:N, log:TEXT, "
         "tcp://HOST:PORT, http(s)://…, file:PATH\n"},
        {"ready = \"tcp://localhost\"\n",
         "10:9 E113 cannot use \"tcp://localhost\" as \"ready\" in service \"s\": it is no tcp://HOST:PORT, http(s)://HOST/PATH or file:PATH\n"},
        {"restart = \"unless-stopped\"\n",
         "10:11 E113 cannot use \"unless-stopped\" as \"restart\" in service.s: it must be one of always, on-failure, never\n"},
        {"stop_signal = \"STOPP\"\n",
         "10:15 E113 cannot use \"STOPP\" in \"stop_signal\" of service.s: there is no such signal; write a name such as TERM or RTMIN+1, or a "
         "number\n"},
        {"rewrite = { USR9 = \"HUP\" }\n",
         "10:11 E113 cannot use \"USR9\" in \"rewrite\" of service.s: there is no such signal; write a name such as TERM or RTMIN+1, or a "
         "number\n"},
        {"group = \"0\"\n", "10:9 E114 cannot use group in service \"s\": there is no user; add: user = …\n"},
        {"main = true\ncritical = false\n",
         "11:12 E115 cannot use critical = false in service \"s\": it is the main one, whose end is the end of all; remove main or critical\n"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.lines);
        CHECK(failures(service(row.lines)) == "alkemio.toml:" + row.expected);
    }
}

TEST_CASE("service: circles, two main ones and two of one name are refused") {
    const auto one = [](const std::string& name, const std::string& more) { return "[[service]]\nname = \"" + name + "\"\ncommand = [\"true\"]\n" + more + "\n"; };
    CHECK(failures(parse(one("a", "needs = \"b\"") + one("b", "needs = \"c\"") + one("c", "needs = \"a\"") + one("d", "needs = \"a\""))) ==
          "alkemio.toml:4:9 E115 cannot start service \"a\" before itself: it needs \"b\", which needs \"c\", which needs \"a\"; remove one of these "
          "needs\n");
    CHECK(failures(parse(one("a", "main = true") + one("b", "main = true"))) ==
          "alkemio.toml:8:8 E115 cannot make service \"b\" the main one: that is \"a\", at alkemio.toml:1:1, and only one exit code can be ours; "
          "leave main out of one of them\n");
    CHECK(failures(parse(one("a", "") + one("a", ""))) ==
          "alkemio.toml:6:8 E115 cannot have two [[service]] named \"a\": the first is at alkemio.toml:2:8; remove or rename one of them\n");
    CHECK(failures(parse("[run]\nstop_timeout = \"5s\"\nstop_delay = \"5s\"\n")) ==
          "alkemio.toml:3:14 E115 cannot wait 5.0 s after SIGTERM in run: all must have ended 5.0 s after it; make stop_delay shorter than "
          "stop_timeout\n");
}

TEST_CASE("service: what may be meant so is warned of") {
    CHECK(warnings(parse("[[database]]\nname = \"d\"\n[[service]]\nname = \"s\"\ncommand = [\"true\"]\ndatabase = \"d\"\n")) ==
          "alkemio.toml:6:12 service \"s\" gets the maintenance user's login: database \"d\" names no owner\n");
    CHECK(warnings(service("user = \"nobody-knows\"\n")) ==
          "alkemio.toml:10:8 service \"s\" has a user or group that is not known here: cannot run as user \"nobody-knows\": the system knows no such "
          "user\n");
}

TEST_SUITE_END();
