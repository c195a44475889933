// SPDX-License-Identifier: Apache-2.0
#include "unit/plan/shown.h"

using namespace ainit;
using namespace ainit::plan;
using namespace ainit::test;

TEST_SUITE_BEGIN("unit");

TEST_CASE("roles: all are created before the first membership") {
    config::Config config = desired_by();
    config::Role member = role("app", "pw-of-app");
    member.member_of = {"readers", "pg_monitor"};
    member.settings = {{"work_mem", "8MB"}};
    member.comment = "the app";
    member.given = {"comment"};
    config.roles = {member, role("readers")};
    const Plan plan = make_plan(config, server());
    CHECK(steps(plan) == Lines{"create role \"app\": role \"app\" does not exist",
                               "create role \"readers\": role \"readers\" does not exist",
                               "make role \"app\" a member of \"readers\": role \"app\" is no member of \"readers\"",
                               "make role \"app\" a member of \"pg_monitor\": role \"app\" is no member of \"pg_monitor\"",
                               "set work_mem of role \"app\": it is not set, wanted \"8MB\"",
                               "comment on role \"app\": its comment differs"});
    CHECK(plan.steps.front().origin == Origin{"a.toml", 1, 1});
    CHECK(sql(plan.steps.front().action) == Lines{"CREATE ROLE \"app\" LOGIN PASSWORD 'verifier of app:pw-of-app'"});
}

TEST_CASE("roles: what the server will refuse is said before anything runs") {
    config::Config config = desired_by("prov");
    config::Role wanted = role("app");
    wanted.settings = {{"nope", "1"}, {"work_mem", "8MB"}, {"Role", "x"}, {"my.own", "1"}};
    config.roles = {wanted};
    Observed observed = modest();
    observed.offer.emplace();
    CHECK(warnings(make_plan(config, observed)).empty());
    observed.createrole = false;
    observed.offer->settings = {"work_mem", "port"};
    CHECK(warnings(make_plan(config, observed)) ==
          Lines{"role \"app\" cannot be created: \"prov\" has no CREATEROLE",
                "\"nope\" of role \"app\" cannot be set: the server has no such setting"});
}

TEST_CASE("roles: of an existing one only what is written out is compared") {
    config::Config config = desired_by();
    config::Role wanted = role("app");
    wanted.createdb = true;
    wanted.connection_limit = 5;
    wanted.valid_until = "2030-01-01";
    config.roles = {wanted};
    Observed observed = server();
    observed.roles["app"] = ordinary();
    observed.roles["app"].superuser = true;
    CHECK(make_plan(config, observed).empty());

    config.roles.front().given = {"createdb", "superuser", "connection_limit", "valid_until", "login"};
    const Plan plan = make_plan(config, observed);
    CHECK(steps(plan) ==
          Lines{"change superuser, createdb, connection_limit, valid_until of role \"app\": superuser is on, wanted off; "
                "createdb is off, wanted on; connection_limit is -1, wanted 5; valid_until is not set, wanted "
                "2030-01-01"});
    CHECK(sql(plan) == Lines{"ALTER ROLE \"app\" NOSUPERUSER CREATEDB CONNECTION LIMIT 5 VALID UNTIL '2030-01-01'"});
}

TEST_CASE("roles: a password is set where a login with it failed, and nowhere else") {
    config::Config config = desired_by();
    config.roles = {role("app", "pw-of-app")};
    Observed observed = server();
    ObservedRole& is = observed.roles["app"] = ordinary();
    SUBCASE("it fits") {
        is.password_fits = true;
        CHECK(make_plan(config, observed).empty());
    }
    SUBCASE("nobody could tell") { CHECK(make_plan(config, observed).empty()); }
    SUBCASE("it does not fit") {
        is.password_fits = false;
        CHECK(steps(make_plan(config, observed)) ==
              Lines{"set the password of role \"app\": a login of role \"app\" with the configured password fails"});
    }
    SUBCASE("it does not fit, but none is configured") {
        is.password_fits = false;
        config.roles = {role("app")};
        CHECK(make_plan(config, observed).empty());
    }
    SUBCASE("the role may log in from now on") {
        is.login = false;
        // Who has a password shall log in with it.
        SUBCASE("as is written out") { config.roles.front().given = {"login"}; }
        SUBCASE("since it has a password") {}
        CHECK(steps(make_plan(config, observed)) ==
              Lines{"change login of role \"app\": login is off, wanted on",
                    "set the password of role \"app\": role \"app\" may log in from now on"});
    }
    SUBCASE("the role shall not log in") {
        is.login = false;
        config.roles.front().login = false;
        config.roles.front().given = {"login"};
        CHECK(make_plan(config, observed).empty());
    }
    SUBCASE("a role without a login stays so where no password is configured") {
        is.login = false;
        config.roles = {role("app")};
        CHECK(make_plan(config, observed).empty());
    }
}

TEST_CASE("roles: an expired password is not set again and again") {
    config::Config config = desired_by();
    config.roles = {role("app", "pw-of-app")};
    Observed observed = server();
    ObservedRole& is = observed.roles["app"] = ordinary();
    is.password_fits = false;
    is.expired = true;
    is.valid_until = "2020-01-01 00:00:00+00";
    const Plan plan = make_plan(config, observed);
    CHECK(plan.empty());
    CHECK(warnings(plan) ==
          Lines{"role \"app\" cannot log in: its password was valid until 2020-01-01 00:00:00+00"});

    config.roles.front().valid_until = "infinity";
    config.roles.front().given = {"valid_until"};
    const Plan longer = make_plan(config, observed);
    CHECK(longer.warnings.empty());
    CHECK(sql(longer) == Lines{"ALTER ROLE \"app\" VALID UNTIL 'infinity'",
                               "ALTER ROLE \"app\" PASSWORD 'verifier of app:pw-of-app'"});
}

TEST_CASE("roles: one that migrations make waits for them, and so does what speaks of it") {
    config::Config config = desired_by();
    config::Role late = role("reader", "pw-of-reader");
    late.after_migrations_of = "app";
    config::Role other = role("other");
    other.member_of = {"reader"};
    config.roles = {late, other};
    config::Database app = database("app");
    config::Grant grant;
    grant.privileges = {"CONNECT"};
    grant.roles = {"reader"};
    app.grants = {grant};
    config::DefaultPrivilege future;
    future.privileges = {"SELECT"};
    future.roles = {"reader"};
    app.default_privileges = {future};
    config.databases = {app};
    Observed observed = server();
    observed.roles["other"] = ordinary();
    observed.databases["app"] = made("postgres");

    CHECK(make_plan(config, observed, Phase::before_migrations).empty());
    CHECK(make_plan(config, observed, Phase::after_migrations).steps.size() == 4);

    // Once it is there it is compared at any time: a second run shows what it lacks.
    observed.roles["reader"] = ordinary();
    observed.roles["reader"].password_fits = false;
    CHECK(steps(make_plan(config, observed, Phase::before_migrations)) ==
          Lines{"set the password of role \"reader\": a login of role \"reader\" with the configured password fails",
                "make role \"other\" a member of \"reader\": role \"other\" is no member of \"reader\"",
                "grant CONNECT on database \"app\" to \"reader\": role \"reader\" lacks CONNECT",
                "grant SELECT on future tables of \"postgres\" in database \"app\" to \"reader\": role \"reader\" will "
                "lack SELECT"});
}

TEST_CASE("roles: settings are equal as the catalog keeps them") {
    config::Config config = desired_by();
    config.roles = {role("app")};
    Observed observed = server();
    observed.roles["app"] = ordinary();
    std::map<std::string, std::string>& is = observed.roles["app"].settings;
    config::Settings& wanted = config.roles.front().settings;
    SUBCASE("names of settings in any case") {
        is = {{"TimeZone", "UTC"}};
        wanted = {{"timezone", "UTC"}};
        CHECK(make_plan(config, observed).empty());
    }
    SUBCASE("a list of names with other quotes and blanks") {
        is = {{"search_path", "\"$user\", public"}};
        wanted = {{"search_path", "$user,public"}};
        CHECK(make_plan(config, observed).empty());
    }
    SUBCASE("a text with a comma is no list of names") {
        is = {{"app.title", "a,b"}};
        wanted = {{"app.title", "a, b"}};
        CHECK(steps(make_plan(config, observed)) ==
              Lines{"set app.title of role \"app\": it is \"a,b\", wanted \"a, b\""});
    }
}

TEST_CASE("roles: what the maintenance user may not give is told before anything runs") {
    struct Row {
        int version;
        bool config::Role::* wanted;
        bool own;  ///< whether the maintenance user has it
        std::string warning;
    };
    const Row table[] = {
        {150000, &config::Role::createdb, false, ""},
        {150000, &config::Role::replication, true, "role \"app\" cannot be given REPLICATION: \"prov\" is no superuser"},
        {160000, &config::Role::replication, true, ""},
        {160000, &config::Role::replication, false, "role \"app\" cannot be given REPLICATION: \"prov\" is no superuser"},
        {160000, &config::Role::bypassrls, false, "role \"app\" cannot be given BYPASSRLS: \"prov\" is no superuser"},
        {160000, &config::Role::superuser, true, "role \"app\" cannot be given SUPERUSER: \"prov\" is no superuser"},
        {140000, &config::Role::superuser, true, "role \"app\" cannot be given SUPERUSER: \"prov\" is no superuser"},
    };
    for (const Row& row : table) {
        CAPTURE(row.version);
        CAPTURE(row.warning);
        config::Config config = desired_by("prov");
        config.roles = {role("app")};
        config.roles.front().*row.wanted = true;
        config.roles.front().given = {"superuser", "createdb", "replication", "bypassrls"};
        Observed observed = modest(row.version);
        observed.roles["prov"].replication = observed.roles["prov"].bypassrls = row.own;
        const Lines expected = row.warning.empty() ? Lines{} : Lines{row.warning};
        CHECK(warnings(make_plan(config, observed)) == expected);
        observed.roles["app"] = ordinary();
        CHECK(warnings(make_plan(config, observed)) == expected);
        observed.superuser = true;
        CHECK(warnings(make_plan(config, observed)).empty());
    }
}
