// SPDX-License-Identifier: Apache-2.0
// Variables of containers: alone, with a file, and where they contradict each other.
#include <doctest/doctest.h>

#include "unit/config/loading.h"
#include "support/scratch.h"

using namespace ainit;
using config::Environment;
using test::failures;
using test::parse;
using test::shown;

namespace {

/// Without a file: an environment that names none, and no file in the usual place.
config::Loaded alone(const Environment& environment) {
    return config::load("", environment);
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("environment: Alkemio's variables are enough") {
    const auto loaded = alone({{"DATABASE_HOST", "db"},
                               {"DATABASE_PORT", "5433"},
                               {"DATABASE_USERNAME", "alkemio"},
                               {"DATABASE_PASSWORD", "geheim-1"},
                               {"DATABASE_NAME", "alkemio"},
                               {"DATABASE_TYPE", "postgres"}});
    REQUIRE(failures(loaded) == "");
    const config::Postgres& postgres = loaded.config.postgres;
    CHECK(postgres.hosts == std::vector<std::string>{"db"});
    CHECK(postgres.ports == std::vector<std::string>{"5433"});
    CHECK(postgres.user == "alkemio");
    CHECK(postgres.password.reveal() == "geheim-1");
    CHECK(postgres.database == "postgres");
    REQUIRE(loaded.config.databases.size() == 1);
    CHECK(loaded.config.databases[0].name == "alkemio");
    CHECK(loaded.config.databases[0].extensions.empty());
    CHECK(loaded.config.owner_of("alkemio") == "alkemio");
    CHECK(loaded.config.file.empty());
    CHECK(shown(loaded, "postgres.host") == "\"db\"  # environment DATABASE_HOST");
    CHECK(shown(loaded, "postgres.password") == "\"<redacted>\"  # environment DATABASE_PASSWORD");
    CHECK(shown(loaded, "postgres.sslmode") == "\"prefer\"  # default");
    CHECK(shown(loaded, "database.alkemio.name") == "\"alkemio\"  # environment DATABASE_NAME");
    CHECK(shown(loaded, "database.alkemio.encoding") == "\"UTF8\"  # default");
}

TEST_CASE("environment: the PostgreSQL container's variables are enough") {
    const auto loaded =
        alone({{"POSTGRES_USER", "synapse"},
               {"POSTGRES_PASSWORD", "geheim-2"},
               {"POSTGRES_DB", "synapse"},
               {"POSTGRES_MULTIPLE_DATABASES", "alkemio, kratos,hydra  synapse,,postgres"}});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.user == "synapse");
    std::vector<std::string> names;
    for (const config::Database& database : loaded.config.databases) names.push_back(database.name);
    CHECK(names == std::vector<std::string>{"alkemio", "kratos", "hydra", "synapse"});
    REQUIRE(loaded.config.databases[1].extensions.size() == 1);
    CHECK(loaded.config.databases[1].extensions[0].name == "uuid-ossp");
    CHECK(shown(loaded, "database.kratos.extensions") ==
          "[\"uuid-ossp\"]  # environment POSTGRES_MULTIPLE_DATABASES");
}

TEST_CASE("environment: libpq's variables are enough") {
    const auto loaded = alone({{"PGHOST", "a,b"},
                               {"PGPORT", "1,2"},
                               {"PGUSER", "u"},
                               {"PGPASSWORD", "geheim-3"},
                               {"PGDATABASE", "maintenance"},
                               {"PGSSLMODE", "verify-full"},
                               {"PGSSLROOTCERT", "system"},
                               {"PGCONNECT_TIMEOUT", "7"},
                               {"PGOPTIONS", "-c work_mem=8MB"},
                               {"PGHOSTADDR", "10.0.0.1,10.0.0.2"},
                               {"PGSSLSNI", "0"}});
    REQUIRE(failures(loaded) == "");
    const config::Postgres& postgres = loaded.config.postgres;
    CHECK(postgres.hosts == std::vector<std::string>{"a", "b"});
    CHECK(postgres.ports == std::vector<std::string>{"1", "2"});
    CHECK(postgres.database == "maintenance");
    CHECK(postgres.sslmode == "verify-full");
    CHECK(postgres.sslrootcert == "system");
    CHECK(postgres.connect_timeout == Duration{7'000});
    CHECK(postgres.options == "-c work_mem=8MB");
    CHECK(postgres.parameters ==
          config::Settings{{"hostaddr", "10.0.0.1,10.0.0.2"}, {"sslsni", "0"}});
    CHECK(postgres.target_session_attrs == "read-write");
    CHECK(shown(loaded, "postgres.parameters.hostaddr") ==
          "\"10.0.0.1,10.0.0.2\"  # environment PGHOSTADDR");
    CHECK(shown(loaded, "postgres.target_session_attrs") ==
          "\"read-write\"  # default, as there are several hosts");
}

TEST_CASE("environment: with several hosts what is written about target_session_attrs stays") {
    CHECK(alone({{"PGHOST", "a,b"}, {"PGTARGETSESSIONATTRS", "any"}})
              .config.postgres.target_session_attrs == "any");
    CHECK(parse("[postgres]\nhost = [\"a\", \"b\"]\ntarget_session_attrs = \"any\"\n")
              .config.postgres.target_session_attrs == "any");
    CHECK(alone({{"PGHOST", "a"}}).config.postgres.target_session_attrs == "any");
}

TEST_CASE("environment: DATABASE_* counts before POSTGRES_*, and that before PG*") {
    const auto loaded = alone({{"DATABASE_HOST", "one"},
                               {"POSTGRES_HOST", "two"},
                               {"PGHOST", "three"},
                               {"POSTGRES_USER", "two"},
                               {"PGUSER", "three"}});
    CHECK(loaded.config.postgres.hosts == std::vector<std::string>{"one"});
    CHECK(loaded.config.postgres.user == "two");
    CHECK(alone({{"DATABASE_HOST", ""}, {"PGHOST", "three"}}).config.postgres.hosts ==
          std::vector<std::string>{"three"});
}

TEST_CASE(
    "environment: a URL counts before the variables of single keys, and they fill what it lacks") {
    const auto loaded =
        alone({{"DATABASE_URL", "postgres://u:geheim-4@[::1]/m?sslmode=disable&keepalives_idle=9"},
               {"DATABASE_HOST", "other"},
               {"PGPORT", "6543"},
               {"PGPASSWORD", "other"}});
    REQUIRE(failures(loaded) == "");
    const config::Postgres& postgres = loaded.config.postgres;
    CHECK(postgres.hosts == std::vector<std::string>{"::1"});
    CHECK(postgres.ports == std::vector<std::string>{"6543"});
    CHECK(postgres.user == "u");
    CHECK(postgres.password.reveal() == "geheim-4");
    CHECK(postgres.database == "m");
    CHECK(postgres.sslmode == "disable");
    CHECK(postgres.parameters == config::Settings{{"keepalives_idle", "9"}});
    CHECK(shown(loaded, "postgres.host") == "\"::1\"  # environment DATABASE_URL");
    CHECK(shown(loaded, "postgres.password") == "\"<redacted>\"  # environment DATABASE_URL");
    CHECK(shown(loaded, "postgres.port") == "\"6543\"  # environment PGPORT");
}

TEST_CASE("environment: a file counts more than any variable") {
    const auto loaded = parse(
        "[postgres]\nuser = \"file\"\npassword_file = \"/dev/null\"\nparameters = { sslsni = 1 }\n",
        {{"DATABASE_URL", "postgres://u:geheim-5@h"},
         {"PGUSER", "v"},
         {"PGPASSWORD", "w"},
         {"PGSSLSNI", "0"},
         {"DATABASE_NAME", "d"}},
        config::SecretFiles::skip);
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.user == "file");
    CHECK(loaded.config.postgres.password.empty());
    CHECK(loaded.config.postgres.hosts == std::vector<std::string>{"h"});
    CHECK(loaded.config.postgres.parameters == config::Settings{{"sslsni", "1"}});
    CHECK(loaded.config.databases.empty());
    CHECK(shown(loaded, "postgres.user") == "\"file\"  # alkemio.toml:2:8");
}

TEST_CASE("environment: each variable may be the name of a file") {
    const test::Scratch scratch;
    const auto loaded = alone({{"DATABASE_PASSWORD_FILE", scratch.write("password", "geheim-6\n")},
                               {"PGHOST_FILE", scratch.write("host", "db\r\n")},
                               {"POSTGRES_DB_FILE", scratch.write("db", "alkemio")}});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.postgres.password.reveal() == "geheim-6");
    CHECK(loaded.config.postgres.hosts == std::vector<std::string>{"db"});
    REQUIRE(loaded.config.databases.size() == 1);
    CHECK(loaded.config.databases[0].name == "alkemio");
    CHECK(shown(loaded, "postgres.password") ==
          "\"<redacted>\"  # environment DATABASE_PASSWORD_FILE");
}

TEST_CASE("environment: what is wrong with variables is told with their names") {
    const test::Scratch scratch;
    CHECK(failures(alone({{"PGPORT", "0"},
                          {"PGSSLMODE", "on"},
                          {"PGCONNECT_TIMEOUT", "soon"},
                          {"POSTGRES_USER", "a"},
                          {"POSTGRES_USER_FILE", "b"}})) ==
          "environment PGPORT E113 cannot use the value of PGPORT: \"0\" is no port between 1 and "
          "65535\n"
          "environment POSTGRES_USER_FILE E115 cannot use both POSTGRES_USER and "
          "POSTGRES_USER_FILE: only one of them can count; unset "
          "POSTGRES_USER or POSTGRES_USER_FILE\n"
          "environment PGSSLMODE E113 cannot use the value of PGSSLMODE: \"on\" is none of "
          "disable, allow, prefer, require, verify-ca, "
          "verify-full\n"
          "environment PGCONNECT_TIMEOUT E113 cannot use the value of PGCONNECT_TIMEOUT: \"soon\" "
          "is no duration\n");
    CHECK(failures(alone({{"DATABASE_URL", "postgres://u:geh/eim@h"}})) ==
          "environment DATABASE_URL E113 cannot use the value of DATABASE_URL: there is an @ after "
          "the first / or ?; a password must have "
          "them as %2F and %3F, other text an @ as %40\n");
    CHECK(failures(alone({{"DATABASE_URL", "postgres://h?colour=red"}})) ==
          "environment DATABASE_URL E113 cannot use the value of DATABASE_URL: there is no setting "
          "\"colour\"\n");
    CHECK(failures(alone({{"PGPASSWORD_FILE", "/nowhere"}})) ==
          "environment PGPASSWORD_FILE E116 cannot read the secret file \"/nowhere\": No such file "
          "or directory; mount the secret, or mend "
          "the path\n");
    const std::string empty = scratch.write("empty", "\n");
    CHECK(failures(alone({{"PGPASSWORD_FILE", empty}})) ==
          "environment PGPASSWORD_FILE E116 cannot use the secret file \"" + empty +
              "\": it is empty; write the secret into it\n");
}

TEST_CASE("environment: a file that does not count is not opened") {
    CHECK(failures(alone(
              {{"DATABASE_PASSWORD", "geheim-7"}, {"POSTGRES_PASSWORD_FILE", "/nowhere"}})) == "");
    CHECK(failures(parse("[postgres]\nuser = \"u\"\n", {{"PGUSER_FILE", "/nowhere"}})) == "");
}

TEST_CASE("environment: libpq's 0 of PGCONNECT_TIMEOUT, no limit, leaves an attempt its own") {
    CHECK(alone({{"PGCONNECT_TIMEOUT", "0"}}).config.postgres.connect_timeout == Duration{5'000});
}

TEST_CASE("environment: PGSERVICE is refused, since libpq would mix its section in") {
    const std::string told = failures(parse("", {{"PGSERVICE", "main"}, {"PGHOST", "db"}}));
    CHECK(told.find("E115 cannot use PGSERVICE: connection service files are not read; unset it") != std::string::npos);
}

TEST_CASE("environment: nothing at all is a configuration too") {
    const auto loaded = alone({});
    CHECK(failures(loaded) == "");
    CHECK(loaded.config.postgres.hosts == std::vector<std::string>{"localhost"});
    CHECK(loaded.config.databases.empty());
}

TEST_SUITE_END();
