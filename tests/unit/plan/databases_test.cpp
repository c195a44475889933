// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "unit/plan/shown.h"

using namespace ainit;
using namespace ainit::plan;
using namespace ainit::test;

TEST_SUITE_BEGIN("unit");

namespace {

constexpr std::string_view kMember = "\"prov\" is no superuser, and acts for \"o\" only as its member";

}  // namespace

TEST_CASE("databases: one that is missing is made, with what belongs to it") {
    config::Config config = desired_by();
    config::Database wanted = database("d", "o");
    wanted.connection_limit = 7;
    wanted.settings = {{"timezone", "UTC"}};
    wanted.comment = "x";
    wanted.given = {"connection_limit", "comment"};
    config.databases = {wanted};
    CHECK(steps(make_plan(config, server())) ==
          Lines{"create database \"d\": database \"d\" does not exist",
                "set timezone of database \"d\": it is not set, wanted \"UTC\"",
                "comment on database \"d\": its comment differs"});
}

TEST_CASE("databases: an existing one as wanted is left alone") {
    config::Config config = desired_by();
    config::Database wanted = database("d", "o");
    wanted.encoding = "utf-8";
    wanted.locale = "c.utf8";
    wanted.locale_provider = "libc";
    wanted.tablespace = "pg_default";
    wanted.settings = {{"timezone", "UTC"}};
    wanted.given = {"encoding", "connection_limit", "comment"};
    config.databases = {wanted};
    Observed observed = server();
    observed.databases["d"] = made("o");
    observed.databases["d"].settings = {{"TimeZone", "UTC"}};
    const Plan plan = make_plan(config, observed);
    CHECK(plan.empty());
    CHECK(plan.drifts.empty());
    CHECK(plan.warnings.empty());
}

TEST_CASE("databases: owner, limit, settings and comment of an existing one are changed") {
    config::Config config = desired_by();
    config::Database wanted = database("d", "o");
    wanted.connection_limit = 9;
    wanted.settings = {{"timezone", "UTC"}};
    wanted.comment = "new";
    wanted.given = {"connection_limit", "comment"};
    config.databases = {wanted};
    Observed observed = server();
    observed.databases["d"] = made("postgres");
    observed.databases["d"].settings = {{"timezone", "CET"}};
    CHECK(steps(make_plan(config, observed)) ==
          Lines{"give database \"d\" to \"o\": its owner is \"postgres\"",
                "limit the connections of database \"d\" to 9: its connection limit is -1",
                "set timezone of database \"d\": it is \"CET\", wanted \"UTC\"",
                "comment on database \"d\": its comment differs"});
}

TEST_CASE("databases: what was fixed when it was made is drift, and no step") {
    struct Row {
        std::string_view name;
        std::function<void(config::Database&, ObservedDatabase&)> change;
        Lines drifts;
    };
    const std::string d = "database \"d\" ";
    const Row table[] = {
        {"encoding", [](auto& w, auto& is) { w.given = {"encoding"}; is.encoding = "SQL_ASCII"; },
         {d + "encoding UTF8/SQL_ASCII"}},
        {"the default encoding counts as well", [](auto&, auto& is) { is.encoding = "SQL_ASCII"; },
         {d + "encoding UTF8/SQL_ASCII"}},
        {"locale", [](auto& w, auto&) { w.locale = "C"; }, {d + "lc_collate C/C.UTF-8", d + "lc_ctype C/C.UTF-8"}},
        {"a locale that is C must be C", [](auto& w, auto& is) { w.locale = "C"; is.lc_collate = is.lc_ctype = "c"; },
         {d + "lc_collate C/c", d + "lc_ctype C/c"}},
        {"lc_ctype alone", [](auto& w, auto&) { w.lc_collate = "C.utf8"; w.lc_ctype = "de_DE.UTF-8"; },
         {d + "lc_ctype de_DE.UTF-8/C.UTF-8"}},
        {"provider and its locale",
         [](auto& w, auto&) { w.locale_provider = "icu"; w.icu_locale = "de"; w.icu_rules = "&a<b"; },
         {d + "locale_provider icu/libc", d + "icu_locale de/", d + "icu_rules &a<b/"}},
        {"icu locale in another spelling",
         [](auto& w, auto& is) { w.locale_provider = is.locale_provider = "icu"; w.icu_locale = "de_DE"; is.locale = "de-DE"; },
         {}},
        {"icu locale that the server translates",
         [](auto& w, auto& is) {
             w.locale_provider = is.locale_provider = "icu";
             w.icu_locale = "de@collation=phonebook";
             is.locale = "de-u-co-phonebk";
         },
         {}},
        {"builtin locale",
         [](auto& w, auto& is) { w.locale_provider = is.locale_provider = "builtin"; w.builtin_locale = "C"; is.locale = "C.UTF-8"; },
         {d + "builtin_locale C/C.UTF-8"}},
        {"tablespace", [](auto& w, auto&) { w.tablespace = "fast"; }, {d + "tablespace fast/pg_default"}},
        {"no connections", [](auto&, auto& is) { is.allows_connections = is.inside = false; },
         {d + "allow_connections true/false"}},
    };
    for (const Row& row : table) {
        CAPTURE(row.name);
        config::Config config = desired_by();
        config.databases = {database("d", "o")};
        Observed observed = server();
        observed.databases["d"] = made("o");
        row.change(config.databases.front(), observed.databases["d"]);
        const Plan plan = make_plan(config, observed);
        CHECK(drifts(plan) == row.drifts);
        CHECK(plan.empty());
        for (const Drift& drift : plan.drifts) {
            CHECK_FALSE(drift.remedy.empty());
            CHECK(drift.origin == Origin{"a.toml", 9, 1});
        }
    }
}

TEST_CASE("databases: a collation that changed under one is a warning") {
    config::Config config = desired_by();
    config.databases = {database("d", "o")};
    Observed observed = server();
    observed.databases["d"] = made("o");
    observed.databases["d"].collation_drift = "it was 2.36 when the database was made, and the system's is 2.41 now";
    const Plan plan = make_plan(config, observed);
    CHECK(plan.empty());
    CHECK(plan.drifts.empty());
    CHECK(warnings(plan) == Lines{"the collation version of database \"d\" has changed: it was 2.36 when the database "
                                  "was made, and the system's is 2.41 now"});
}

TEST_CASE("databases: what a version cannot do is drift, and what only speeds it up is a warning") {
    struct Row {
        int version;
        std::string provider;
        std::string rules;
        std::string strategy;
        Lines drifts;
        std::string sql;
    };
    const std::string head = "CREATE DATABASE \"d\" TEMPLATE \"template0\" ENCODING 'UTF8'";
    const Row table[] = {
        {140000, "libc", "", "", {}, head},
        {150000, "libc", "", "", {}, head + " LOCALE_PROVIDER 'libc'"},
        {140000, "icu", "", "", {"database \"d\" locale_provider icu/PostgreSQL 14, which does not know it"}, ""},
        {150000, "icu", "", "", {}, head + " LOCALE_PROVIDER 'icu'"},
        {150000, "icu", "&a<b", "", {"database \"d\" icu_rules &a<b/PostgreSQL 15, which does not know it"}, ""},
        {160000, "icu", "&a<b", "", {}, head + " LOCALE_PROVIDER 'icu' ICU_RULES '&a<b'"},
        {160000, "builtin", "", "", {"database \"d\" locale_provider builtin/PostgreSQL 16, which does not know it"}, ""},
        {170000, "builtin", "", "", {}, head + " LOCALE_PROVIDER 'builtin'"},
        {140000, "", "", "wal_log", {}, head},
        {150000, "", "", "wal_log", {}, head + " STRATEGY 'wal_log'"},
    };
    for (const Row& row : table) {
        CAPTURE(row.version);
        CAPTURE(row.provider);
        config::Config config = desired_by();
        config::Database wanted = database("d");
        wanted.locale_provider = row.provider;
        wanted.icu_rules = row.rules;
        wanted.strategy = row.strategy;
        config.databases = {wanted};
        const Plan plan = make_plan(config, server(row.version));
        CHECK(drifts(plan) == row.drifts);
        CHECK(sql(plan) == (row.sql.empty() ? Lines{} : Lines{row.sql}));
        const bool ignored = row.version < 150000 && !row.strategy.empty();
        CHECK(warnings(plan) == (ignored ? Lines{"strategy of database \"d\" is not used: PostgreSQL 14 does not know it"}
                                         : Lines{}));
    }
}

TEST_CASE("databases: without superuser the maintenance user becomes a member of the owner, once") {
    config::Config config = desired_by("prov");
    config.roles = {role("o", "pw-of-o")};
    config.databases = {database("d", "o"), database("e", "o")};
    const Plan plan = make_plan(config, modest());
    CHECK(steps(plan) == Lines{"create role \"o\": role \"o\" does not exist",
                               "make the maintenance user a member of \"o\": " + std::string{kMember},
                               "create database \"d\": database \"d\" does not exist",
                               "create database \"e\": database \"e\" does not exist"});
    CHECK(sql(plan)[1] == "GRANT \"o\" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE");
    CHECK(sql(make_plan(config, modest(150000)))[1] == "GRANT \"o\" TO CURRENT_USER");

    Observed observed = modest();
    observed.roles["o"] = ordinary();
    observed.roles["o"].may_set = true;
    CHECK(steps(make_plan(config, observed)).size() == 2);
}

TEST_CASE("databases: without superuser a setting of an adopted one takes a membership too") {
    config::Config config = desired_by("prov");
    config.roles = {role("o", "pw-of-o")};
    config.databases = {database("d", "o")};
    config.databases.front().settings = {{"timezone", "UTC"}};
    Observed observed = modest();
    observed.roles["o"] = ordinary();
    observed.databases["d"] = made("o");
    CHECK(steps(make_plan(config, observed)) ==
          Lines{"make the maintenance user a member of \"o\": " + std::string{kMember},
                "set timezone of database \"d\": it is not set, wanted \"UTC\""});
    observed.databases["d"].settings = {{"timezone", "UTC"}};
    CHECK(make_plan(config, observed).empty());
}

TEST_CASE("databases: a missing CREATEDB is told before anything runs") {
    config::Config config = desired_by("prov");
    config.databases = {database("d")};
    Observed observed = modest();
    observed.createdb = false;
    CHECK(warnings(make_plan(config, observed)) == Lines{"database \"d\" cannot be created: \"prov\" has no CREATEDB"});
}

TEST_CASE("databases: pools that take more than all slots are a warning") {
    config::Config config = desired_by();
    config.databases = {database("d"), database("e")};
    config.databases[0].pool_size = 50;
    config.databases[1].pool_size = 47;
    CHECK(make_plan(config, server()).warnings.empty());
    config.databases[1].pool_size = 48;
    CHECK(warnings(make_plan(config, server())) ==
          Lines{"the pools of all databases add up to 98 connections: the server has 97 slots for them"});
}
