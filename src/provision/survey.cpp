// SPDX-License-Identifier: Apache-2.0
#include "provision/survey.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "provision/provision.h"

namespace ainit::provision {
namespace {

using postgres::Rows;

Sql names() {
    return "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user ORDER BY rolname;\n"
           "SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn AND datname <> 'postgres' ORDER BY datname";
}

/// The cluster's own schemas, and what extensions brought, have their privileges from there.
Sql ours(std::string_view catalog) {
    Sql sql{" WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend WHERE deptype = 'e' AND "
            "objid = o.oid AND classid = "};
    return sql.literal(catalog).add("::regclass)");
}

/// What was granted to others than the owner, as rows of kind, schema, object, who, whether it may be passed on, privileges.
/// A list that is NULL is the default of its kind; what initdb gave is left out.
Sql grants() {
    Sql sql{"SELECT kind, schema, object, CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END, is_grantable, "
            "string_agg(privilege_type, ' ' ORDER BY privilege_type) FROM ("
            "SELECT 'database' AS kind, '' AS schema, '' AS object, datdba AS owner, datacl AS acl, NULL::aclitem[] AS given "
            "FROM pg_database WHERE datname = current_database() "
            "UNION ALL SELECT 'schema', nspname, '', nspowner, nspacl, initprivs FROM pg_namespace o "
            "LEFT JOIN pg_init_privs ON objoid = o.oid AND classoid = 'pg_namespace'::regclass"};
    sql.add(ours("pg_namespace"));
    sql.add(" UNION ALL SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, nspname, relname, relowner, relacl, NULL "
            "FROM pg_class o JOIN pg_namespace n ON n.oid = relnamespace").add(ours("pg_class"));
    sql.add(" AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')");
    sql.add(" UNION ALL SELECT 'function', nspname, proname || '(' || (SELECT coalesce(string_agg(format_type(type, NULL), ', ' ORDER BY "
            "place), '') FROM unnest(proargtypes) WITH ORDINALITY AS types (type, place)) || ')', proowner, proacl, NULL "
            "FROM pg_proc o JOIN pg_namespace n ON n.oid = pronamespace").add(ours("pg_proc"));
    sql.add(" AND prokind <> 'p'");
    return sql.add(") AS lists, aclexplode(acl) WHERE grantee <> owner AND NOT EXISTS (SELECT FROM aclexplode(given) AS i "
                   "WHERE (i.grantee, i.privilege_type) = (aclexplode.grantee, aclexplode.privilege_type)) "
                   "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 4, 5, 6, 3;\n");
}

Sql default_privileges() {
    return "SELECT pg_get_userbyid(defaclrole), coalesce(nspname, ''), CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN "
           "'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE 'schemas' END, CASE grantee WHEN 0 THEN 'public' ELSE "
           "pg_get_userbyid(grantee) END, string_agg(privilege_type, ' ' ORDER BY privilege_type) FROM pg_default_acl LEFT JOIN "
           "pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl) WHERE grantee <> defaclrole AND defaclobjtype IN "
           "('r', 'S', 'f', 'T', 'n') GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
}

std::string text(const Rows& rows, int row, int column) {
    return std::string{rows.text(row, column)};
}

config::Role role_of(const std::string& name, const plan::ObservedRole& seen) {
    config::Role role;
    role.name = name;
    role.login = seen.login;
    role.superuser = seen.superuser;
    role.createdb = seen.createdb;
    role.createrole = seen.createrole;
    role.inherit = seen.inherit;
    role.replication = seen.replication;
    role.bypassrls = seen.bypassrls;
    role.connection_limit = seen.connection_limit;
    role.valid_until = seen.valid_until;
    role.member_of = {seen.member_of.begin(), seen.member_of.end()};
    role.settings = seen.settings;
    role.comment = seen.comment;
    return role;
}

/// Everybody has plpgsql and public.
void put_inside(const plan::ObservedDatabase& seen, config::Database& into) {
    for (const auto& [name, owner] : seen.schemas) {
        const bool own = name.starts_with("pg_") || name == "information_schema" || name == "public";
        if (!own) into.schemas.push_back({{}, name, owner == into.owner ? "" : owner});
    }
    for (const auto& [name, extension] : seen.extensions) {
        if (name != "plpgsql") into.extensions.push_back({{}, name, extension.schema == "public" ? "" : extension.schema, ""});
    }
}

config::Database database_of(const std::string& name, const plan::ObservedDatabase& seen) {
    config::Database database;
    database.name = name;
    database.owner = seen.owner;
    database.encoding = seen.encoding;
    const bool one = seen.lc_collate == seen.lc_ctype;
    (one ? database.locale : database.lc_collate) = seen.lc_collate;
    if (!one) database.lc_ctype = seen.lc_ctype;
    if (seen.locale_provider != "libc") database.locale_provider = seen.locale_provider;
    if (seen.locale_provider == "icu") database.icu_locale = seen.locale;
    if (seen.locale_provider == "builtin") database.builtin_locale = seen.locale;
    database.icu_rules = seen.icu_rules;
    if (seen.tablespace != "pg_default") database.tablespace = seen.tablespace;
    database.connection_limit = seen.connection_limit;
    database.comment = seen.comment;
    database.settings = seen.settings;
    put_inside(seen, database);
    return database;
}

/// Objects of one kind and schema with the same privileges for the same role are one grant.
void put_grants(const Rows& rows, config::Database& into) {
    std::map<std::tuple<std::string, std::string, std::string, bool, std::string>, std::size_t> known;
    for (int i = 0; i < rows.size(); ++i) {
        const auto key = std::tuple{text(rows, i, 0), text(rows, i, 1), text(rows, i, 3), rows.boolean(i, 4), text(rows, i, 5)};
        const auto [at, fresh] = known.emplace(key, into.grants.size());
        if (fresh) {
            config::Grant grant;
            std::tie(grant.on, grant.schema) = std::pair{std::get<0>(key), std::get<1>(key)};
            grant.roles = {std::get<2>(key)};
            grant.with_grant_option = std::get<3>(key);
            grant.privileges = split(std::get<4>(key), ' ');
            into.grants.push_back(std::move(grant));
        }
        if (const std::string object = text(rows, i, 2); !object.empty()) into.grants[at->second].objects.push_back(object);
    }
}

void put_default_privileges(const Rows& rows, config::Database& into) {
    for (int i = 0; i < rows.size(); ++i) {
        config::DefaultPrivilege one;
        one.owner = text(rows, i, 0) == into.owner ? "" : text(rows, i, 0);
        one.schema = text(rows, i, 1);
        one.on = text(rows, i, 2);
        one.roles = {text(rows, i, 3)};
        one.privileges = split(rows.text(i, 4), ' ');
        into.default_privileges.push_back(std::move(one));
    }
}

Failure named(Failure failure, std::string what) {
    failure.what = std::move(what);
    failure.state = "Nothing was changed.";
    return failure;
}

/// Only names: what there is of them is for observe() to say.
Result<config::Config> everything(postgres::Sessions& sessions, const config::Postgres& postgres, const Stop& stop) {
    auto session = sessions.maintenance(stop);
    if (!session) return named(std::move(session).error(), "cannot read roles and databases");
    auto rows = (*session)->query_all(names(), stop);
    if (!rows) return named(std::move(rows).error(), "cannot read roles and databases");
    config::Config all;
    all.postgres = postgres;
    for (int i = 0; i < rows->at(0).size(); ++i) all.roles.emplace_back().name = text(rows->at(0), i, 0);
    for (int i = 0; i < rows->at(1).size(); ++i) all.databases.emplace_back().name = text(rows->at(1), i, 0);
    return all;
}

}  // namespace

Result<config::Config> survey(postgres::Sessions& sessions, const config::Postgres& postgres, const Stop& stop) {
    const auto all = everything(sessions, postgres, stop);
    if (!all) return all.error();
    auto observed = observe(sessions, *all, stop);
    if (!observed) return std::move(observed).error();
    config::Config found;
    found.postgres = postgres;
    for (const config::Role& role : all->roles) {
        const auto seen = observed->roles.find(role.name);
        if (seen != observed->roles.end()) found.roles.push_back(role_of(role.name, seen->second));
    }
    for (const config::Database& one : all->databases) {
        const auto seen = observed->databases.find(one.name);
        if (seen == observed->databases.end()) continue;
        config::Database database = database_of(one.name, seen->second);
        const std::string what = fmt::format("cannot look into database \"{}\"", one.name);
        auto session = sessions.get(sessions.server().login(one.name), stop);
        if (!session) return named(std::move(session).error(), what);
        auto rows = (*session)->query_all(grants().add(default_privileges()), stop);
        if (!rows) return named(std::move(rows).error(), what);
        put_grants(rows->at(0), database);
        put_default_privileges(rows->at(1), database);
        found.databases.push_back(std::move(database));
    }
    found.postgres.expected_version = fmt::format("{}.{}", observed->version / 10000, observed->version % 10000);
    return found;
}

}  // namespace ainit::provision
