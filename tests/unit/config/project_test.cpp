// SPDX-License-Identifier: Apache-2.0
// A project's TypeORM migrations without a configuration file.
#include <doctest/doctest.h>

#include <filesystem>

#include "unit/config/loading.h"

using namespace ainit;
using config::Environment;
using config::ProjectOptions;
using test::failures;
using test::shown;

namespace {

config::Loaded load(const Environment& environment, const ProjectOptions& options = {}) {
    return config::load("", environment, config::SecretFiles::read, options);
}

std::string here(const std::string& path) {
    return (std::filesystem::current_path() / path).string();
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("project: options make the migration of the database that DATABASE_NAME names") {
    const auto loaded = load({{"DATABASE_NAME", "alkemio"}, {"POSTGRES_DB", "other"}},
                             {"", {"dist/*.js", "/more/*.js"}, "migrations_typeorm"});
    REQUIRE(failures(loaded) == "");
    REQUIRE(loaded.config.migrations.size() == 1);
    const config::Migration& migration = loaded.config.migrations[0];
    CHECK(migration.engine == "typeorm");
    CHECK(migration.name == "alkemio");
    CHECK(migration.database == "alkemio");
    CHECK(migration.files == std::vector<std::string>{here("dist/*.js"), "/more/*.js"});
    CHECK(migration.table == "migrations_typeorm");
    CHECK(migration.transaction == "");
    CHECK(migration.on_changed == "warn");
    CHECK(migration.origin.text() == "command line");
    CHECK(shown(loaded, "migration.alkemio.table") == "\"migrations_typeorm\"  # command line --table");
    CHECK(shown(loaded, "migration.alkemio.on_changed") == "\"warn\"  # default");
}

TEST_CASE("project: variables do the same, and options count before them") {
    const Environment environment{{"POSTGRES_DB", "alkemio"},
                                  {"ALKEMIO_INIT_FILES", "a/*.{js,ts}, /b/*.js"},
                                  {"ALKEMIO_INIT_TABLE", "ledger"}};
    const auto loaded = load(environment);
    REQUIRE(failures(loaded) == "");
    REQUIRE(loaded.config.migrations.size() == 1);
    CHECK(loaded.config.migrations[0].files == std::vector<std::string>{here("a/*.{js,ts}"), "/b/*.js"});
    CHECK(shown(loaded, "migration.alkemio.table") == "\"ledger\"  # environment ALKEMIO_INIT_TABLE");

    const auto other = load(environment, {"/p/data-source.js", {}, ""});
    REQUIRE(failures(other) == "");
    CHECK(other.config.migrations[0].files.empty());
    CHECK(other.config.migrations[0].data_source == "/p/data-source.js");
    CHECK(other.config.migrations[0].table == "ledger");
    CHECK(shown(other, "migration.alkemio.data_source") == "\"/p/data-source.js\"  # command line --data-source");
}

TEST_CASE("project: how migrations are put into transactions") {
    const Environment environment{{"DATABASE_NAME", "alkemio"}, {"ALKEMIO_INIT_FILES", "*.js"}, {"ALKEMIO_INIT_TRANSACTION", "each"}};
    const auto loaded = load(environment);
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.migrations[0].transaction == "each");
    CHECK(shown(loaded, "migration.alkemio.transaction") == "\"each\"  # environment ALKEMIO_INIT_TRANSACTION");
    const auto other = load(environment, {"", {}, "", "none"});
    REQUIRE(failures(other) == "");
    CHECK(other.config.migrations[0].transaction == "none");
    CHECK(shown(other, "migration.alkemio.transaction") == "\"none\"  # command line --transaction");
    CHECK(failures(load({{"DATABASE_NAME", "alkemio"}, {"ALKEMIO_INIT_FILES", "*.js"}, {"ALKEMIO_INIT_TRANSACTION", "All"}})) ==
          " E113 cannot use the value of ALKEMIO_INIT_TRANSACTION: \"All\" is none of each, all, none\n");
    CHECK(failures(load({}, {"", {}, "", "each"})) ==
          " E101 cannot use --transaction alone: nothing says which migrations run so; add --files or --data-source, or set "
          "ALKEMIO_INIT_FILES or ALKEMIO_INIT_DATA_SOURCE\n");
}

TEST_CASE("project: without other databases the one of the connection is migrated") {
    const auto loaded = load({{"DATABASE_URL", "postgres://u:p@h/alkemio"}}, {"/p/d.js", {}, ""});
    REQUIRE(failures(loaded) == "");
    CHECK(loaded.config.migrations[0].database == "alkemio");
    CHECK(loaded.config.owner_of("alkemio") == "u");
}

TEST_CASE("project: what does not say which database, or which migrations, is refused") {
    CHECK(failures(load({}, {"", {"*.js"}, ""})) ==
          " E114 cannot tell which database to migrate: no variable names one; set DATABASE_NAME\n");
    CHECK(failures(load({{"POSTGRES_MULTIPLE_DATABASES", "a,b"}}, {"", {"*.js"}, ""})) ==
          " E114 cannot tell which database to migrate: there are several: a, b; set DATABASE_NAME\n");
    CHECK(failures(load({{"ALKEMIO_INIT_TABLE", "ledger"}})) ==
          " E114 cannot use ALKEMIO_INIT_TABLE alone: nothing says which migrations are recorded in that table; add "
          "--files or --data-source, or set ALKEMIO_INIT_FILES or ALKEMIO_INIT_DATA_SOURCE\n");
    CHECK(failures(load({{"DATABASE_NAME", "a"},
                         {"ALKEMIO_INIT_FILES", "*.js"},
                         {"ALKEMIO_INIT_DATA_SOURCE", "d.js"}})) ==
          "environment ALKEMIO_INIT_FILES E115 cannot use both files and data_source in migration \"a\": the data "
          "source says which files there are; remove one\n");
}

TEST_CASE("project: a configuration file says itself what migrates") {
    const auto with_options =
        config::load_text("", "alkemio.toml", {}, config::SecretFiles::read, {"", {"*.js"}, ""});
    CHECK(failures(with_options) ==
          " E101 cannot use --data-source, --files, --table or --transaction: the configuration file alkemio.toml says what "
          "migrates; write it there as [[migration]] with engine = \"typeorm\", or leave the file out\n");
    const auto with_variable = test::parse("", {{"ALKEMIO_INIT_FILES", "*.js"}});
    CHECK(failures(with_variable) == "");
    CHECK(test::warnings(with_variable) ==
          " ALKEMIO_INIT_DATA_SOURCE, ALKEMIO_INIT_FILES, ALKEMIO_INIT_TABLE and ALKEMIO_INIT_TRANSACTION do not count: the "
          "configuration file alkemio.toml says what migrates\n");
}

TEST_SUITE_END();
