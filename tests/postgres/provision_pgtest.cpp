// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "postgres/provisioning.h"

using namespace ainit;
using namespace ainit::test;
using plan::Effect;

namespace {

std::string name(const std::string& prefix) { return ScratchServer::unique(prefix); }

/// Everything that can be configured, on every version alike.
config::Config everything() {
    config::Config config = config_for();
    const std::string owner = name("owner");
    const std::string group = name("group");
    const std::string app = name("app");
    config::Role the_owner = role(owner, "canary-of-owner'\\");
    the_owner.settings = {{"search_path", "\"$user\", public"}, {"work_mem", "8MB"}, {"app.title", "a, b"}};
    the_owner.comment = "owns it";
    the_owner.member_of = {group};
    the_owner.connection_limit = 20;
    the_owner.valid_until = "2099-01-01 00:00:00";
    the_owner.given = {"comment", "connection_limit", "valid_until", "createdb"};
    config::Role the_group = role(group);
    the_group.login = false;
    the_group.given = {"login"};
    config.roles = {the_owner, the_group, role(app, "canary-of-app")};

    config::Database wanted = database(name("db"), owner);
    wanted.encoding = "UTF8";
    wanted.locale = "C";
    wanted.connection_limit = 30;
    wanted.comment = "it's here";
    wanted.given = {"encoding", "connection_limit", "comment"};
    wanted.settings = {{"timezone", "UTC"}, {"search_path", "public,ext"}};
    wanted.schemas = {{{}, "ext", ""}, {{}, "theirs", app}};
    wanted.extensions = {extension("pg_trgm", "ext"), extension("btree_gin"), extension("uuid-ossp")};
    wanted.grants = {grant({"CONNECT", "TEMP"}, "database", "", {}, {app, "public"}),
                     grant({"ALL"}, "schema", "ext", {}, {app})};
    config::DefaultPrivilege future;
    future.on = "tables";
    future.schema = "public";
    future.privileges = {"ALL"};
    future.roles = {app, group};
    wanted.default_privileges = {future};
    for (const std::string on : {"sequences", "functions", "types", "schemas"}) {
        config::DefaultPrivilege one = future;
        one.on = on;
        one.schema = "";
        one.owner = owner;
        one.roles = {app, "public"};
        wanted.default_privileges.push_back(one);
    }
    config.databases = {wanted};
    return config;
}

std::string fact(const std::string& question, const std::string& database = "postgres") {
    return scratch().run(question, database);
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("provision: an empty cluster becomes as wanted, and a second look finds nothing to do") {
    const config::Config config = everything();
    const config::Database& wanted = config.databases.front();
    const std::string& owner = wanted.owner;
    const provision::Applied applied = converge(config);
    CHECK(applied.changed() == static_cast<int>(applied.outcomes.size()));
    CHECK(fact("SELECT pg_get_userbyid(datdba) || datcollate || datctype || pg_encoding_to_char(encoding) || "
               "datconnlimit FROM pg_database WHERE datname = '" + wanted.name + "'") == owner + "CCUTF830");
    CHECK(fact("SELECT pg_get_userbyid(extowner) FROM pg_extension WHERE extname = 'pg_trgm'", wanted.name) == owner);
    CHECK(fact("SHOW timezone", wanted.name) == "UTC");
    CHECK(logs_in(owner, "canary-of-owner'\\", wanted.name));
    CHECK_FALSE(logs_in(owner, "wrong", wanted.name));
    CHECK(scratch().log().find("canary-of-") == std::string::npos);
}

TEST_CASE("provision: a converged cluster is asked one question in it and one in each database") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    config.roles = {role(owner, "pw-of-owner"), role(name("idle"), "pw-of-idle")};
    for (int i = 0; i < 3; ++i) config.databases.push_back(database(name("db"), owner));
    converge(config);
    const std::size_t before = scratch().log().size();
    CHECK(plan_of(config).empty());
    const std::string log = scratch().log().substr(before);
    const auto count = [&](const std::string& text) {
        std::size_t found = 0;
        for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++found;
        return found;
    };
    CHECK(count("statement: ") == 4);
    // The maintenance user, the owner in each database, and the role that owns none.
    CHECK(count("connection authorized: ") == 5);
}

TEST_CASE("provision: a cluster made by hand is adopted as it is") {
    const std::string owner = name("owner");
    const std::string db = name("db");
    scratch().run(fmt::format("CREATE ROLE {} LOGIN CREATEDB PASSWORD 'pw-of-owner'", owner));
    scratch().run(fmt::format("CREATE DATABASE {} OWNER {}", db, owner));
    scratch().run("CREATE EXTENSION pg_trgm", db);
    config::Config config = config_for();
    config.roles = {role(owner, "pw-of-owner")};
    config.databases = {database(db, owner)};
    config.databases.front().extensions = {extension("pg_trgm")};
    CHECK(steps(plan_of(config)) == Lines{});
    CHECK(warnings(plan_of(config)) == Lines{});

    config.roles.front().given = {"createdb"};
    config.databases.front().extensions.push_back(extension("citext"));
    CHECK(steps(plan_of(config)) ==
          Lines{fmt::format("change createdb of role \"{}\": createdb is on, wanted off", owner),
                fmt::format("create extension \"citext\" in database \"{}\": extension \"citext\" is not installed", db)});
    converge(config);
}

TEST_CASE("provision: encoding and locale of an existing database are drift, and nothing is touched") {
    const std::string db = name("db");
    scratch().run(fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", db));
    const std::string state = "SELECT d::text FROM pg_database d WHERE datname = '" + db + "'";
    const std::string before = fact(state);
    config::Config config = config_for();
    config.databases = {database(db, "")};
    config.databases.front().locale = "C.UTF-8";
    config.databases.front().given = {"encoding"};
    const plan::Plan plan = plan_of(config);
    CHECK(plan.empty());
    REQUIRE(plan.drifts.size() == 3);
    CHECK(plan.drifts[0].property == "encoding");
    CHECK(plan.drifts[0].wanted == "UTF8");
    CHECK(plan.drifts[0].found == "SQL_ASCII");
    CHECK(plan.drifts[1].property == "lc_collate");
    CHECK(plan.drifts[2].property == "lc_ctype");
    CHECK(apply(config, plan).outcomes.empty());
    CHECK(fact(state) == before);
}

TEST_CASE("provision: providers of locales are made where the version has them, else they are drift") {
    const int version = scratch().version();
    config::Config config = config_for();
    config::Database icu = database(name("icu"), "");
    icu.locale_provider = "icu";
    icu.icu_locale = "de_DE";
    config::Database builtin = database(name("builtin"), "");
    builtin.locale_provider = "builtin";
    builtin.builtin_locale = "C.UTF-8";
    config::Database libc = database(name("libc"), "");
    libc.locale_provider = "libc";
    libc.strategy = "wal_log";
    config.databases = {icu, builtin, libc};
    const auto drifts = plan_of(config).drifts.size();
    CHECK(drifts == (version < 15 ? 2u : version < 17 ? 1u : 0u));
    if (version < 17) std::erase_if(config.databases, [](const auto& one) { return one.locale_provider == "builtin"; });
    if (version < 15) std::erase_if(config.databases, [](const auto& one) { return one.locale_provider == "icu"; });
    converge(config);
}

TEST_CASE("provision: a maintenance user without superuser needs CREATEDB and CREATEROLE alone") {
    const std::string user = name("prov");
    scratch().run(fmt::format("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD 'pw-of-prov'", user));
    config::Config config = everything();
    config.postgres.user = user;
    config.postgres.password = Secret{"pw-of-prov"};
    // A setting that nobody has declared may be set by a superuser alone before 15.
    for (config::Role& one : config.roles) one.settings.erase("app.title");
    const plan::Plan plan = plan_of(config);
    CHECK(warnings(plan) == Lines{});
    converge(config);
    const config::Database& wanted = config.databases.front();
    CHECK(fact("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '" + wanted.name + "'") == wanted.owner);

    // What it made it may change later.
    config.databases.front().settings["timezone"] = "GMT";
    config.roles.front().password = Secret{"canary-another"};
    CHECK(converge(config).changed() == 2);
}

TEST_CASE("provision: an owner without a configured password is acted for by the maintenance user") {
    const std::string user = name("prov");
    const std::string owner = name("owner");
    scratch().run(fmt::format("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD 'pw-of-prov'", user));
    config::Config config = config_for(user, "pw-of-prov");
    config.roles = {role(owner)};
    config.databases = {database(name("db"), owner)};
    config.databases.front().schemas = {{{}, "app", ""}};
    config.databases.front().extensions = {extension("pg_trgm")};
    converge(config);
}

TEST_CASE("provision: a password is set when it does not fit, and only then") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    const std::string idle = name("idle");
    config.roles = {role(owner, "first-of-owner"), role(idle, "first-of-idle")};
    config.databases = {database(name("db"), owner)};
    const std::string& db = config.databases.front().name;
    converge(config);
    const std::string verifiers = "SELECT string_agg(rolpassword, ' ' ORDER BY rolname) FROM pg_authid WHERE rolname IN ('" +
                                  owner + "', '" + idle + "')";
    const std::string before = fact(verifiers);
    converge(config);
    CHECK(fact(verifiers) == before);

    config.roles[0].password = Secret{"second-of-owner"};
    config.roles[1].password = Secret{"second-of-idle"};
    CHECK(steps(plan_of(config)) ==
          Lines{fmt::format("set the password of role \"{0}\": a login of role \"{0}\" with the configured password fails", owner),
                fmt::format("set the password of role \"{0}\": a login of role \"{0}\" with the configured password fails", idle)});
    converge(config);
    CHECK(logs_in(owner, "second-of-owner", db));
    CHECK_FALSE(logs_in(owner, "first-of-owner", db));
    CHECK(logs_in(idle, "second-of-idle", "postgres"));
    CHECK(fact("SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = '" + owner + "'") == "t");
    CHECK(scratch().log().find("second-of-") == std::string::npos);
}

TEST_CASE("provision: a role that is let in and then turned away has the right password") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    config.roles = {role(owner, "pw-of-owner")};
    config.databases = {database(name("db"), owner)};
    config.databases.front().extensions = {extension("pg_trgm")};
    const std::string& db = config.databases.front().name;
    converge(config);
    SUBCASE("for want of CONNECT") {
        scratch().run(fmt::format("REVOKE CONNECT ON DATABASE {} FROM public, {}", db, owner));
        CHECK(steps(plan_of(config)) == Lines{});
    }
    SUBCASE("for want of a connection slot of its own") {
        scratch().run(fmt::format("ALTER ROLE {} CONNECTION LIMIT 0", owner));
        CHECK(steps(plan_of(config)) == Lines{});
        CHECK(look(config).databases.at(db).extensions.contains("pg_trgm"));
    }
    SUBCASE("since its password has expired") {
        scratch().run(fmt::format("ALTER ROLE {} VALID UNTIL '2001-01-01 00:00:00+00'", owner));
        CHECK(steps(plan_of(config)) == Lines{});
        CHECK(warnings(plan_of(config)) ==
              Lines{fmt::format("role \"{}\" cannot log in: its password was valid until 2001-01-01 00:00:00+00", owner)});
        config.roles.front().valid_until = "infinity";
        config.roles.front().given = {"valid_until"};
        CHECK(converge(config).changed() == 2);
    }
}

TEST_CASE("provision: grants on what migrations made converge") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    const std::string reader = name("reader");
    config.roles = {role(owner, "pw-of-owner"), role(reader)};
    config.databases = {database(name("db"), owner)};
    config::Database& wanted = config.databases.front();
    converge(config);
    scratch().run(fmt::format("SET ROLE {}; CREATE TABLE public.t (n int); CREATE VIEW public.v AS SELECT 1; "
                              "CREATE MATERIALIZED VIEW public.m AS SELECT 1; CREATE TABLE public.p (n int) PARTITION BY LIST (n); "
                              "CREATE SEQUENCE public.s; CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
                              "CREATE FUNCTION public.o(integer, character varying[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
                              "CREATE FUNCTION public.o(text) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
                              "CREATE PROCEDURE public.q() LANGUAGE sql AS 'SELECT 1'; "
                              "CREATE AGGREGATE public.a(int) (SFUNC = int4pl, STYPE = int)",
                              owner),
                  wanted.name);
    // A table of another owner, of which the database's owner has only a part.
    scratch().run(fmt::format("CREATE TABLE public.other (n int); GRANT INSERT ON public.other TO {}", owner), wanted.name);
    wanted.grants = {grant({"SELECT"}, "all tables", "public", {}, {reader}),
                     grant({"USAGE"}, "all sequences", "public", {}, {reader}),
                     grant({"EXECUTE"}, "all functions", "public", {}, {reader}),
                     grant({"ALL"}, "table", "public", {"t"}, {reader}),
                     grant({"EXECUTE"}, "function", "public", {"f"}, {reader}),
                     grant({"EXECUTE"}, "function", "public", {"o(int, varchar[])", "f()"}, {reader}),
                     grant({"ALL"}, "sequence", "public", {"s"}, {reader}),
                     grant({"CREATE", "USAGE"}, "schema", "public", {}, {reader})};
    converge(config);
    CHECK(fact("SELECT has_table_privilege('" + reader + "', 'public.other', 'SELECT')", wanted.name) == "t");
    CHECK(fact("SELECT has_table_privilege('" + reader + "', 'public.t', 'TRUNCATE')", wanted.name) == "t");
}

TEST_CASE("provision: one of two functions of a name is named by the types of its arguments") {
    config::Config config = config_for();
    const std::string reader = name("reader");
    config.roles = {role(reader)};
    config.databases = {database(name("db"), "")};
    config::Database& wanted = config.databases.front();
    converge(config);
    scratch().run("CREATE FUNCTION public.o(integer, varchar[]) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
                  "CREATE FUNCTION public.o(text) RETURNS int LANGUAGE sql AS 'SELECT 1'; "
                  "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM public",
                  wanted.name);
    wanted.grants = {grant({"EXECUTE"}, "function", "public", {"o(int,character varying[])"}, {reader})};
    CHECK(converge(config).changed() == 1);
    const auto may = [&](const std::string& function) {
        return fact(fmt::format("SELECT has_function_privilege('{}', 'public.{}', 'EXECUTE')", reader, function),
                    wanted.name);
    };
    CHECK(may("o(int, varchar[])") == "t");
    CHECK(may("o(text)") == "f");
    wanted.grants.front().objects = {"o(no_such_type)"};
    const provision::Applied applied = apply(config, plan_of(config));
    REQUIRE(applied.failure.has_value());
    CHECK(applied.failure->sqlstate == "42704");
}

TEST_CASE("provision: a GRANT that grants nothing is a failure, not a change") {
    const std::string user = name("prov");
    const std::string owner = name("owner");
    scratch().run(fmt::format("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD 'pw-of-prov'", user));
    config::Config config = config_for(user, "pw-of-prov");
    config.roles = {role(owner, "pw-of-owner")};
    config.databases = {database(name("db"), owner)};
    config::Database& wanted = config.databases.front();
    converge(config);
    scratch().run(fmt::format("CREATE TABLE public.other (n int); GRANT INSERT ON public.other TO {}", owner), wanted.name);
    wanted.grants = {grant({"SELECT"}, "table", "public", {"other"}, {user})};
    const provision::Applied applied = apply(config, plan_of(config));
    REQUIRE(applied.failure.has_value());
    CHECK(applied.failure->code == Code::privilege);
    CHECK(applied.failure->sqlstate == "42501");
    CHECK(applied.failure->exit_code() == 12);
    CHECK(effects(applied) == std::vector{Effect::failed});
}

TEST_CASE("provision: a late role is adjusted once it is there") {
    config::Config config = config_for();
    const std::string late = name("late");
    config.databases = {database(name("db"), "")};
    config.roles = {role(late, "pw-of-late")};
    config.roles.front().after_migrations_of = config.databases.front().name;
    config.databases.front().grants = {grant({"CONNECT"}, "database", "", {}, {late})};
    const plan::Plan first = plan::make_plan(config, look(config), plan::Phase::before_migrations);
    CHECK(first.steps.size() == 1);
    CHECK_FALSE(apply(config, first).failure.has_value());
    scratch().run(fmt::format("CREATE ROLE {} LOGIN", late));
    CHECK(plan::make_plan(config, look(config), plan::Phase::before_migrations).steps.size() == 2);
    converge(config);
    CHECK(logs_in(late, "pw-of-late", "postgres"));
}

TEST_CASE("provision: a step that fails leaves those before it done, and those after it not begun") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    config.roles = {role(owner, "pw-of-owner")};
    config.databases = {database(name("db"), owner)};
    config::Database& wanted = config.databases.front();
    wanted.extensions = {extension("no_such_extension"), extension("pg_trgm")};
    wanted.extensions.front().origin = {"a.toml", 12, 3};
    Lines seen;
    postgres::Sessions sessions{server_for(config)};
    const provision::Applied applied =
        provision::apply(sessions, plan_of(config), config, patience(),
                         [&](const plan::Outcome& one) { seen.push_back(plan::describe(one.step.action)); });
    CHECK(effects(applied) == std::vector{Effect::changed, Effect::changed, Effect::failed, Effect::skipped});
    CHECK(seen.size() == 3);
    REQUIRE(applied.failure.has_value());
    const Failure& failure = *applied.failure;
    CHECK(failure.code == Code::provision_step);
    CHECK(failure.exit_code() == 20);
    CHECK(failure.what == fmt::format("cannot create extension \"no_such_extension\" in database \"{}\"", wanted.name));
    CHECK((failure.sqlstate == "0A000" || failure.sqlstate == "58P01"));
    CHECK(failure.state == "Of 4 steps 2 are done and stay; this one is not, and the 1 after it were not begun.");
    CHECK(failure.hint ==
          "install the extension's package where the server runs; SELECT * FROM pg_available_extension_versions WHERE "
          "name = 'no_such_extension' tells what it has");
    CHECK(failure.where == Origin{"a.toml", 12, 3});
    CHECK_FALSE(failure.transient);

    wanted.extensions.erase(wanted.extensions.begin());
    CHECK(converge(config).changed() == 1);
}

TEST_CASE("provision: what a user may not do is named with what to grant") {
    const std::string user = name("prov");
    const std::string other = name("other");
    scratch().run(fmt::format("CREATE ROLE {} LOGIN PASSWORD 'pw-of-prov'", user));
    scratch().run(fmt::format("CREATE ROLE {} LOGIN", other));
    config::Config config = config_for(user, "pw-of-prov");
    SUBCASE("CREATEROLE") {
        config.roles = {role(name("r"))};
        const provision::Applied applied = apply(config, plan_of(config));
        REQUIRE(applied.failure.has_value());
        CHECK(applied.failure->code == Code::privilege);
        CHECK(applied.failure->hint == fmt::format("ALTER ROLE \"{}\" CREATEROLE, or use another maintenance user", user));
    }
    SUBCASE("CREATEDB") {
        config.databases = {database(name("d"), "")};
        const provision::Applied applied = apply(config, plan_of(config));
        REQUIRE(applied.failure.has_value());
        CHECK(applied.failure->code == Code::privilege);
        CHECK(applied.failure->hint == fmt::format("ALTER ROLE \"{}\" CREATEDB, or use another maintenance user", user));
    }
    SUBCASE("another's role") {
        if (scratch().version() >= 16) scratch().run(fmt::format("ALTER ROLE {} CREATEROLE", user));
        config.roles = {role(other, "pw-of-other")};
        const provision::Applied applied = apply(config, plan_of(config));
        REQUIRE(applied.failure.has_value());
        CHECK(applied.failure->code == Code::privilege);
        CHECK(applied.failure->hint.find("WITH ADMIN OPTION") != std::string::npos);
    }
    SUBCASE("an extension that is not trusted") {
        scratch().run(fmt::format("ALTER ROLE {} CREATEDB", user));
        config.databases = {database(name("d"), "")};
        config.databases.front().extensions = {extension("dblink")};
        const provision::Applied applied = apply(config, plan_of(config));
        REQUIRE(applied.failure.has_value());
        CHECK(applied.failure->code == Code::privilege);
        CHECK(applied.failure->hint ==
              fmt::format("only trusted extensions may be made without a superuser; run as one in database \"{}\": "
                          "CREATE EXTENSION \"dblink\"",
                          config.databases.front().name));
    }
}

TEST_CASE("provision: an extension that the owner may not make is made by a superuser") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    config.roles = {role(owner, "pw-of-owner")};
    config.databases = {database(name("db"), owner)};
    config.databases.front().extensions = {extension("dblink")};
    converge(config);
}

TEST_CASE("provision: a setting or a value that the server does not know is named") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    config.roles = {role(owner)};
    SUBCASE("a setting") {
        config.roles.front().settings = {{"no_such_setting", "1"}};
        const provision::Applied applied = apply(config, plan_of(config));
        REQUIRE(applied.failure.has_value());
        CHECK(applied.failure->what == fmt::format("cannot set no_such_setting of role \"{}\"", owner));
        CHECK(applied.failure->sqlstate == "42704");
        CHECK(applied.failure->hint == "SELECT name FROM pg_settings tells which settings there are");
    }
    SUBCASE("a value") {
        config.roles.front().settings = {{"timezone", "Nowhere/At_All"}};
        const provision::Applied applied = apply(config, plan_of(config));
        REQUIRE(applied.failure.has_value());
        CHECK(applied.failure->sqlstate == "22023");
        CHECK(applied.failure->hint == "SELECT * FROM pg_settings WHERE name = 'timezone' tells which values it takes");
    }
}

TEST_CASE("provision: settings and versions of extensions that the server does not have are foretold") {
    config::Config config = config_for();
    const std::string owner = name("owner");
    config.roles = {role(owner)};
    config.roles.front().settings = {{"no_such_setting", "1"}, {"TimeZone", "UTC"}, {"my.own", "x"}};
    config.databases = {database(name("db"), owner)};
    config::Extension old = extension("pg_trgm");
    old.version = "0.0";
    config.databases.front().extensions = {old, extension("no_such_extension"), extension("hstore")};
    const Lines told = warnings(plan_of(config));
    REQUIRE(told.size() == 3);
    CHECK(told[0] == fmt::format("\"no_such_setting\" of role \"{}\" cannot be set: the server has no such setting", owner));
    CHECK(told[1].find("\"pg_trgm\" cannot be installed") != std::string::npos);
    CHECK(told[1].find("the server does not have its version 0.0, only ") != std::string::npos);
    CHECK(told[2].find("\"no_such_extension\" cannot be installed") != std::string::npos);
}

TEST_CASE("provision: a valid_until that is no time is named with its role and place") {
    config::Config config = config_for();
    const std::string other = name("other");
    config.roles = {role(name("owner")), role(other)};
    config.roles.front().valid_until = "infinity";
    config.roles.back().valid_until = "banana";
    config.roles.back().origin = {"a.toml", 7, 1};
    postgres::Sessions sessions{server_for(config)};
    const auto seen = provision::observe(sessions, config, patience());
    REQUIRE_FALSE(seen.has_value());
    CHECK(seen.error().code == Code::config_type);
    CHECK(seen.error().what == fmt::format("cannot use valid_until of role \"{}\"", other));
    CHECK(seen.error().sqlstate == "22007");
    CHECK(seen.error().where == Origin{"a.toml", 7, 1});
}

TEST_CASE("provision: what a database or an extension refers to and is not there is told by its SQLSTATE") {
    config::Config config = config_for();
    config.databases = {database(name("db"), "")};
    config::Database& wanted = config.databases.front();
    const auto hint = [&] {
        const provision::Applied applied = apply(config, plan_of(config));
        REQUIRE(applied.failure.has_value());
        return applied.failure->sqlstate + " " + applied.failure->hint;
    };
    SUBCASE("an owner") {
        wanted.owner = "nobody_of_that_name";
        CHECK(hint() ==
              "42704 let its owner and tablespace exist: SELECT rolname FROM pg_roles, SELECT spcname FROM "
              "pg_tablespace");
    }
    SUBCASE("a template") {
        wanted.database_template = "no_such_template";
        CHECK(hint() == "3D000 use a template that is there: SELECT datname FROM pg_database");
    }
    SUBCASE("the schema of an extension") {
        converge(config);
        scratch().run(fmt::format("ALTER DATABASE \"{}\" SET search_path = nowhere", wanted.name));
        wanted.extensions = {extension("citext")};
        CHECK(hint() == "3F000 give the extension a schema that exists or is declared: schema = …");
    }
}

TEST_CASE("provision: a locale that the server does not have is named") {
    config::Config config = config_for();
    config.databases = {database(name("db"), "")};
    config.databases.front().locale = "xx_XX.UTF-8";
    const provision::Applied applied = apply(config, plan_of(config));
    REQUIRE(applied.failure.has_value());
    CHECK(applied.failure->code == Code::provision_step);
    CHECK_FALSE(applied.failure->hint.empty());
    CHECK_FALSE(look(config).databases.contains(config.databases.front().name));
}
