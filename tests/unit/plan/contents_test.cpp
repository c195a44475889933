// SPDX-License-Identifier: Apache-2.0
#include "plan/privilege.h"
#include "unit/plan/shown.h"

using namespace ainit;
using namespace ainit::plan;
using namespace ainit::test;

TEST_SUITE_BEGIN("unit");

namespace {

config::Extension extension(const std::string& name, const std::string& schema = {}, const std::string& version = {}) {
    config::Extension extension;
    extension.name = name;
    extension.schema = schema;
    extension.version = version;
    return extension;
}

config::Grant grant(std::vector<std::string> privileges, const std::string& on, const std::string& schema = {},
                    std::vector<std::string> objects = {}) {
    config::Grant grant;
    grant.privileges = std::move(privileges);
    grant.on = on;
    grant.schema = schema;
    grant.objects = std::move(objects);
    grant.roles = {"r"};
    return grant;
}

/// One database "d" of "postgres", wanted and found.
struct World {
    config::Config config = desired_by();
    Observed observed = server();

    World() {
        config.databases = {database("d")};
        observed.databases["d"] = made("postgres");
    }
    config::Database& wanted() { return config.databases.front(); }
    ObservedDatabase& found() { return observed.databases["d"]; }
    void has(const std::string& on, const std::string& schema, const std::string& object, const std::string& grantee,
             const std::set<std::string>& privileges, bool grantable = false) {
        for (const std::string& one : privileges) {
            found().privileges.insert({on, schema, object, grantee, one, grantable});
        }
    }
    Plan plan(Phase phase = Phase::before_migrations) const { return make_plan(config, observed, phase); }
};

}  // namespace

TEST_CASE("contents: an extension or a version of it that the server does not have is foretold") {
    config::Config config = desired_by();
    config::Database wanted = database("d");
    wanted.settings = {{"nope", "1"}};
    wanted.extensions = {{{}, "hstore", "", "9.9"}, {{}, "citext", "", ""}, {{}, "nowhere", "", ""}, {{}, "plpgsql", "", "1.0"}};
    config.databases = {wanted};
    Observed observed = server();
    observed.databases["d"] = made("postgres");
    observed.offer.emplace();
    observed.offer->settings = {"port"};
    observed.offer->extensions = {{"hstore", {"1.7", "1.8"}}, {"citext", {"1.6"}}};
    CHECK(warnings(make_plan(config, observed)) ==
          Lines{"\"nope\" of database \"d\" cannot be set: the server has no such setting",
                "extension \"hstore\" cannot be installed in database \"d\": the server does not have its version 9.9, only 1.7, "
                "1.8",
                "extension \"nowhere\" cannot be installed in database \"d\": the server does not have it"});
}

TEST_CASE("contents: schemas come before the extensions that may lie in them, grants after both") {
    World world;
    world.wanted().schemas = {{{}, "ext", ""}, {{}, "app", "o"}};
    world.wanted().extensions = {extension("citext", "ext")};
    world.wanted().grants = {grant({"USAGE"}, "schema", "ext")};
    CHECK(steps(world.plan()) == Lines{"create schema \"ext\" in database \"d\": schema \"ext\" does not exist",
                                       "create schema \"app\" in database \"d\": schema \"app\" does not exist",
                                       "create extension \"citext\" in database \"d\": extension \"citext\" is not installed",
                                       "grant USAGE on schema \"ext\" of database \"d\" to \"r\": role \"r\" lacks USAGE"});
    world.observed.databases.clear();
    CHECK(steps(world.plan()).size() == 5);
}

TEST_CASE("contents: an existing extension is updated, but never moved") {
    World world;
    world.wanted().extensions = {extension("citext", "ext", "1.6")};
    world.found().extensions["citext"] = {"public", "1.5"};
    const Plan plan = world.plan();
    CHECK(steps(plan) == Lines{"update extension \"citext\" in database \"d\" to 1.6: its version is 1.5"});
    CHECK(drifts(plan) == Lines{"extension \"citext\" of database \"d\" schema ext/public"});

    world.wanted().extensions = {extension("citext")};
    CHECK(world.plan().empty());
}

TEST_CASE("contents: a schema's owner is changed where one is written out") {
    World world;
    world.found().schemas["app"] = "postgres";
    world.wanted().schemas = {{{}, "app", ""}};
    CHECK(world.plan().empty());
    world.wanted().schemas = {{{}, "app", "o"}};
    CHECK(steps(world.plan()) ==
          Lines{"give schema \"app\" of database \"d\" to \"o\": its owner is \"postgres\""});
}

TEST_CASE("contents: a profile adds its extensions to those configured, each once") {
    config::Database wanted = database("k");
    wanted.profile = "kratos";
    wanted.extensions = {extension("citext"), extension("pg_trgm", "ext")};
    Lines names;
    for (const config::Extension& one : extensions_of(wanted)) names.push_back(one.name + "@" + one.schema);
    CHECK(names == Lines{"citext@", "pg_trgm@ext", "btree_gin@"});
    wanted.profile = "";
    CHECK(extensions_of(wanted).size() == 2);
}

TEST_CASE("privileges: ALL is what the kind of object has in this version") {
    using Set = std::set<std::string>;
    const Set table{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"};
    Set maintained = table;
    maintained.insert("MAINTAIN");
    CHECK(expand_privileges({"ALL"}, "table", 160000) == table);
    CHECK(expand_privileges({"all privileges"}, "table", 170000) == maintained);
    CHECK(expand_privileges({"ALL"}, "database", 170000) == Set{"CREATE", "CONNECT", "TEMPORARY"});
    CHECK(expand_privileges({"ALL"}, "schema", 170000) == Set{"USAGE", "CREATE"});
    CHECK(expand_privileges({"ALL"}, "sequence", 170000) == Set{"USAGE", "SELECT", "UPDATE"});
    CHECK(expand_privileges({"ALL"}, "function", 170000) == Set{"EXECUTE"});
    CHECK(expand_privileges({"ALL"}, "type", 170000) == Set{"USAGE"});
    CHECK(expand_privileges({"temp", "Connect"}, "database", 140000) == Set{"TEMPORARY", "CONNECT"});
}

TEST_CASE("grants: one that everybody has already is no step") {
    World world;
    SUBCASE("on the database") {
        world.wanted().grants = {grant({"ALL"}, "database")};
        world.has("database", "", "", "r", {"CREATE", "CONNECT"});
        CHECK(steps(world.plan()) == Lines{"grant ALL on database \"d\" to \"r\": role \"r\" lacks TEMPORARY"});
        world.has("database", "", "", "r", {"TEMPORARY"});
        CHECK(world.plan().empty());
    }
    SUBCASE("to everybody") {
        world.wanted().grants = {grant({"USAGE"}, "schema", "public")};
        world.wanted().grants.front().roles = {"Public"};
        CHECK(steps(world.plan()) ==
              Lines{"grant USAGE on schema \"public\" of database \"d\" to \"Public\": everybody lacks USAGE"});
        world.has("schema", "public", "", "", {"USAGE"});
        CHECK(world.plan().empty());
    }
    SUBCASE("with grant option") {
        world.wanted().grants = {grant({"CONNECT"}, "database")};
        world.wanted().grants.front().with_grant_option = true;
        world.has("database", "", "", "r", {"CONNECT"});
        CHECK(world.plan().steps.size() == 1);
        world.has("database", "", "", "r", {"CONNECT"}, true);
        CHECK(world.plan().empty());
        world.wanted().grants.front().with_grant_option = false;
        CHECK(world.plan().empty());
    }
    SUBCASE("on all tables") {
        world.wanted().grants = {grant({"SELECT"}, "all tables", "public")};
        CHECK(world.plan().empty());
        world.has("table", "public", "t", "postgres", {"SELECT"});
        world.has("table", "public", "u", "postgres", {"SELECT"});
        world.has("table", "other", "v", "postgres", {"SELECT"});
        world.has("table", "public", "t", "r", {"SELECT"});
        CHECK(steps(world.plan()) == Lines{"grant SELECT on all tables in schema \"public\" of database \"d\" to \"r\": "
                                           "role \"r\" lacks SELECT on \"u\""});
        world.has("table", "public", "u", "r", {"SELECT"});
        CHECK(world.plan().empty());
    }
    SUBCASE("ALL on a table, before and after MAINTAIN") {
        world.wanted().grants = {grant({"ALL"}, "table", "public", {"t"})};
        world.has("table", "public", "t", "r", expand_privileges({"ALL"}, "table", 160000));
        CHECK(steps(world.plan()) ==
              Lines{"grant ALL on table \"public.t\" of database \"d\" to \"r\": role \"r\" lacks MAINTAIN on \"t\""});
        world.observed.version = 160000;
        CHECK(world.plan().empty());
    }
}

TEST_CASE("grants: what migrations make is waited for, and named when it never comes") {
    World world;
    SUBCASE("a table") {
        world.wanted().grants = {grant({"SELECT"}, "table", "public", {"t"})};
        CHECK(world.plan().empty());
        CHECK(steps(world.plan(Phase::after_migrations)) ==
              Lines{"grant SELECT on table \"public.t\" of database \"d\" to \"r\": an object of it is not there"});
    }
    SUBCASE("a schema") {
        world.wanted().grants = {grant({"USAGE"}, "schema", "app")};
        CHECK(world.plan().empty());
        CHECK(world.plan(Phase::after_migrations).steps.size() == 1);
        world.wanted().schemas = {{{}, "app", ""}};
        CHECK(world.plan().steps.size() == 2);
    }
    SUBCASE("the schema of default privileges") {
        config::DefaultPrivilege future;
        future.schema = "app";
        future.privileges = {"SELECT"};
        future.roles = {"r"};
        world.wanted().default_privileges = {future};
        CHECK(world.plan().empty());
        CHECK(world.plan(Phase::after_migrations).steps.size() == 1);
    }
    SUBCASE("a new database has a schema public") {
        world.observed.databases.clear();
        world.wanted().grants = {grant({"USAGE"}, "schema", "public"), grant({"USAGE"}, "schema", "app")};
        CHECK(world.plan().steps.size() == 2);
    }
}

TEST_CASE("default privileges: the server's own count where nobody changed an owner's") {
    World world;
    config::DefaultPrivilege future;
    future.on = "functions";
    future.privileges = {"EXECUTE"};
    future.roles = {"public"};
    world.wanted().default_privileges = {future};
    CHECK(world.plan().empty());
    world.found().default_privileges = {{"postgres", "", "function", "postgres", "EXECUTE"}};
    CHECK(steps(world.plan()) == Lines{"grant EXECUTE on future functions of \"postgres\" in database \"d\" to "
                                       "\"public\": everybody will lack EXECUTE"});
    world.found().default_privileges.insert({"postgres", "", "function", "", "EXECUTE"});
    CHECK(world.plan().empty());
    world.wanted().default_privileges.front().schema = "public";
    CHECK(world.plan().steps.size() == 1);
}

TEST_CASE("contents: a database nobody can look into is not judged") {
    World world;
    world.wanted().extensions = {extension("citext")};
    world.found().inside = false;
    CHECK(world.plan().empty());
}

TEST_CASE("contents: without superuser, what another role shall own takes membership of both owners") {
    World world;
    world.config = desired_by("prov");
    world.observed = modest();
    world.config.roles = {role("o", "pw-of-o"), role("p")};
    world.config.databases = {database("d", "o")};
    world.wanted().schemas = {{{}, "mine", ""}, {{}, "theirs", "p"}};
    world.observed.roles["o"] = ordinary();
    world.observed.roles["o"].password_fits = true;
    world.observed.roles["p"] = ordinary();
    world.observed.databases["d"] = made("o");
    CHECK(sql(world.plan()) == Lines{"CREATE SCHEMA \"mine\" AUTHORIZATION \"o\"",
                                     "GRANT \"o\" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
                                     "GRANT \"p\" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
                                     "CREATE SCHEMA \"theirs\" AUTHORIZATION \"p\""});
    // Without the owner's password the maintenance user makes everything.
    world.config.roles.front().password = Secret{};
    world.wanted().schemas = {{{}, "mine", ""}};
    CHECK(sql(world.plan()) == Lines{"GRANT \"o\" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
                                     "CREATE SCHEMA \"mine\" AUTHORIZATION \"o\""});
}
