// SPDX-License-Identifier: Apache-2.0
// Files that are right: values, expansion, secrets, what `config show` tells.
#include <algorithm>

#include <doctest/doctest.h>

#include "base/child.h"
#include "base/secret.h"
#include "unit/config/loading.h"
#include "support/scratch.h"

using namespace ainit;
using test::failures;
using test::parse;
using test::shown;
using test::warnings;

TEST_SUITE_BEGIN("unit");

TEST_CASE("config: a whole file is read into the model") {
    const auto loaded = parse(R"(
[postgres]
host = ["db-1", "db-2"]
port = [5432, 5433]
user = "admin"
sslmode = "verify-full"
sslrootcert = "ca.pem"
parameters = { keepalives_idle = 30, tcp_user_timeout = "5000" }
connect_timeout = "1m30s"
lock_wait = 0
minimum_version = 15

[[role]]
name = "kratos"
createdb = true
connection_limit = 20
member_of = ["readers"]
settings = { search_path = "public", work_mem = "8MB", jit = false, seq_page_cost = 1.5 }

[[database]]
name = "kratos"
owner = "kratos"
extensions = ["pg_trgm", { name = "hstore", schema = "ext", version = "1.8" }]
schemas = ["audit", { name = "ext", owner = "admin" }]
[[database.grant]]
privileges = ["connect", "temp"]
roles = ["kratos"]
[[database.default_privilege]]
on = "sequences"
privileges = "all privileges"
roles = "kratos"

[[migration]]
database = "kratos"
engine = "command"
command = ["kratos", "migrate", "${database}"]
environment = { DSN = "${dsn}", MODE = "x" }

[[check]]
database = "kratos"
query = "SELECT 1"
expect = ""

[log]
format = "json"
level = "warn"
color = "never"
)");
    REQUIRE(failures(loaded) == "");
    const config::Config& c = loaded.config;
    CHECK(c.postgres.hosts == std::vector<std::string>{"db-1", "db-2"});
    CHECK(c.postgres.ports == std::vector<std::string>{"5432", "5433"});
    CHECK(c.postgres.sslrootcert == "./ca.pem");
    CHECK(c.postgres.parameters ==
          config::Settings{{"keepalives_idle", "30"}, {"tcp_user_timeout", "5000"}});
    CHECK(c.postgres.connect_timeout == Duration{90'000});
    CHECK(c.postgres.lock_wait == Duration{0});
    CHECK(c.postgres.minimum_version == 15);
    REQUIRE(c.role("kratos") != nullptr);
    const config::Role& role = *c.role("kratos");
    CHECK(role.createdb);
    CHECK(role.settings == config::Settings{{"jit", "false"},
                                            {"search_path", "public"},
                                            {"seq_page_cost", "1.5"},
                                            {"work_mem", "8MB"}});
    CHECK(std::ranges::find(role.given, "createdb") != role.given.end());
    CHECK(std::ranges::find(role.given, "login") == role.given.end());
    REQUIRE(c.database("kratos") != nullptr);
    const config::Database& database = *c.database("kratos");
    REQUIRE(database.extensions.size() == 2);
    CHECK(database.extensions[0].origin == Origin{"alkemio.toml", 23, 15});
    CHECK(database.extensions[1].version == "1.8");
    CHECK(database.extensions[1].origin == Origin{"alkemio.toml", 23, 26});
    CHECK(database.schemas[1].owner == "admin");
    CHECK(database.grants[0].privileges == std::vector<std::string>{"CONNECT", "TEMPORARY"});
    CHECK(database.default_privileges[0].privileges == std::vector<std::string>{"ALL"});
    CHECK(c.migrations[0].name == "kratos");
    CHECK(c.migrations[0].command == std::vector<std::string>{"kratos", "migrate", "${database}"});
    CHECK(c.migrations[0].environment == config::Settings{{"DSN", "${dsn}"}, {"MODE", "x"}});
    CHECK(c.checks[0].expect == "");
    CHECK(c.log.format == log::Format::json);
    CHECK(c.log.level == log::Level::warn);
    CHECK(c.log.color == log::Color::never);
}

TEST_CASE("config: hosts and ports may be one text with commas") {
    const auto loaded = parse("[postgres]\nhost = \"a,b\"\nport = \"1,2\"\n");
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.hosts == std::vector<std::string>{"a", "b"});
    CHECK(loaded.config.postgres.ports == std::vector<std::string>{"1", "2"});
}

TEST_CASE("config: a URL in the file is taken apart, and each part is shown with its place") {
    const auto loaded = parse(
        "[postgres]\nurl = \"postgresql://u:geheim-url@h:1/m?sslmode=require\"\nready_timeout = "
        "\"5s\"\n");
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.hosts == std::vector<std::string>{"h"});
    CHECK(loaded.config.postgres.password.reveal() == "geheim-url");
    CHECK(shown(loaded, "postgres.host") == "\"h\"  # alkemio.toml:2:7 (url)");
    CHECK(shown(loaded, "postgres.password") == "\"<redacted>\"  # alkemio.toml:2:7 (url)");
    CHECK(shown(loaded, "postgres.url") == "\"<redacted>\"  # alkemio.toml:2:7");
    CHECK(warnings(loaded) ==
          "alkemio.toml:2:7 \"url\" in postgres is written in the file itself: whoever reads the "
          "configuration reads the secret\n");
    CHECK(warnings(parse("[postgres]\nurl = \"postgresql://u@h\"\n")) == "");
    CHECK(failures(parse("[postgres]\nurl = \"postgresql://h\"\nport = 6543\n")) == "");
    CHECK(failures(parse("[postgres]\nurl = \"http://h\"\n")) ==
          "alkemio.toml:2:7 E113 cannot use the URL of the server: it does not begin with "
          "postgres:// or postgresql://; write "
          "postgres://user:password@host:port/database?sslmode=…; special characters as %XX\n");
}

TEST_CASE("config: ${env:…} and ${file:…} are replaced in values of every type") {
    const test::Scratch scratch;
    const std::string user = scratch.write("user", "admin\n");
    const auto loaded = parse(
        "[postgres]\nhost = [\"${env:A}.x\", \"b\"]\nport = \"${env:PORT}\"\nuser = \"${file:" +
            user +
            "}\"\nminimum_version = \"${env:V}\"\nready_timeout = \"${env:T}\"\n[[role]]\nname = "
            "\"r\"\nlogin = "
            "\"${env:F}\"\nsettings = { a = \"${env:A}${env:A}\" }\n",
        {{"A", "db"}, {"PORT", "6543"}, {"V", "16"}, {"T", "3s"}, {"F", "false"}});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.hosts == std::vector<std::string>{"db.x", "b"});
    CHECK(loaded.config.postgres.ports == std::vector<std::string>{"6543"});
    CHECK(loaded.config.postgres.user == "admin");
    CHECK(loaded.config.postgres.minimum_version == 16);
    CHECK(loaded.config.postgres.ready_timeout == Duration{3'000});
    CHECK_FALSE(loaded.config.roles[0].login);
    CHECK(loaded.config.roles[0].settings.at("a") == "dbdb");
    // A file may hold a secret, whatever key it is used for.
    CHECK(shown(loaded, "postgres.user") == "\"<redacted>\"  # alkemio.toml:4:8");
    CHECK(shown(loaded, "postgres.host") == "[\"db.x\", \"b\"]  # alkemio.toml:2:8");
}

TEST_CASE("config: a dollar before ${env:…} or ${file:…} makes it plain text") {
    const auto loaded = parse("[postgres]\nuser = \"$${env:A}-${env:A}-$${file:x}\"\n", {{"A", "a"}});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.user == "${env:A}-a-${file:x}");
}

TEST_CASE("config: a misspelt ${…} of a command is an error at its place, and one that is meant as it is needs a dollar more") {
    const std::string head =
        "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = \"command\"\n";
    CHECK(failures(parse(head + "command = [\"x\", \"${envv:NAME}\"]\nenvironment = { DSN = \"${dns}\", B = \"a${zzzzzz}\" }\n")) ==
          "alkemio.toml:3:1 E114 cannot run migration \"d\": the engine command needs a command; add: command = [\"…\"]\n"
          "alkemio.toml:6:17 E113 cannot expand \"${envv:NAME}\": there is nothing of that name; did you mean "
          "\"${env:NAME}\"? If not, write \"$${envv:NAME}\" if it is meant as it is\n"
          "alkemio.toml:7:23 E113 cannot expand \"${dns}\": there is nothing of that name; did you mean \"${dsn}\"? If "
          "not, write \"$${dns}\" if it is meant as it is\n"
          "alkemio.toml:7:37 E113 cannot expand \"${zzzzzz}\": there is nothing of that name; write \"$${zzzzzz}\" if it "
          "is meant as it is\n");
    CHECK(failures(parse("[postgres]\nhost = \"${envv:HOST}\"\n")) ==
          "alkemio.toml:2:8 E113 cannot expand \"${envv:HOST}\": there is nothing of that name; did you mean "
          "\"${env:HOST}\"? If not, write \"$${envv:HOST}\" if it is meant as it is\n");
    // What the environment brings in is nobody's placeholder; migrate/command takes the dollar off.
    const auto loaded = parse(head + "command = [\"x\", \"$${HOME}\", \"$${env:A}\"]\nenvironment = { P = \"${env:A}\" }\n",
                              {{"A", "pw${dsn}"}});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.migrations[0].command == std::vector<std::string>{"x", "$${HOME}", "$${env:A}"});
    CHECK(loaded.config.migrations[0].environment.at("P") == "pw$${dsn}");
    CHECK(scrub("pw${dsn}") == "<redacted>");
}

TEST_CASE("config: what cannot be replaced is an error at its place") {
    CHECK(failures(parse("[postgres]\nhost = \"${env:NO}\"\nminimum_version = \"${env:NO}\"\nport "
                         "= \"${env:BAD}\"\n",
                         {{"BAD", "x"}})) ==
          "alkemio.toml:2:8 E116 cannot expand \"${env:NO}\": the variable is not set; set NO, or "
          "write the value itself\n"
          "alkemio.toml:3:19 E116 cannot expand \"${env:NO}\": the variable is not set; set NO, or "
          "write the value itself\n"
          "alkemio.toml:4:8 E113 cannot use the value of \"port\" in postgres: \"x\" is no port "
          "between 1 and 65535\n");
    CHECK(failures(parse("[postgres]\npassword = \"${file:/nowhere}\"\n")) ==
          "alkemio.toml:2:12 E116 cannot read the secret file \"/nowhere\": No such file or "
          "directory; mount the secret, or mend the path\n");
    // Not ours, so left alone.
    CHECK(parse("[postgres]\noptions = \"${x} ${env ${\"\n").config.postgres.options ==
          "${x} ${env ${");
}

TEST_CASE("config: a secret may stand in a file, whose last newline is not part of it") {
    const test::Scratch scratch;
    scratch.write("one", "geheim one\n\n");
    scratch.write("two", "geheim two");
    const std::string text =
        "[postgres]\npassword_file = \"one\"\n[[role]]\nname = \"r\"\npassword = \"${file:two}\"\n";
    const auto loaded = config::load_text(text, scratch.folder() + "/alkemio.toml", {});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.password.reveal() == "geheim one\n");
    CHECK(loaded.config.roles[0].password.reveal() == "geheim two");
    CHECK(warnings(loaded) == "");
    CHECK(shown(loaded, "role.r.password").starts_with("\"<redacted>\""));
    CHECK(shown(loaded, "postgres.password_file").starts_with("\"one\""));
}

TEST_CASE("config: without secrets their files need not be there") {
    const std::string text =
        "[postgres]\npassword_file = \"/nowhere\"\n[[role]]\nname = \"r\"\npassword = "
        "\"${file:/nowhere}\"\n";
    CHECK_FALSE(parse(text).good());
    const auto loaded = parse(text, {}, config::SecretFiles::skip);
    CHECK(failures(loaded) == "");
    CHECK(loaded.config.postgres.password.empty());
}

TEST_CASE("config: a secret in the file itself works, is named in a warning and never shown") {
    const auto loaded = parse(
        "[postgres]\npassword = \"geheim im Klartext\"\n[[role]]\nname = \"r\"\n");
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.password.reveal() == "geheim im Klartext");
    CHECK(warnings(loaded) ==
          "alkemio.toml:2:12 \"password\" in postgres is written in the file itself: whoever reads "
          "the configuration reads the secret\n");
    for (const config::Setting& setting : loaded.config.settings)
        CHECK(setting.value.find("Klartext") == std::string::npos);
    CHECK(scrub("a geheim im Klartext b") == "a <redacted> b");
}

TEST_CASE("config: variables that held a secret are not for children") {
    ::setenv("UNIT_SECRET_HELD", "x", 1);
    ::setenv("UNIT_PLAIN_HELD", "x", 1);
    parse("[postgres]\npassword = \"${env:UNIT_SECRET_HELD}\"\nuser = \"${env:UNIT_PLAIN_HELD}\"\n",
          {{"UNIT_SECRET_HELD", "geheim-8"}, {"UNIT_PLAIN_HELD", "u"}});
    const auto children = inherited_environment();
    CHECK(std::ranges::find(children, "UNIT_SECRET_HELD=x") == children.end());
    CHECK(std::ranges::find(children, "UNIT_PLAIN_HELD=x") != children.end());
}

TEST_CASE(
    "config: what a command's variables bring in from outside is a secret, and its arguments may "
    "hold none") {
    const test::Scratch scratch;
    const std::string file = scratch.write("cookie", "geheim-9");
    const std::string head =
        "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = \"command\"\n";
    const auto loaded =
        parse(head + "command = [\"${env:TOOL}\", \"${dsn}\"]\nenvironment = { COOKIE = \"${file:" +
                  file + "}\", A = \"b\" }\n",
              {{"TOOL", "kratos"}});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.migrations[0].command == std::vector<std::string>{"kratos", "${dsn}"});
    CHECK(loaded.config.migrations[0].environment.at("COOKIE") == "geheim-9");
    CHECK(shown(loaded, "migration.d.environment.COOKIE") == "\"<redacted>\"  # alkemio.toml:7:26");
    CHECK(shown(loaded, "migration.d.environment.A") ==
          "\"b\"  # alkemio.toml:7:" + std::to_string(26 + 9 + file.size() + 7));
    CHECK(scrub("geheim-9") == "<redacted>");
    CHECK(failures(parse(head + "command = [\"x\", \"${file:" + file + "}\"]\n")) ==
          "alkemio.toml:3:1 E114 cannot run migration \"d\": the engine command needs a command; "
          "add: command = [\"…\"]\n"
          "alkemio.toml:6:17 E115 cannot use ${file:…} in \"command\" of migration.d: every "
          "process can read a command's arguments; give it "
          "by environment = { NAME = \"${file:…}\" }\n");
}

TEST_CASE("config: relative paths start at the file's folder") {
    const auto loaded = config::load_text(
        "[postgres]\nsslrootcert = \"ca.pem\"\nsslcert = \"/abs.pem\"\n[[database]]\nname = "
        "\"d\"\n[[migration]]\ndatabase = \"d\"\nengine "
        "= \"sql\"\nfiles = [\"m/*.sql\", \"/x/*.sql\"]\n",
        "/etc/alkemio-init/alkemio.toml",
        {});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.sslrootcert == "/etc/alkemio-init/ca.pem");
    CHECK(loaded.config.postgres.sslcert == "/abs.pem");
    CHECK(loaded.config.migrations[0].files ==
          std::vector<std::string>{"/etc/alkemio-init/m/*.sql", "/x/*.sql"});
    const auto system = parse("[postgres]\nsslmode = \"verify-full\"\nsslrootcert = \"system\"\n");
    CHECK(failures(system) == "");
    CHECK(system.config.postgres.sslrootcert == "system");
}

TEST_CASE("config: roles that are not declared are named, since they may be misspelt") {
    const std::string head =
        "[postgres]\nuser = \"admin\"\n[[role]]\nname = \"kratos\"\nmember_of = [\"admin\", "
        "\"pg_monitor\"]\n";
    CHECK(warnings(parse(head + "[[database]]\nname = \"d\"\nowner = \"kratso\"\n")) ==
          "alkemio.toml:8:9 the role \"kratso\" of database \"d\" is not declared: did you mean "
          "\"kratos\"?\n");
    CHECK(warnings(parse(head + "[[database]]\nname = \"d\"\nowner = \"somebody\"\n")) ==
          "alkemio.toml:8:9 the role \"somebody\" of database \"d\" is not declared: it must exist "
          "on the server already\n");
    CHECK(warnings(parse(head + "[[database]]\nname = \"d\"\nowner = \"admin\"\n")) == "");
}

TEST_CASE("config: a tool that must log in without a password is named in a warning") {
    const std::string head =
        "[[database]]\nname = \"d\"\nowner = \"r\"\n[[migration]]\ndatabase = \"d\"\nengine = \"command\"\n"
        "command = [\"x\"]\n[[role]]\nname = \"r\"\n";
    CHECK(warnings(parse(head)) ==
          "alkemio.toml:4:1 the tool of migration \"d\" logs in as role \"r\" without a password: none is configured, and that of "
          "the maintenance user is not given away; without one it is started only where the server lets the role in\n");
    CHECK(warnings(parse(head + "password_file = \"/x\"\n", {}, config::SecretFiles::skip)) == "");
    CHECK(warnings(parse(head + "[postgres]\npassfile = \"/x\"\n")) == "");
}

TEST_CASE(
    "config: a service works as its role if that has a password here, else as the maintenance "
    "user") {
    const auto loaded = parse(
        "[postgres]\nuser = \"admin\"\npassword = \"geheim-a\"\n[[role]]\nname = "
        "\"with\"\npassword = \"geheim-b\"\n[[role]]\nname = "
        "\"without\"\n[[database]]\nname = \"d\"\nowner = \"with\"\n[[database]]\nname = "
        "\"e\"\nowner = \"without\"\n");
    const config::Config& c = loaded.config;
    CHECK(c.account_for("d").user == "with");
    CHECK(c.account_for("d").password.reveal() == "geheim-b");
    CHECK(c.account_for("d").stands_for == "");
    CHECK(c.account_for("e").user == "admin");
    CHECK(c.account_for("e").stands_for == "without");
    CHECK(c.account_for("e", "admin").stands_for == "");
    CHECK(c.account_for("e", "with").user == "with");
    CHECK(c.owner_of("e") == "without");
    CHECK(c.owner_of("other") == "admin");
}

TEST_CASE(
    "config: `show` has each key once, what is written before the defaults, and what a profile "
    "adds") {
    const auto loaded = parse(
        "[[role]]\nname = \"kratos\"\n[[database]]\nname = \"kratos\"\nprofile = "
        "\"kratos\"\nencoding = \"UTF8\"\n[[migration]]\ndatabase = "
        "\"kratos\"\nengine = \"sql\"\nfiles = \"*.sql\"\n");
    REQUIRE(failures(loaded) == "");
    CHECK(shown(loaded, "role.kratos.login") == "true  # default");
    CHECK(shown(loaded, "database.kratos.encoding") == "\"UTF8\"  # alkemio.toml:6:12");
    CHECK(shown(loaded, "database.kratos.template") == "\"template0\"  # default");
    CHECK(shown(loaded, "database.kratos.extensions") ==
          "[\"pg_trgm\", \"btree_gin\"]  # profile kratos");
    CHECK(shown(loaded, "migration.kratos.transaction") == "\"each\"  # default");
    CHECK(shown(loaded, "migration.kratos.grace") == "");
    CHECK(shown(loaded, "postgres.port") == "5432  # default");
    std::vector<std::string> keys;
    for (const config::Setting& setting : loaded.config.settings) keys.push_back(setting.key);
    std::ranges::sort(keys);
    CHECK(std::ranges::adjacent_find(keys) == keys.end());
}

TEST_SUITE_END();
