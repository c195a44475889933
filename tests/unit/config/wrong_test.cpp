// SPDX-License-Identifier: Apache-2.0
// What is wrong with a file, with its exact words and place.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "unit/config/loading.h"

using namespace ainit;
using test::failures;
using test::parse;

namespace {

struct Row {
    const char* name;
    const char* text;
    const char* expected;
};

void compare(const Row& row) {
    CAPTURE(row.name);
    CHECK(failures(parse(row.text)) == row.expected);
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("config: unknown keys and sections are named with the nearest known one") {
    const Row rows[] = {
        {"key",
         "[postgres]\nhots = \"db\"\n",
         "alkemio.toml:2:1 E112 cannot use the key \"hots\" in postgres: there is no such key; did "
         "you mean \"host\"?\n"},
        {"key of nothing like it",
         "[run]\nxyz = 1\n",
         "alkemio.toml:2:1 E112 cannot use the key \"xyz\" in run: there is no such key; the keys "
         "are: recheck, on_failed_start, stop_timeout, stop_delay, zero_when_stopped\n"},
        {"section",
         "[postgras]\nhost = \"db\"\n",
         "alkemio.toml:1:2 E112 cannot use the section \"postgras\": there is no such section; did "
         "you mean \"postgres\"?\n"},
        {"section of nothing like it",
         "[x]\n",
         "alkemio.toml:1:2 E112 cannot use the section \"x\": there is no such section; the "
         "sections are: postgres, role, "
         "database, migration, check, service, dependent, health, run, log\n"},
        {"key outside of a section",
         "host = \"db\"\n",
         "alkemio.toml:1:1 E112 cannot use the key \"host\" outside of a section: every key "
         "belongs to one; write it below "
         "[postgres]: host = …\n"},
        {"in an array of tables",
         "[[role]]\nname = \"a\"\n\n[[role]]\nname = \"b\"\n  superusr = true\n",
         "alkemio.toml:6:3 E112 cannot use the key \"superusr\" in role.b: there is no such key; "
         "did you mean \"superuser\"?\n"},
        {"in an extension",
         "[[database]]\nname = \"d\"\nextensions = [\"citext\", { name = \"hstore\", versoin = "
         "\"1\" }]\n",
         "alkemio.toml:3:44 E112 cannot use the key \"versoin\" in database.d.extensions.2: there "
         "is no such key; did you mean "
         "\"version\"?\n"},
        {"in a grant",
         "[[database]]\nname = \"d\"\n[[database.grant]]\nprivileges = [\"connect\"]\nrole = "
         "[\"public\"]\nroles = []\n",
         "alkemio.toml:3:1 E114 cannot do without \"roles\" in database.d.grant.1: it is not set; "
         "add: roles = …\n"
         "alkemio.toml:5:1 E112 cannot use the key \"role\" in database.d.grant.1: there is no "
         "such key; did you mean \"roles\"?\n"},
        {"parameter of libpq",
         "[postgres]\nparameters = { keepalive_idle = 30 }\n",
         "alkemio.toml:2:14 E112 cannot use \"keepalive_idle\" in postgres.parameters: there is no "
         "such setting; did you mean "
         "\"keepalives_idle\"?\n"},
        {"parameter that is a key",
         "[postgres]\nparameters = { sslmode = \"require\" }\n",
         "alkemio.toml:2:14 E112 cannot use \"sslmode\" in postgres.parameters: it is a key of its "
         "own; write it directly in "
         "[postgres]: sslmode = …\n"},
    };
    for (const Row& row : rows) compare(row);
}

TEST_CASE("config: a value of the wrong type is named with both types") {
    const Row rows[] = {
        {"text",
         "[postgres]\nuser = 5\n",
         "alkemio.toml:2:8 E113 cannot use the value of \"user\" in postgres: it must be text, and "
         "is an integer\n"},
        {"list",
         "[postgres]\nhost = true\n",
         "alkemio.toml:2:8 E113 cannot use the value of \"host\" in postgres: it must be text or a "
         "list of text, and is a boolean\n"},
        {"item of a list",
         "[postgres]\nhost = [\"a\", 2.5]\n",
         "alkemio.toml:2:14 E113 cannot use the value of \"host\" in postgres: it must be text, "
         "and is a decimal number\n"},
        {"empty list",
         "[postgres]\nhost = []\nport = []\n",
         "alkemio.toml:2:8 E113 cannot use the value of \"host\" in postgres: the list is empty\n"
         "alkemio.toml:3:8 E113 cannot use the value of \"port\" in postgres: the list is empty\n"},
        {"port",
         "[postgres]\nport = 1.5\n",
         "alkemio.toml:2:8 E113 cannot use the value of \"port\" in postgres: it must be an "
         "integer or a list of integers, and is a "
         "decimal number\n"},
        {"port out of range",
         "[postgres]\nport = 65536\n",
         "alkemio.toml:2:8 E113 cannot use the value of \"port\" in postgres: \"65536\" is no port "
         "between 1 and 65535\n"},
        {"port of letters",
         "[postgres]\nhost = [\"a\", \"b\"]\nport = [5432, \"54x\"]\n",
         "alkemio.toml:3:8 E113 cannot use the value of \"port\" in postgres: \"54x\" is no port "
         "between 1 and 65535\n"},
        {"number",
         "[postgres]\nminimum_version = \"14\"\n",
         "alkemio.toml:2:19 E113 cannot use the value of \"minimum_version\" in postgres: it must "
         "be an integer, and is text\n"},
        {"number out of range",
         "[postgres]\nminimum_version = 8\n",
         "alkemio.toml:2:19 E113 cannot use 8 as \"minimum_version\" in postgres: it must be "
         "between 9 and 99\n"},
        {"duration",
         "[postgres]\nready_timeout = \"2 minutes\"\n",
         "alkemio.toml:2:17 E113 cannot use \"2 minutes\" as \"ready_timeout\" in postgres: it is "
         "no duration; write 500ms, 30s, 2m or 1h\n"},
        {"negative duration",
         "[run]\nrecheck = -1\n",
         "alkemio.toml:2:11 E113 cannot use -1 as \"recheck\" in run: it is no duration; write "
         "500ms, 30s, 2m or 1h\n"},
        {"no time at all",
         "[postgres]\nconnect_timeout = 0\n",
         "alkemio.toml:2:19 E113 cannot use 0 as \"connect_timeout\" in postgres: it must be at "
         "least 1 ms; write 500ms, 30s, 2m or 1h\n"},
        {"duration of another type",
         "[postgres]\nlock_wait = 1979-05-27\n",
         "alkemio.toml:2:13 E113 cannot use the value of \"lock_wait\" in postgres: it must be a "
         "duration such as \"30s\", and is a date or "
         "time\n"},
        {"flag",
         "[[role]]\nname = \"r\"\nlogin = \"yes\"\n",
         "alkemio.toml:3:9 E113 cannot use the value of \"login\" in role.r: it must be true or "
         "false, and is text\n"},
        {"settings",
         "[[role]]\nname = \"r\"\nsettings = [\"a\"]\n",
         "alkemio.toml:3:12 E113 cannot use the value of \"settings\" in role.r: it must be a "
         "table, and is a list\n"},
        {"setting",
         "[[role]]\nname = \"r\"\nsettings = { search_path = [\"a\"] }\n",
         "alkemio.toml:3:28 E113 cannot use the value of \"settings\" in role.r: it must be a "
         "table of text, numbers and booleans, and is a "
         "list\n"},
        {"one of",
         "[postgres]\nsslmode = \"verify_full\"\n",
         "alkemio.toml:2:11 E113 cannot use \"verify_full\" as \"sslmode\" in postgres: it must be "
         "one of disable, allow, prefer, require, "
         "verify-ca, verify-full; did you mean \"verify-full\"?\n"},
        {"section of another shape",
         "database = \"alkemio\"\n[[health]]\n",
         "alkemio.toml:1:12 E113 cannot use \"database\": it must be written as [[database]]\n"
         "alkemio.toml:2:1 E113 cannot use \"health\": it must be written as [health]\n"},
        {"table instead of array",
         "[role]\nname = \"r\"\n",
         "alkemio.toml:1:1 E113 cannot use \"role\": it must be written as [[role]]\n"},
        {"item that is no table",
         "role = [1]\n",
         "alkemio.toml:1:9 E113 cannot use \"role\": it must be written as [[role]]\n"},
        {"extensions",
         "[[database]]\nname = \"d\"\nextensions = \"citext\"\nschemas = [1]\n",
         "alkemio.toml:3:14 E113 cannot use the value of \"extensions\" in database.d: it must be "
         "a list, and is text\n"
         "alkemio.toml:4:12 E113 cannot use the value of \"schemas\" in database.d: it must be a "
         "list of names or tables, and is an "
         "integer\n"},
        {"NUL",
         "[postgres]\nuser = \"a\\u0000b\"\n",
         "alkemio.toml:2:8 E113 cannot use the value of \"user\" in postgres: it holds a NUL "
         "byte\n"},
    };
    for (const Row& row : rows) compare(row);
}

TEST_CASE("config: what is needed and missing is named") {
    const Row rows[] = {
        {"role",
         "[[role]]\nlogin = true\n",
         "alkemio.toml:1:1 E114 cannot do without \"name\" in role.1: it is not set; add: name = "
         "…\n"},
        {"database",
         "[[database]]\n",
         "alkemio.toml:1:1 E114 cannot do without \"name\" in database.1: it is not set; add: name "
         "= …\n"},
        {"extension",
         "[[database]]\nname = \"d\"\nextensions = [{ version = \"1\" }]\n",
         "alkemio.toml:3:15 E114 cannot do without \"name\" in database.d.extensions.1: it is not "
         "set; add: name = …\n"},
        {"migration",
         "[[migration]]\n",
         "alkemio.toml:1:1 E114 cannot do without \"database\" in migration.1: it is not set; add: "
         "database = …\n"
         "alkemio.toml:1:1 E114 cannot do without \"engine\" in migration.1: it is not set; add: "
         "engine = …\n"},
        {"check",
         "[[check]]\ntables = [\"t\"]\n",
         "alkemio.toml:1:1 E114 cannot do without \"database\" in check.1: it is not set; add: "
         "database = …\n"},
        {"files",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = \"sql\"\n",
         "alkemio.toml:3:1 E114 cannot run migration \"d\": the engine sql needs files; add: files "
         "= \"…/*.sql\"\n"},
        {"command",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = \"command\"\n",
         "alkemio.toml:3:1 E114 cannot run migration \"d\": the engine command needs a command; "
         "add: command = [\"…\"]\n"},
        {"objects of a grant",
         "[[database]]\nname = \"d\"\n[[database.grant]]\nprivileges = \"select\"\non = "
         "\"table\"\nroles = \"public\"\n",
         "alkemio.toml:5:6 E114 cannot grant on a table in database \"d\": objects is empty; name "
         "the objects, or use: on = \"all tables\"\n"
         "alkemio.toml:5:6 E114 cannot grant on table in database \"d\": schema is missing; add: "
         "schema = …\n"},
        {"icu_locale",
         "[[database]]\nname = \"d\"\nlocale_provider = \"icu\"\n",
         "alkemio.toml:3:19 E114 cannot make database \"d\": the provider icu needs icu_locale\n"},
        {"builtin_locale",
         "[[database]]\nname = \"d\"\nlocale_provider = \"builtin\"\n",
         "alkemio.toml:3:19 E114 cannot make database \"d\": the provider builtin needs "
         "builtin_locale\n"},
        {"query",
         "[[database]]\nname = \"d\"\n[[check]]\nname = \"c\"\ndatabase = \"d\"\nexpect = \"1\"\n",
         "alkemio.toml:6:10 E114 cannot use expect in check \"c\": there is no query; add: query = "
         "\"…\"\n"},
        {"status_format",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = "
         "\"command\"\ncommand = [\"x\"]\nstatus_command = [\"y\"]\n",
         "alkemio.toml:7:18 E114 cannot use status_command in migration \"d\": status_format is "
         "missing; add: status_format = \"ory\" or "
         "\"exit\"\n"},
        {"status_command",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = "
         "\"command\"\ncommand = [\"x\"]\nstatus_format = \"ory\"\n",
         "alkemio.toml:7:17 E114 cannot use status_format in migration \"d\": status_command is "
         "missing; add: status_command = [\"…\"]\n"},
    };
    for (const Row& row : rows) compare(row);
}

TEST_CASE("config: contradictions are named with both sides") {
    const Row rows[] = {
        {"two databases",
         "[[database]]\nname = \"d\"\n[[database]]\nname = \"d\"\n",
         "alkemio.toml:4:8 E115 cannot have two [[database]] named \"d\": the first is at "
         "alkemio.toml:2:8; remove or rename one of them\n"},
        {"two roles",
         "[[role]]\nname = \"r\"\n[[role]]\nname = \"r\"\n",
         "alkemio.toml:4:8 E115 cannot have two [[role]] named \"r\": the first is at "
         "alkemio.toml:2:8; remove or rename one of them\n"},
        {"two migrations",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = \"sql\"\nfiles = "
         "\"a\"\n[[migration]]\ndatabase = "
         "\"d\"\nengine = \"sql\"\nfiles = \"b\"\n",
         "alkemio.toml:8:12 E115 cannot have two [[migration]] named \"d\": the first is at "
         "alkemio.toml:4:12; without a name the database's "
         "counts; give each a name of its own\n"},
        {"undeclared database of a migration",
         "[[database]]\nname = \"kratos\"\n[[migration]]\ndatabase = \"kratso\"\nengine = "
         "\"sql\"\nfiles = \"a\"\n",
         "alkemio.toml:4:12 E115 cannot use the database \"kratso\" in migration \"kratso\": no "
         "[[database]] declares it; did you mean "
         "\"kratos\"?\n"},
        {"undeclared database of a check",
         "[[check]]\ndatabase = \"x\"\ntables = \"t\"\n",
         "alkemio.toml:2:12 E115 cannot use the database \"x\" in a check: no [[database]] declares "
         "it; declare it\n"},
        {"role after no migration",
         "[[database]]\nname = \"d\"\n[[role]]\nname = \"r\"\nafter_migrations_of = \"d\"\n",
         "alkemio.toml:5:23 E115 cannot wait with role \"r\" for the migrations of \"d\": no "
         "[[migration]] belongs to that database; remove "
         "after_migrations_of, or add the migration\n"},
        {"Kratos and Hydra, by profile",
         "[[database]]\nname = \"ory\"\nprofile = \"kratos\"\n[[check]]\ndatabase = "
         "\"ory\"\nprofile = \"hydra\"\n",
         "alkemio.toml:2:8 E115 cannot keep Kratos and Hydra in one database, \"ory\": both record "
         "their migrations in a table "
         "schema_migration; give each a database of its own\n"},
        {"Kratos and Hydra, by command",
         "[[database]]\nname = \"ory\"\n[[migration]]\nname = \"k\"\ndatabase = \"ory\"\nengine = "
         "\"command\"\ncommand = "
         "[\"/usr/bin/kratos\"]\n[[migration]]\nname = \"h\"\ndatabase = \"ory\"\nengine = "
         "\"command\"\ncommand = [\"hydra\"]\n",
         "alkemio.toml:2:8 E115 cannot keep Kratos and Hydra in one database, \"ory\": both record "
         "their migrations in a table "
         "schema_migration; give each a database of its own\n"},
        {"Synapse with the server's locale",
         "[[database]]\nname = \"s\"\nprofile = \"synapse\"\n",
         "alkemio.toml:1:1 E115 cannot give Synapse the database \"s\": its locale is the server's "
         "own, and Synapse demands C, literally; "
         "add: locale = \"C\"\n"},
        {"Synapse with C.UTF-8",
         "[[database]]\nname = \"s\"\nprofile = \"synapse\"\nlocale = \"C.UTF-8\"\n",
         "alkemio.toml:4:10 E115 cannot give Synapse the database \"s\": its locale is "
         "\"C.UTF-8\"/\"C.UTF-8\", and Synapse demands C, "
         "literally; add: locale = \"C\"\n"},
        {"Synapse with half of C",
         "[[database]]\nname = \"s\"\nprofile = \"synapse\"\nlc_collate = \"C\"\nlc_ctype = "
         "\"C.UTF-8\"\n",
         "alkemio.toml:5:12 E115 cannot give Synapse the database \"s\": its locale is "
         "\"C\"/\"C.UTF-8\", and Synapse demands C, literally; "
         "add: locale = \"C\"\n"},
        {"Synapse with another encoding",
         "[[database]]\nname = \"s\"\nprofile = \"synapse\"\nlocale = \"C\"\nencoding = "
         "\"LATIN1\"\n",
         "alkemio.toml:5:12 E115 cannot give Synapse the database \"s\": its encoding is LATIN1, "
         "and Synapse demands UTF8; add: encoding = "
         "\"UTF8\"\n"},
        {"locale twice",
         "[[database]]\nname = \"d\"\nlocale = \"C\"\nlc_ctype = \"C\"\n",
         "alkemio.toml:3:10 E115 cannot use both locale and lc_collate or lc_ctype in database "
         "\"d\": locale is both of them; remove "
         "locale\n"},
        {"locale of another provider",
         "[[database]]\nname = \"d\"\nicu_locale = \"de\"\nicu_rules = \"&a < b\"\nbuiltin_locale "
         "= \"C\"\n",
         "alkemio.toml:3:14 E115 cannot use icu_locale in database \"d\": locale_provider is not "
         "icu; add: locale_provider = \"icu\"\n"
         "alkemio.toml:4:13 E115 cannot use icu_rules in database \"d\": locale_provider is not "
         "icu; add: locale_provider = \"icu\"\n"
         "alkemio.toml:5:18 E115 cannot use builtin_locale in database \"d\": locale_provider is "
         "not builtin; add: locale_provider = "
         "\"builtin\"\n"},
        {"extension twice",
         "[[database]]\nname = \"d\"\nextensions = [\"citext\", { name = \"citext\" }]\n",
         "alkemio.toml:3:25 E115 cannot install the extension \"citext\" twice in database \"d\": "
         "it is listed twice\n"},
        {"extension twice, by name",
         "[[database]]\nname = \"d\"\nextensions = [\"citext\", \"citext\"]\n",
         "alkemio.toml:3:25 E115 cannot install the extension \"citext\" twice in database \"d\": "
         "it is listed twice\n"},
        {"schema twice",
         "[[database]]\nname = \"d\"\nschemas = [\"a\", \"a\"]\n",
         "alkemio.toml:3:17 E115 cannot make the schema \"a\" twice in database \"d\": it is "
         "listed twice\n"},
        {"keys of another engine",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = \"sql\"\nfiles = "
         "\"a\"\ncommand = [\"x\"]\ngrace = \"1s\"\n",
         "alkemio.toml:7:11 E115 cannot use \"command\" in migration.d: it belongs to the engine "
         "command, and the engine is sql; remove it, "
         "or use engine = \"command\"\n"
         "alkemio.toml:8:9 E115 cannot use \"grace\" in migration.d: it belongs to the engine "
         "command, and the engine is sql; remove it, or "
         "use engine = \"command\"\n"},
        {"files of a command",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = "
         "\"command\"\ncommand = [\"x\"]\nfiles = \"a\"\n",
         "alkemio.toml:7:9 E115 cannot use \"files\" in migration.d: it belongs to the engines "
         "sql and typeorm, and the engine is command; remove it, or "
         "use engine = \"sql\"\n"},
        {"two ways to name the migrations of TypeORM",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = "
         "\"typeorm\"\nfiles = \"a\"\ndata_source = \"b\"\n",
         "alkemio.toml:6:9 E115 cannot use both files and data_source in migration \"d\": the data "
         "source says which files there are; remove one\n"},
        {"TypeORM without any",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = "
         "\"typeorm\"\n",
         "alkemio.toml:3:1 E114 cannot run migration \"d\": the engine typeorm needs files or a "
         "data_source; add: files = \"…/migrations/*.js\", or data_source = \"…\"\n"},
        {"two ways to ask",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = "
         "\"command\"\ncommand = [\"x\"]\nstatus_command = "
         "[\"y\"]\nstatus_format = \"exit\"\nstatus_query = \"SELECT 1\"\n",
         "alkemio.toml:9:16 E115 cannot use both status_command and status_query in migration "
         "\"d\": only one can answer; remove one\n"},
        {"ports and hosts",
         "[postgres]\nhost = \"a,b,c\"\nport = [1, 2]\n",
         "alkemio.toml:3:8 E115 cannot match 2 ports with 3 hosts: there must be one port, or one "
         "for each host\n"},
        {"both forms of a secret",
         "[[role]]\nname = \"r\"\npassword = \"${env:X}\"\npassword_file = \"/x\"\n",
         "alkemio.toml:4:17 E115 cannot use both \"password\" and \"password_file\" in role.r: "
         "only one of them can count; remove one of "
         "them\n"},
        {"URL and key",
         "[postgres]\nurl = \"postgres://u:geheim@h/d\"\nuser = \"v\"\npassword_file = "
         "\"/nowhere\"\n",
         "alkemio.toml:3:8 E115 cannot use both \"url\" and \"user\" in postgres: the URL names "
         "the user as well; remove one of them\n"
         "alkemio.toml:4:17 E115 cannot use both \"url\" and \"password_file\" in postgres: the "
         "URL names the password as well; remove one "
         "of them\n"
         "alkemio.toml:4:17 E116 cannot read the secret file \"/nowhere\": No such file or "
         "directory; mount the secret, or mend the path\n"},
        {"system's authorities",
         "[postgres]\nsslrootcert = \"system\"\n",
         "alkemio.toml:2:15 E115 cannot use sslrootcert = \"system\" with sslmode = \"prefer\": "
         "anybody can have a certificate of the system's "
         "authorities, so the name must be compared; use sslmode = \"verify-full\"\n"},
        {"channel binding",
         "[postgres]\nsslmode = \"disable\"\nchannel_binding = \"require\"\n",
         "alkemio.toml:2:11 E115 cannot use channel_binding = \"require\" with sslmode = "
         "\"disable\": there is no channel to bind to without "
         "TLS; use sslmode = \"require\" or more\n"},
        {"secret in a command",
         "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = "
         "\"command\"\ncommand = [\"x\", \"${file:/dev/null}\"]\n",
         "alkemio.toml:3:1 E114 cannot run migration \"d\": the engine command needs a command; "
         "add: command = [\"…\"]\n"
         "alkemio.toml:6:17 E116 cannot use the secret file \"/dev/null\": it is empty; write the "
         "secret into it\n"},
    };
    for (const Row& row : rows) compare(row);
}

TEST_CASE(
    "config: names and privileges that PostgreSQL would not take are refused before it is asked") {
    const std::string longest(63, 'x');
    CHECK(failures(parse("[[role]]\nname = \"" + longest + "\"\n")).empty());
    CHECK(failures(parse("[[role]]\nname = \"" + longest + "y\"\n")) ==
          "alkemio.toml:2:8 E113 cannot use the role name \"" + longest +
              "y\": it has 64 bytes, and PostgreSQL keeps 63; shorten it\n");
    CHECK(failures(parse("[[role]]\nname = \"pg_x\"\n")) ==
          "alkemio.toml:2:8 E113 cannot make the role \"pg_x\": names that begin with pg_ are "
          "PostgreSQL's own\n");
    CHECK(failures(parse("[[database]]\nname = \"d\"\n[[database.grant]]\nprivileges = "
                         "[\"conect\", \"all privileges\"]\nroles = \"public\"\n")) ==
          "alkemio.toml:4:14 E113 cannot grant \"CONECT\" on database: it must be one of ALL, "
          "CONNECT, CREATE, TEMPORARY; did you mean "
          "\"CONNECT\"?\n");
    CHECK(failures(parse("[[database]]\nname = \"d\"\n[[database.default_privilege]]\nprivileges = "
                         "[\"SELECT; DROP\"]\non = "
                         "\"sequences\"\nroles = \"public\"\n")) ==
          "alkemio.toml:4:14 E113 cannot grant \"SELECT; DROP\" on sequences: it must be one of "
          "ALL, SELECT, UPDATE, USAGE\n");
}

TEST_CASE("config: everything wrong is told together, in the order of the file") {
    const auto loaded = parse(
        "[[database]]\nname = \"d\"\nencodng = \"UTF8\"\n\n[postgres]\nport = \"x\"\nsslmode = "
        "\"full\"\n\n[[migration]]\n"
        "database = \"e\"\nengine = \"sql\"\n",
        {{"PGPASSWORD", "a"}, {"PGPASSWORD_FILE", "b"}});
    CHECK(failures(loaded) ==
          "alkemio.toml:3:1 E112 cannot use the key \"encodng\" in database.d: there is no such "
          "key; did you mean \"encoding\"?\n"
          "alkemio.toml:6:8 E113 cannot use the value of \"port\" in postgres: \"x\" is no port "
          "between 1 and 65535\n"
          "alkemio.toml:7:11 E113 cannot use \"full\" as \"sslmode\" in postgres: it must be one "
          "of disable, allow, prefer, require, "
          "verify-ca, verify-full\n"
          "alkemio.toml:9:1 E114 cannot run migration \"e\": the engine sql needs files; add: "
          "files = \"…/*.sql\"\n"
          "alkemio.toml:10:12 E115 cannot use the database \"e\" in migration \"e\": no [[database]] "
          "declares it; declare it\n"
          "environment PGPASSWORD_FILE E115 cannot use both PGPASSWORD and PGPASSWORD_FILE: only "
          "one of them can count; unset PGPASSWORD or "
          "PGPASSWORD_FILE\n");
    for (const Failure& failure : loaded.failures) {
        CHECK(failure.exit_code() == 10);
        CHECK(failure.state == "Nothing was done.");
    }
}

TEST_CASE("config: two sql migrations of one database need tables of their own") {
    const std::string two =
        "[[database]]\nname = \"d\"\n[[migration]]\nname = \"a\"\ndatabase = \"d\"\nengine = \"sql\"\nfiles = "
        "\"a/*\"\n[[migration]]\nname = \"b\"\ndatabase = \"d\"\nengine = \"sql\"\nfiles = \"b/*\"\n";
    CHECK(failures(parse(two)) ==
          "alkemio.toml:8:1 E115 cannot record migration \"b\" in the table \"schema_migrations\" "
          "of database \"d\": the migration at alkemio.toml:3:1 records there too; give each a "
          "table of its own: table = …\n");
    CHECK(failures(parse(two + "table = \"b\"\n")).empty());
    CHECK(failures(parse(two + "schema = \"other\"\n")).empty());
}

TEST_CASE("config: what stands between a function's brackets must be types") {
    const auto with = [](const std::string& object) {
        return failures(parse(fmt::format(
            "[[database]]\nname = \"d\"\n[[database.grant]]\nprivileges = [\"execute\"]\nschema = "
            "\"public\"\non = \"function\"\nroles = [\"public\"]\nobjects = ['{}']\n",
            object)));
    };
    for (const char* good : {"f", "f()", "f(text)", "f(int, public.my_type[], double precision)"}) {
        CAPTURE(good);
        CHECK(with(good).empty());
    }
    for (const char* bad : {"f(int;)", "f(int) TO x; f(int)", "f(,)", "f(\"x\")", "f(numeric(1))"}) {
        CAPTURE(bad);
        CHECK(with(bad) ==
              fmt::format("alkemio.toml:8:11 E113 cannot grant on the function \"{}\": its arguments "
                          "are no list of types; write the types alone, without modifiers: "
                          "name(text, integer[])\n",
                          bad));
    }
}

TEST_CASE("config: names that PostgreSQL keeps for itself, and blank ones, are refused") {
    const Row rows[] = {
        {"public",
         "[[role]]\nname = \"public\"\n",
         "alkemio.toml:2:8 E113 cannot make the role \"public\": it is a word of PostgreSQL's own, "
         "and no role can have that name\n"},
        {"none",
         "[[role]]\nname = \"none\"\n",
         "alkemio.toml:2:8 E113 cannot make the role \"none\": it is a word of PostgreSQL's own, and "
         "no role can have that name\n"},
        {"PUBLIC, which is another name", "[[role]]\nname = \"PUBLIC\"\n", ""},
        {"template0",
         "[[database]]\nname = \"template0\"\n",
         "alkemio.toml:2:8 E113 cannot use the database \"template0\": it is PostgreSQL's own, and "
         "nobody can connect to it\n"},
        {"blanks",
         "[[database]]\nname = \"  \"\n",
         "alkemio.toml:2:8 E113 cannot use the database name \"  \": it is blank\n"},
    };
    for (const Row& row : rows) compare(row);
}

TEST_CASE("config: circles of membership are named once each, at the key") {
    CHECK(failures(parse("[[role]]\nname = \"a\"\nmember_of = [\"a\"]\n")) ==
          "alkemio.toml:3:13 E115 cannot make the role \"a\" a member of \"a\": no role can be a member of itself; remove "
          "one of them from member_of\n");
    CHECK(failures(parse("[[role]]\nname = \"a\"\nmember_of = [\"b\"]\n[[role]]\nname = \"b\"\nmember_of = [\"c\"]\n"
                         "[[role]]\nname = \"c\"\nmember_of = [\"a\", \"pg_monitor\"]\n")) ==
          "alkemio.toml:3:13 E115 cannot make the role \"a\" a member of \"b\": \"b\" is a member of \"a\" in turn; remove "
          "one of them from member_of\n");
    CHECK(failures(parse("[[role]]\nname = \"a\"\nmember_of = [\"b\", \"c\"]\n[[role]]\nname = \"b\"\nmember_of = "
                         "[\"c\"]\n[[role]]\nname = \"c\"\n"))
              .empty());
}

TEST_CASE("config: what PostgreSQL would refuse later is refused at its place") {
    const Row rows[] = {
        {"an empty password",
         "[[role]]\nname = \"r\"\npassword = \"\"\n",
         "alkemio.toml:3:12 E116 cannot use the value of \"password\" in role.r: it is empty; write the secret, or leave the "
         "key out\n"},
        {"an encoding that there is not",
         "[[database]]\nname = \"d\"\nencoding = \"UTF-9\"\n",
         "alkemio.toml:3:12 E113 cannot use the encoding \"UTF-9\" in database \"d\": no database can have it; did you mean "
         "\"UTF8\"?\n"},
        {"an encoding of clients",
         "[[database]]\nname = \"d\"\nencoding = \"SJIS\"\n",
         "alkemio.toml:3:12 E113 cannot use the encoding \"SJIS\" in database \"d\": no database can have it; see the "
         "encodings of servers in PostgreSQL's manual, \"Character Set Support\"\n"},
        {"encodings in another spelling",
         "[[database]]\nname = \"d\"\nencoding = \"utf-8\"\n[[database]]\nname = \"e\"\nencoding = \"iso-8859-5\"\n",
         ""},
        {"a version that is none",
         "[postgres]\nexpected_version = \"abc\"\n",
         "alkemio.toml:2:20 E113 cannot use \"abc\" as \"expected_version\" in postgres: it is no version of PostgreSQL; write "
         "17 or 17.5\n"},
        {"versions", "[postgres]\nexpected_version = \"17\"\n", ""},
        {"no version", "[postgres]\nexpected_version = \"\"\n", ""},
        {"an owner that only migrations make",
         "[[role]]\nname = \"late\"\nafter_migrations_of = \"d\"\n[[database]]\nname = \"d\"\nowner = \"late\"\n"
         "[[migration]]\ndatabase = \"d\"\nengine = \"sql\"\nfiles = \"a\"\n",
         "alkemio.toml:6:9 E115 cannot give database \"d\" to the role \"late\": the migrations of \"d\" make that role, "
         "which is later; name another owner, or remove after_migrations_of\n"},
    };
    for (const Row& row : rows) compare(row);
}

TEST_CASE("config: the address of the health endpoint must be one") {
    for (const char* good : {"127.0.0.1:8080",
                             ":8080",
                             "[::1]:1",
                             "localhost:65535",
                             "unix:/run/x.sock",
                             "unix:@name"}) {
        CAPTURE(good);
        CHECK(failures(parse(fmt::format("[health]\nlisten = \"{}\"\n", good))).empty());
    }
    for (const char* bad : {"garbage", ":", "127.0.0.1:99999", "127.0.0.1:0", "h:8080x", "unix:"}) {
        CAPTURE(bad);
        CHECK(failures(parse(fmt::format("[health]\nlisten = \"{}\"\n", bad))) ==
              fmt::format("alkemio.toml:2:10 E113 cannot use \"{}\" as the address of the health "
                          "endpoint: it is neither HOST:PORT nor unix:PATH nor unix:@NAME\n",
                          bad));
    }
}

TEST_CASE("config: what is no TOML is shown with its line and a caret") {
    const auto loaded = parse("[postgres]\nhost = \"a\"\nuser = \"ö\" x\n");
    REQUIRE(loaded.failures.size() == 1);
    const Failure& failure = loaded.failures.front();
    CHECK(failure.id() == "E111");
    CHECK(failure.what == "cannot parse \"alkemio.toml\"");
    CHECK(failure.where == Origin{"alkemio.toml", 3, 12});
    CHECK(failure.excerpt == "3 | user = \"ö\" x\n  |            ^");
    CHECK_FALSE(failure.because.empty());
}

TEST_CASE("config: broken text is an error and never more than that") {
    for (const std::string text : {"[",
                                   "a = ",
                                   "\xFF\xFE",
                                   "a = \"\xC3\"",
                                   "[[database]]\nname = \"\\u0000\"",
                                   "x = [[[[[[",
                                   "\xEF\xBB\xBF[postgres"}) {
        CAPTURE(text);
        CHECK_FALSE(parse(text).good());
    }
    CHECK(parse("\xEF\xBB\xBF[postgres]\r\nhost = \"a\"\r\n").good());
    CHECK(parse("").good());
}

TEST_CASE("config: a file that cannot be read says so with exit code 10") {
    const auto loaded = config::load("/nowhere/alkemio.toml", {});
    REQUIRE(loaded.failures.size() == 1);
    CHECK(loaded.failures[0].line() ==
          "cannot read the configuration \"/nowhere/alkemio.toml\": No such file or directory");
    CHECK(loaded.failures[0].exit_code() == 10);
    const auto by_variable = config::load("", {{"ALKEMIO_INIT_CONFIG", "/nowhere/else.toml"}});
    REQUIRE(by_variable.failures.size() == 1);
    CHECK(by_variable.failures[0].what == "cannot read the configuration \"/nowhere/else.toml\"");
}

TEST_SUITE_END();
