// SPDX-License-Identifier: Apache-2.0
#include "unit/plan/shown.h"

using namespace ainit;
using namespace ainit::plan;
using namespace ainit::test;

TEST_SUITE_BEGIN("unit");

namespace {

struct Row {
    Action action;
    std::string_view kind;
    std::string described;
    std::string database;
    std::string statement;
};

config::Extension extension(const std::string& name, const std::string& schema = {}, const std::string& version = {}) {
    config::Extension extension;
    extension.name = name;
    extension.schema = schema;
    extension.version = version;
    return extension;
}

config::Grant grant(std::vector<std::string> privileges, const std::string& on, const std::string& schema,
                    std::vector<std::string> objects, std::vector<std::string> roles, bool option = false) {
    config::Grant grant;
    grant.privileges = std::move(privileges);
    grant.on = on;
    grant.schema = schema;
    grant.objects = std::move(objects);
    grant.roles = std::move(roles);
    grant.with_grant_option = option;
    return grant;
}

config::DefaultPrivilege future(const std::string& on, const std::string& schema) {
    config::DefaultPrivilege privilege;
    privilege.on = on;
    privilege.schema = schema;
    privilege.privileges = {"select", "Insert"};
    privilege.roles = {"r", "public"};
    return privilege;
}

std::vector<Row> rows() {
    config::Role all = role("we\"ird", "p'w");
    all.superuser = all.createdb = all.createrole = all.replication = all.bypassrls = true;
    all.login = all.inherit = false;
    all.connection_limit = 5;
    all.valid_until = "2030-01-01";
    config::Database icu = database("d");
    icu.locale_provider = "icu";
    icu.icu_locale = "de";
    icu.icu_rules = "&a < b";
    icu.lc_collate = "C";
    icu.lc_ctype = "C.UTF-8";
    icu.strategy = "file_copy";
    icu.tablespace = "fast";
    icu.connection_limit = 0;
    icu.database_template = "mine";
    config::Database builtin = database("d");
    builtin.locale_provider = "builtin";
    builtin.builtin_locale = "C.UTF-8";
    config::Database synapse = database("synapse", "s");
    synapse.locale = "C";
    return {
        {CreateRole{role("kratos")}, "create_role", "create role \"kratos\"", "", "CREATE ROLE \"kratos\" LOGIN"},
        {CreateRole{all}, "create_role", "create role \"we\"ird\"", "",
         "CREATE ROLE \"we\"\"ird\" SUPERUSER CREATEDB CREATEROLE NOINHERIT REPLICATION BYPASSRLS CONNECTION LIMIT 5 "
         "VALID UNTIL '2030-01-01' PASSWORD 'verifier of we\"ird:p''w'"},
        {AlterRole{all, {"login", "superuser", "connection_limit", "valid_until"}}, "alter_role",
         "change login, superuser, connection_limit, valid_until of role \"we\"ird\"", "",
         "ALTER ROLE \"we\"\"ird\" NOLOGIN SUPERUSER CONNECTION LIMIT 5 VALID UNTIL '2030-01-01'"},
        {SetPassword{"r", Secret{"canary-in-step-test"}}, "set_password", "set the password of role \"r\"", "",
         "ALTER ROLE \"r\" PASSWORD 'verifier of r:canary-in-step-test'"},
        {GrantMembership{"group", "r"}, "grant_membership", "make role \"r\" a member of \"group\"", "",
         "GRANT \"group\" TO \"r\""},
        {GrantToSelf{"r", 150000}, "grant_to_self", "make the maintenance user a member of \"r\"", "",
         "GRANT \"r\" TO CURRENT_USER"},
        {GrantToSelf{"r", 160000}, "grant_to_self", "make the maintenance user a member of \"r\"", "",
         "GRANT \"r\" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"},
        {SetRoleSetting{"r", "work_mem", "8MB"}, "set_role_setting", "set work_mem of role \"r\"", "",
         "ALTER ROLE \"r\" SET \"work_mem\" TO '8MB'"},
        {SetRoleSetting{"r", "search_path", "\"$user\", app"}, "set_role_setting", "set search_path of role \"r\"", "",
         "ALTER ROLE \"r\" SET \"search_path\" TO '$user', 'app'"},
        {CommentOnRole{"r", "it's"}, "comment_on_role", "comment on role \"r\"", "", "COMMENT ON ROLE \"r\" IS 'it''s'"},
        {CreateDatabase{database("d"), ""}, "create_database", "create database \"d\"", "",
         "CREATE DATABASE \"d\" TEMPLATE \"template0\" ENCODING 'UTF8'"},
        {CreateDatabase{synapse, "s"}, "create_database", "create database \"synapse\"", "",
         "CREATE DATABASE \"synapse\" OWNER \"s\" TEMPLATE \"template0\" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"},
        {CreateDatabase{icu, "o"}, "create_database", "create database \"d\"", "",
         "CREATE DATABASE \"d\" OWNER \"o\" TEMPLATE \"mine\" ENCODING 'UTF8' LOCALE_PROVIDER 'icu' LC_COLLATE 'C' "
         "LC_CTYPE 'C.UTF-8' ICU_LOCALE 'de' ICU_RULES '&a < b' TABLESPACE \"fast\" STRATEGY 'file_copy' "
         "CONNECTION LIMIT 0"},
        {CreateDatabase{builtin, ""}, "create_database", "create database \"d\"", "",
         "CREATE DATABASE \"d\" TEMPLATE \"template0\" ENCODING 'UTF8' LOCALE_PROVIDER 'builtin' BUILTIN_LOCALE "
         "'C.UTF-8'"},
        {AlterDatabaseOwner{"d", "o"}, "alter_database_owner", "give database \"d\" to \"o\"", "",
         "ALTER DATABASE \"d\" OWNER TO \"o\""},
        {AlterConnectionLimit{"d", -1}, "alter_connection_limit", "limit the connections of database \"d\" to -1", "",
         "ALTER DATABASE \"d\" CONNECTION LIMIT -1"},
        {SetDatabaseSetting{"d", "app.x", "a\\b"}, "set_database_setting", "set app.x of database \"d\"", "",
         "ALTER DATABASE \"d\" SET \"app.x\" TO E'a\\\\b'"},
        {CommentOnDatabase{"d", "x"}, "comment_on_database", "comment on database \"d\"", "",
         "COMMENT ON DATABASE \"d\" IS 'x'"},
        {CreateExtension{"d", extension("uuid-ossp")}, "create_extension",
         "create extension \"uuid-ossp\" in database \"d\"", "d", "CREATE EXTENSION \"uuid-ossp\" CASCADE"},
        {CreateExtension{"d", extension("citext", "ext", "1.5")}, "create_extension",
         "create extension \"citext\" in database \"d\"", "d",
         "CREATE EXTENSION \"citext\" SCHEMA \"ext\" VERSION '1.5' CASCADE"},
        {UpdateExtension{"d", extension("citext", "", "1.6")}, "update_extension",
         "update extension \"citext\" in database \"d\" to 1.6", "d", "ALTER EXTENSION \"citext\" UPDATE TO '1.6'"},
        {CreateSchema{"d", "app", ""}, "create_schema", "create schema \"app\" in database \"d\"", "d",
         "CREATE SCHEMA \"app\""},
        {CreateSchema{"d", "app", "o"}, "create_schema", "create schema \"app\" in database \"d\"", "d",
         "CREATE SCHEMA \"app\" AUTHORIZATION \"o\""},
        {AlterSchemaOwner{"d", "app", "o"}, "alter_schema_owner", "give schema \"app\" of database \"d\" to \"o\"", "d",
         "ALTER SCHEMA \"app\" OWNER TO \"o\""},
        {GrantPrivileges{"d", grant({"connect", "temp"}, "database", "", {}, {"a", "PUBLIC"})}, "grant_privileges",
         "grant connect, temp on database \"d\" to \"a\" and \"PUBLIC\"", "d",
         "GRANT CONNECT, TEMPORARY ON DATABASE \"d\" TO \"a\", PUBLIC"},
        {GrantPrivileges{"d", grant({"ALL"}, "schema", "app", {}, {"a"}, true)}, "grant_privileges",
         "grant ALL on schema \"app\" of database \"d\" to \"a\"", "d",
         "GRANT ALL ON SCHEMA \"app\" TO \"a\" WITH GRANT OPTION"},
        {GrantPrivileges{"d", grant({"SELECT"}, "table", "app", {"t", "u"}, {"a"})}, "grant_privileges",
         "grant SELECT on table \"app.t\" and \"app.u\" of database \"d\" to \"a\"", "d",
         "GRANT SELECT ON TABLE \"app\".\"t\", \"app\".\"u\" TO \"a\""},
        {GrantPrivileges{"d", grant({"all privileges"}, "sequence", "app", {"s"}, {"a"})}, "grant_privileges",
         "grant all privileges on sequence \"app.s\" of database \"d\" to \"a\"", "d",
         "GRANT ALL ON SEQUENCE \"app\".\"s\" TO \"a\""},
        {GrantPrivileges{"d", grant({"EXECUTE"}, "function", "app", {"f"}, {"a"})}, "grant_privileges",
         "grant EXECUTE on function \"app.f\" of database \"d\" to \"a\"", "d",
         "GRANT EXECUTE ON FUNCTION \"app\".\"f\" TO \"a\""},
        {GrantPrivileges{"d", grant({"SELECT"}, "all tables", "app", {}, {"a"})}, "grant_privileges",
         "grant SELECT on all tables in schema \"app\" of database \"d\" to \"a\"", "d",
         "GRANT SELECT ON ALL TABLES IN SCHEMA \"app\" TO \"a\""},
        {GrantPrivileges{"d", grant({"USAGE"}, "all sequences", "app", {}, {"a"})}, "grant_privileges",
         "grant USAGE on all sequences in schema \"app\" of database \"d\" to \"a\"", "d",
         "GRANT USAGE ON ALL SEQUENCES IN SCHEMA \"app\" TO \"a\""},
        {GrantPrivileges{"d", grant({"EXECUTE"}, "all functions", "app", {}, {"a"})}, "grant_privileges",
         "grant EXECUTE on all functions in schema \"app\" of database \"d\" to \"a\"", "d",
         "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA \"app\" TO \"a\""},
        {GrantPrivileges{"d", grant({"DROP; --"}, "database", "", {}, {"a"})}, "grant_privileges",
         "grant DROP; -- on database \"d\" to \"a\"", "d", "GRANT \"DROP; --\" ON DATABASE \"d\" TO \"a\""},
        {AlterDefaultPrivileges{"d", future("tables", "app"), "o"}, "alter_default_privileges",
         "grant select, Insert on future tables of \"o\" in schema \"app\" in database \"d\" to \"r\" and \"public\"",
         "d",
         "ALTER DEFAULT PRIVILEGES FOR ROLE \"o\" IN SCHEMA \"app\" GRANT SELECT, INSERT ON TABLES TO \"r\", PUBLIC"},
        {AlterDefaultPrivileges{"d", future("sequences", ""), "o"}, "alter_default_privileges",
         "grant select, Insert on future sequences of \"o\" in database \"d\" to \"r\" and \"public\"", "d",
         "ALTER DEFAULT PRIVILEGES FOR ROLE \"o\" GRANT SELECT, INSERT ON SEQUENCES TO \"r\", PUBLIC"},
        {AlterDefaultPrivileges{"d", future("functions", ""), "o"}, "alter_default_privileges",
         "grant select, Insert on future functions of \"o\" in database \"d\" to \"r\" and \"public\"", "d",
         "ALTER DEFAULT PRIVILEGES FOR ROLE \"o\" GRANT SELECT, INSERT ON FUNCTIONS TO \"r\", PUBLIC"},
        {AlterDefaultPrivileges{"d", future("types", ""), "o"}, "alter_default_privileges",
         "grant select, Insert on future types of \"o\" in database \"d\" to \"r\" and \"public\"", "d",
         "ALTER DEFAULT PRIVILEGES FOR ROLE \"o\" GRANT SELECT, INSERT ON TYPES TO \"r\", PUBLIC"},
        {AlterDefaultPrivileges{"d", future("schemas", ""), "o"}, "alter_default_privileges",
         "grant select, Insert on future schemas of \"o\" in database \"d\" to \"r\" and \"public\"", "d",
         "ALTER DEFAULT PRIVILEGES FOR ROLE \"o\" GRANT SELECT, INSERT ON SCHEMAS TO \"r\", PUBLIC"},
    };
}

}  // namespace

TEST_CASE("steps: each has its kind, its description, its place and its one statement") {
    std::vector<bool> seen(std::variant_size_v<Action>);
    for (const Row& row : rows()) {
        CAPTURE(row.statement);
        CHECK(kind(row.action) == row.kind);
        CHECK(describe(row.action) == row.described);
        CHECK(database_of(row.action) == row.database);
        CHECK(sql(row.action) == Lines{row.statement});
        seen[row.action.index()] = true;
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
        CAPTURE(i);
        CHECK(seen[i]);
    }
}

TEST_CASE("steps: nothing is ever dropped or revoked") {
    for (const Row& row : rows()) {
        CHECK_FALSE(row.statement.starts_with("DROP"));
        CHECK_FALSE(row.statement.starts_with("REVOKE"));
    }
}

TEST_CASE("steps: in the place of a printed password stands a variable of psql") {
    const SetPassword set{"r-1", Secret{"canary-in-step-test"}};
    CHECK(statements_for_psql(set).front().text() == "ALTER ROLE \"r-1\" PASSWORD :'password_of_r_2d1'");
    CHECK(password_variable(set) == "password_of_r_2d1");
    const CreateRole create{role("r", "canary-in-step-test")};
    CHECK(statements_for_psql(create).front().text() == "CREATE ROLE \"r\" LOGIN PASSWORD :'password_of_r'");
    CHECK(password_variable(create) == "password_of_r");
    CHECK(password_variable(CreateRole{role("r")}) == "");
}

TEST_CASE("steps: the parts of a list of names lose quotes and blanks") {
    CHECK(setting_parts("\"$user\", public") == Lines{"$user", "public"});
    CHECK(setting_parts("app") == Lines{"app"});
}
