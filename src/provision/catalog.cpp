// SPDX-License-Identifier: Apache-2.0
#include "provision/catalog.h"

#include <set>

#include "config/signature.h"
#include "plan/planner.h"
#include "plan/setting.h"

namespace ainit::provision {
namespace {

using postgres::Rows;

constexpr int kLocaleProviderSince = 150000;
constexpr int kIcuRulesSince = 160000;
constexpr int kMembershipOptionsSince = 160000;
constexpr int kDatlocaleSince = 170000;

/// `('a', 'b')`; never empty, since the empty name is nobody's.
Sql name_list(const std::set<std::string>& names) {
    Sql sql{"(''"};
    for (const std::string& name : names) sql.add(", ").literal(name);
    return sql.add(")");
}

std::set<std::string> role_names(const config::Config& config) {
    std::set<std::string> names;
    for (const config::Role& role : config.roles) names.insert(role.name);
    names.insert(config.postgres.user);
    for (const config::Database& database : config.databases) {
        names.insert(database.owner);
        for (const config::Schema& schema : database.schemas) names.insert(schema.owner);
        for (const config::DefaultPrivilege& one : database.default_privileges) names.insert(one.owner);
    }
    return names;
}

std::set<std::string> database_names(const config::Config& config) {
    std::set<std::string> names;
    for (const config::Database& database : config.databases) names.insert(database.name);
    return names;
}

Sql about_server() {
    return "SELECT current_setting('server_version_num'), rolname, rolsuper, rolcreatedb, "
           "rolcreaterole, current_setting('max_connections'), "
           "current_setting('superuser_reserved_connections')::int + "
           "coalesce(current_setting('reserved_connections', true), '0')::int "
           "FROM pg_roles WHERE rolname = current_user;\n";
}

/// VALID UNTIL as it was configured where the role has that very time.
Sql validity(const config::Config& config) {
    Sql sql{"CASE"};
    bool some = false;
    for (const config::Role& role : config.roles) {
        if (role.valid_until.empty()) continue;
        some = true;
        sql.add(" WHEN rolname = ").literal(role.name).add(" AND rolvaliduntil = ");
        sql.literal(role.valid_until).add("::timestamptz THEN ").literal(role.valid_until);
    }
    if (!some) return "rolvaliduntil::text";
    return sql.add(" ELSE rolvaliduntil::text END");
}

Sql about_roles(const config::Config& config, int version) {
    Sql sql{"SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolinherit, "
            "rolreplication, rolbypassrls, rolconnlimit, "};
    sql.add(validity(config)).add(", shobj_description(oid, 'pg_authid'), coalesce(rolvaliduntil <= now(), false), ");
    // Before 16 whoever is a member may also SET ROLE.
    sql.add(version >= kMembershipOptionsSince ? Sql{"pg_has_role(oid, 'SET') AND pg_has_role(oid, 'USAGE')"}
                                               : Sql{"pg_has_role(oid, 'MEMBER')"});
    return sql.add(" FROM pg_roles WHERE rolname IN ")
        .add(name_list(role_names(config)))
        .add(";\n");
}

Sql about_memberships(const config::Config& config, int version) {
    Sql sql{"SELECT m.rolname, r.rolname FROM pg_auth_members JOIN pg_roles m ON m.oid = member "
            "JOIN pg_roles r ON r.oid = roleid WHERE "};
    // Whoever made a role administers it, which makes him no member in any other sense.
    if (version >= kMembershipOptionsSince) sql.add("(inherit_option OR set_option) AND ");
    sql.add("m.rolname IN ");
    return sql.add(name_list(role_names(config))).add(";\n");
}

Sql about_role_settings(const config::Config& config) {
    Sql sql{"SELECT rolname, unnest(setconfig) FROM pg_db_role_setting JOIN pg_roles r ON "
            "r.oid = setrole WHERE setdatabase = 0 AND rolname IN "};
    return sql.add(name_list(role_names(config))).add(";\n");
}

Sql about_databases(const config::Config& config, int version) {
    Sql sql{"SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, "
            "datctype, spcname, datconnlimit, datallowconn, shobj_description(d.oid, "
            "'pg_database'), "};
    if (version < kLocaleProviderSince) {
        sql.add("'c', NULL, NULL, NULL, NULL");
    } else {
        sql.add("datlocprovider, ");
        sql.add(version >= kDatlocaleSince ? Sql{"datlocale, "} : Sql{"daticulocale, "});
        sql.add(version >= kIcuRulesSince ? Sql{"daticurules, "} : Sql{"NULL, "});
        sql.add("datcollversion, pg_database_collation_actual_version(d.oid)");
    }
    return sql.add(" FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname IN ")
        .add(name_list(database_names(config)))
        .add(";\n");
}

Sql about_database_settings(const config::Config& config) {
    Sql sql{"SELECT datname, unnest(setconfig) FROM pg_db_role_setting JOIN pg_database d ON "
            "d.oid = setdatabase WHERE setrole = 0 AND datname IN "};
    return sql.add(name_list(database_names(config)));
}

std::string text(const Rows& rows, int row, int column) {
    return std::string{rows.text(row, column)};
}

void read_server(const Rows& rows, plan::Observed& into) {
    if (rows.size() == 0) return;
    into.version = static_cast<int>(rows.number(0, 0));
    into.user = text(rows, 0, 1);
    into.superuser = rows.boolean(0, 2);
    into.createdb = rows.boolean(0, 3);
    into.createrole = rows.boolean(0, 4);
    into.max_connections = static_cast<int>(rows.number(0, 5));
    into.reserved_connections = static_cast<int>(rows.number(0, 6));
}

void read_roles(const Rows& rows, plan::Observed& into) {
    for (int i = 0; i < rows.size(); ++i) {
        plan::ObservedRole role;
        role.login = rows.boolean(i, 1);
        role.superuser = rows.boolean(i, 2);
        role.createdb = rows.boolean(i, 3);
        role.createrole = rows.boolean(i, 4);
        role.inherit = rows.boolean(i, 5);
        role.replication = rows.boolean(i, 6);
        role.bypassrls = rows.boolean(i, 7);
        role.connection_limit = static_cast<int>(rows.number(i, 8));
        role.valid_until = text(rows, i, 9);
        role.comment = text(rows, i, 10);
        role.expired = rows.boolean(i, 11);
        role.may_set = rows.boolean(i, 12);
        into.roles.emplace(text(rows, i, 0), std::move(role));
    }
}

/// Rows of (object, "name=value").
template <class Objects>
void read_settings(const Rows& rows, Objects& objects) {
    for (int i = 0; i < rows.size(); ++i) {
        const std::string entry = text(rows, i, 1);
        const std::size_t equals = entry.find('=');
        const auto object = objects.find(text(rows, i, 0));
        if (equals == std::string::npos || object == objects.end()) continue;
        object->second.settings[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
}

std::string provider_of(std::string_view letter) {
    if (letter == "i") return "icu";
    return letter == "b" ? "builtin" : "libc";
}

void read_databases(const Rows& rows, plan::Observed& into) {
    for (int i = 0; i < rows.size(); ++i) {
        plan::ObservedDatabase database;
        database.owner = text(rows, i, 1);
        database.encoding = text(rows, i, 2);
        database.lc_collate = text(rows, i, 3);
        database.lc_ctype = text(rows, i, 4);
        database.tablespace = text(rows, i, 5);
        database.connection_limit = static_cast<int>(rows.number(i, 6));
        database.allows_connections = rows.boolean(i, 7);
        database.comment = text(rows, i, 8);
        database.locale_provider = provider_of(rows.text(i, 9));
        database.locale = text(rows, i, 10);
        database.icu_rules = text(rows, i, 11);
        if (rows.text(i, 12) != rows.text(i, 13)) {
            database.collation_drift =
                fmt::format("it was {} when the database was made, and the system's is {} now",
                            rows.null(i, 12) ? "not recorded" : rows.text(i, 12), rows.text(i, 13));
        }
        into.databases.emplace(text(rows, i, 0), std::move(database));
    }
}

/// Schemas whose objects' privileges matter.
std::set<std::string> granted_schemas(const config::Database& database) {
    std::set<std::string> names;
    for (const config::Grant& grant : database.grants) names.insert(grant.schema);
    return names;
}

/// Functions that are named with their arguments, under the name they have in the configuration: the server alone
/// knows that int is integer. A type that is not there yet makes it no function's.
void add_signatures(Sql& sql, const config::Grant& grant) {
    for (const std::string& object : grant.objects) {
        const auto signature = config::signature_of(object);
        if (!signature) continue;
        sql.add(" UNION ALL SELECT 'function', nspname, ").literal(object);
        sql.add(", coalesce(proacl, acldefault('f', proowner)) FROM pg_proc JOIN pg_namespace n ON n.oid = "
                "pronamespace WHERE nspname = ").literal(grant.schema).add(" AND proname = ").literal(signature->name);
        sql.add(" AND array_to_string(proargtypes::oid[], ',') = array_to_string(ARRAY[");
        for (std::size_t i = 0; i < signature->types.size(); ++i) {
            sql.add(i == 0 ? Sql{""} : Sql{", "}).add("coalesce(to_regtype(").literal(signature->types[i]).add(")::oid, 0)");
        }
        sql.add("]::oid[], ',')");
    }
}

Sql about_privileges(const config::Database& database) {
    // One row an entry of each access control list; lists that are NULL stand for their kind's default.
    Sql sql{"SELECT kind, schema, object, CASE grantee WHEN 0 THEN '' ELSE "
            "pg_get_userbyid(grantee) END, privilege_type, is_grantable FROM ("
            "SELECT 'database' AS kind, '' AS schema, '' AS object, coalesce(datacl, "
            "acldefault('d', datdba)) AS acl FROM pg_database WHERE datname = current_database() "
            "UNION ALL SELECT 'schema', nspname, '', coalesce(nspacl, acldefault('n', nspowner)) "
            "FROM pg_namespace "
            "UNION ALL SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, nspname, "
            "relname, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' "
            "END::\"char\", relowner)) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
            "UNION ALL SELECT 'function', nspname, proname, coalesce(proacl, acldefault('f', "
            "proowner)) FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE prokind <> 'p'"};
    for (const config::Grant& grant : database.grants) {
        if (grant.on == "function") add_signatures(sql, grant);
    }
    sql.add(") AS lists, aclexplode(acl) WHERE kind = 'database' OR schema IN ");
    return sql.add(name_list(granted_schemas(database))).add(";\n");
}

Sql about_default_privileges() {
    return "SELECT pg_get_userbyid(defaclrole), coalesce(nspname, ''), CASE defaclobjtype WHEN 'r' "
           "THEN 'table' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'function' WHEN 'T' THEN 'type' WHEN 'n' "
           "THEN 'schema' ELSE 'other' END, CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee) END, "
           "privilege_type FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = "
           "defaclnamespace, aclexplode(defaclacl)";
}

}  // namespace

Sql cluster_questions(const config::Config& config, int version) {
    Sql sql = about_server();
    sql.add(about_roles(config, version)).add(about_memberships(config, version));
    sql.add(about_role_settings(config)).add(about_databases(config, version));
    return sql.add(about_database_settings(config));
}

void read_cluster(const std::vector<Rows>& answers, plan::Observed& into) {
    read_server(answers.at(0), into);
    read_roles(answers.at(1), into);
    const Rows& memberships = answers.at(2);
    for (int i = 0; i < memberships.size(); ++i) {
        const auto member = into.roles.find(text(memberships, i, 0));
        if (member != into.roles.end()) member->second.member_of.insert(text(memberships, i, 1));
    }
    read_settings(answers.at(3), into.roles);
    read_databases(answers.at(4), into);
    read_settings(answers.at(5), into.databases);
}

std::optional<Sql> offer_questions(const config::Config& config, const plan::Observed& observed) {
    std::set<std::string> settings;
    std::set<std::string> extensions;
    const auto collect = [&](const config::Settings& wanted, const std::map<std::string, std::string>* is) {
        for (const auto& [name, value] : wanted) {
            const auto now = is == nullptr ? std::optional<std::string>{} : plan::setting(*is, name);
            if (!now || !plan::same_setting(name, *now, value)) settings.insert(name);
        }
    };
    for (const config::Role& role : config.roles) {
        const auto found = observed.roles.find(role.name);
        collect(role.settings, found == observed.roles.end() ? nullptr : &found->second.settings);
    }
    for (const config::Database& database : config.databases) {
        const auto found = observed.databases.find(database.name);
        const bool there = found != observed.databases.end();
        collect(database.settings, there ? &found->second.settings : nullptr);
        for (const config::Extension& extension : plan::extensions_of(database)) {
            const bool is = there && found->second.extensions.contains(extension.name);
            const bool same = is && (extension.version.empty() ||
                                     found->second.extensions.at(extension.name).version == extension.version);
            if (!same && (!there || found->second.inside)) extensions.insert(extension.name);
        }
    }
    if (settings.empty() && extensions.empty()) return {};
    Sql sql{"SELECT lower(name), pg_has_role('pg_read_all_settings', 'USAGE') FROM pg_settings WHERE name = 'port' OR lower(name) "
            "IN (SELECT lower(one) FROM unnest(ARRAY[''"};
    for (const std::string& name : settings) sql.add(", ").literal(name);
    sql.add("]) AS one);\nSELECT name, version FROM pg_available_extension_versions WHERE name IN ");
    return sql.add(name_list(extensions));
}

void read_offer(const std::vector<Rows>& answers, plan::Observed& into) {
    plan::Offer offer;
    const Rows& settings = answers.at(0);
    for (int i = 0; i < settings.size(); ++i) {
        if (!settings.boolean(i, 1)) continue;
        if (!offer.settings) offer.settings.emplace();
        offer.settings->insert(text(settings, i, 0));
    }
    const Rows& versions = answers.at(1);
    for (int i = 0; i < versions.size(); ++i) offer.extensions[text(versions, i, 0)].insert(text(versions, i, 1));
    into.offer = std::move(offer);
}

Sql inside_questions(const config::Database& database) {
    Sql sql{"SELECT extname, nspname, extversion FROM pg_extension JOIN pg_namespace n ON n.oid = "
            "extnamespace;\n"
            "SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace;\n"};
    if (database.grants.empty() && database.default_privileges.empty()) return sql;
    return sql.add(about_privileges(database)).add(about_default_privileges());
}

void read_inside(const std::vector<Rows>& answers, plan::ObservedDatabase& into) {
    into.inside = true;
    const Rows& extensions = answers.at(0);
    for (int i = 0; i < extensions.size(); ++i) {
        into.extensions[text(extensions, i, 0)] = {text(extensions, i, 1), text(extensions, i, 2)};
    }
    const Rows& schemas = answers.at(1);
    for (int i = 0; i < schemas.size(); ++i) into.schemas[text(schemas, i, 0)] = text(schemas, i, 1);
    if (answers.size() < 4) return;
    const Rows& lists = answers.at(2);
    for (int i = 0; i < lists.size(); ++i) {
        into.privileges.insert({text(lists, i, 0), text(lists, i, 1), text(lists, i, 2), text(lists, i, 3),
                                text(lists, i, 4), lists.boolean(i, 5)});
    }
    const Rows& defaults = answers.at(3);
    for (int i = 0; i < defaults.size(); ++i) {
        into.default_privileges.insert({text(defaults, i, 0), text(defaults, i, 1), text(defaults, i, 2),
                                        text(defaults, i, 3), text(defaults, i, 4)});
    }
}

}  // namespace ainit::provision
