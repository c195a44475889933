// SPDX-License-Identifier: Apache-2.0
#include "plan/step.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/text.h"
#include "config/signature.h"
#include "plan/privilege.h"
#include "plan/setting.h"

namespace ainit::plan {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

/// `PUBLIC` is a keyword here, everything else a name.
void add_grantees(Sql& sql, const std::vector<std::string>& roles) {
    sql.add(" TO ");
    for (std::size_t i = 0; i < roles.size(); ++i) {
        if (i > 0) sql.add(", ");
        if (equals_ignoring_case(roles[i], "public")) {
            sql.add("PUBLIC");
        } else {
            sql.identifier(roles[i]);
        }
    }
}

void add_privileges(Sql& sql, const std::vector<std::string>& privileges) {
    for (std::size_t i = 0; i < privileges.size(); ++i) {
        if (i > 0) sql.add(", ");
        sql.add(privilege_keyword(privileges[i]));
    }
}

struct Switch {
    std::string_view key;
    bool config::Role::* value;
    Sql on;
    Sql off;
};

/// The attributes of a role that are on or off.
const std::array<Switch, 7>& switches() {
    static const std::array<Switch, 7> table{{
        {"login", &config::Role::login, " LOGIN", " NOLOGIN"},
        {"superuser", &config::Role::superuser, " SUPERUSER", " NOSUPERUSER"},
        {"createdb", &config::Role::createdb, " CREATEDB", " NOCREATEDB"},
        {"createrole", &config::Role::createrole, " CREATEROLE", " NOCREATEROLE"},
        {"inherit", &config::Role::inherit, " INHERIT", " NOINHERIT"},
        {"replication", &config::Role::replication, " REPLICATION", " NOREPLICATION"},
        {"bypassrls", &config::Role::bypassrls, " BYPASSRLS", " NOBYPASSRLS"},
    }};
    return table;
}

void add_limits(Sql& sql, const config::Role& role, bool limit, bool validity) {
    if (limit) sql.add(" CONNECTION LIMIT ").number(role.connection_limit);
    if (validity) sql.add(" VALID UNTIL ").literal(role.valid_until);
}

/// What stands behind PASSWORD.
using Password = std::function<Sql(const std::string& role, const Secret& password)>;

Sql create_role(const config::Role& role, const Password& password) {
    // What a role has by itself goes unsaid: saying NOSUPERUSER takes a superuser on 15 and older.
    static const config::Role kOrdinary;
    Sql sql{"CREATE ROLE "};
    sql.identifier(role.name);
    for (const Switch& one : switches()) {
        const bool wanted = role.*one.value;
        // A role made by CREATE ROLE may not log in.
        const bool by_itself = one.key == "login" ? false : kOrdinary.*one.value;
        if (wanted != by_itself) sql.add(wanted ? one.on : one.off);
    }
    add_limits(sql, role, role.connection_limit != -1, !role.valid_until.empty());
    if (!role.password.empty()) {
        sql.add(" PASSWORD ").add(password(role.name, role.password));
    }
    return sql;
}

Sql alter_role(const AlterRole& action) {
    const auto changes = [&](std::string_view key) {
        return std::ranges::find(action.attributes, key) != action.attributes.end();
    };
    Sql sql{"ALTER ROLE "};
    sql.identifier(action.role.name);
    for (const Switch& one : switches()) {
        if (changes(one.key)) sql.add(action.role.*one.value ? one.on : one.off);
    }
    add_limits(sql, action.role, changes("connection_limit"), changes("valid_until"));
    return sql;
}

/// `SET "name" TO 'value'`.
void add_setting(Sql& sql, const std::string& name, const std::string& value) {
    sql.add(" SET ").identifier(name).add(" TO ");
    if (!is_list_of_names(name)) {
        sql.literal(value);
        return;
    }
    const std::vector<std::string> parts = setting_parts(value);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) sql.add(", ");
        sql.literal(parts[i]);
    }
}

void add_text(Sql& sql, Sql keyword, const std::string& value) {
    if (!value.empty()) sql.add(std::move(keyword)).literal(value);
}

Sql create_database(const CreateDatabase& action) {
    const config::Database& wanted = action.database;
    Sql sql{"CREATE DATABASE "};
    sql.identifier(wanted.name);
    if (!action.owner.empty()) sql.add(" OWNER ").identifier(action.owner);
    sql.add(" TEMPLATE ").identifier(wanted.database_template);
    add_text(sql, " ENCODING ", wanted.encoding);
    add_text(sql, " LOCALE_PROVIDER ", wanted.locale_provider);
    add_text(sql, " LC_COLLATE ", wanted.lc_collate.empty() ? wanted.locale : wanted.lc_collate);
    add_text(sql, " LC_CTYPE ", wanted.lc_ctype.empty() ? wanted.locale : wanted.lc_ctype);
    add_text(sql, " ICU_LOCALE ", wanted.icu_locale);
    add_text(sql, " ICU_RULES ", wanted.icu_rules);
    add_text(sql, " BUILTIN_LOCALE ", wanted.builtin_locale);
    if (!wanted.tablespace.empty()) sql.add(" TABLESPACE ").identifier(wanted.tablespace);
    add_text(sql, " STRATEGY ", wanted.strategy);
    if (wanted.connection_limit != -1) {
        sql.add(" CONNECTION LIMIT ").number(wanted.connection_limit);
    }
    return sql;
}

Sql create_extension(const config::Extension& extension) {
    Sql sql{"CREATE EXTENSION "};
    sql.identifier(extension.name);
    if (!extension.schema.empty()) sql.add(" SCHEMA ").identifier(extension.schema);
    add_text(sql, " VERSION ", extension.version);
    // What it needs of other extensions is installed with it.
    return sql.add(" CASCADE");
}

Sql create_schema(const CreateSchema& action) {
    Sql sql{"CREATE SCHEMA "};
    sql.identifier(action.schema);
    if (!action.owner.empty()) sql.add(" AUTHORIZATION ").identifier(action.owner);
    return sql;
}

/// ON DATABASE "d", ON SCHEMA "s", ON TABLE "s"."a", "s"."b", ON ALL TABLES IN SCHEMA "s".
void add_target(Sql& sql, const std::string& database, const config::Grant& grant) {
    if (grant.on == "database") {
        sql.add(" ON DATABASE ").identifier(database);
        return;
    }
    if (grant.on == "schema") {
        sql.add(" ON SCHEMA ").identifier(grant.schema);
        return;
    }
    if (grant.objects.empty()) {
        sql.add(grant.on == "all tables"      ? Sql{" ON ALL TABLES IN SCHEMA "}
                : grant.on == "all sequences" ? Sql{" ON ALL SEQUENCES IN SCHEMA "}
                                              : Sql{" ON ALL FUNCTIONS IN SCHEMA "});
        sql.identifier(grant.schema);
        return;
    }
    sql.add(grant.on == "table"      ? Sql{" ON TABLE "}
            : grant.on == "sequence" ? Sql{" ON SEQUENCE "}
                                     : Sql{" ON FUNCTION "});
    for (std::size_t i = 0; i < grant.objects.size(); ++i) {
        if (i > 0) sql.add(", ");
        const auto signature = grant.on == "function" ? config::signature_of(grant.objects[i])
                                                      : std::nullopt;
        const std::string& object = signature ? signature->name : grant.objects[i];
        sql.identifier(grant.schema).add(".").identifier(object);
        // The configuration's check lets nothing but names of types through.
        if (signature) sql.add(Sql::foreign(fmt::format("({})", join(signature->types, ", "))));
    }
}

Sql grant_privileges(const GrantPrivileges& action) {
    Sql sql{"GRANT "};
    add_privileges(sql, action.grant.privileges);
    add_target(sql, action.database, action.grant);
    add_grantees(sql, action.grant.roles);
    if (action.grant.with_grant_option) sql.add(" WITH GRANT OPTION");
    return sql;
}

Sql default_privileges(const AlterDefaultPrivileges& action) {
    const config::DefaultPrivilege& wanted = action.privilege;
    Sql sql{"ALTER DEFAULT PRIVILEGES FOR ROLE "};
    sql.identifier(action.owner);
    if (!wanted.schema.empty()) sql.add(" IN SCHEMA ").identifier(wanted.schema);
    sql.add(" GRANT ");
    add_privileges(sql, wanted.privileges);
    sql.add(wanted.on == "tables"      ? Sql{" ON TABLES"}
            : wanted.on == "sequences" ? Sql{" ON SEQUENCES"}
            : wanted.on == "functions" ? Sql{" ON FUNCTIONS"}
            : wanted.on == "types"     ? Sql{" ON TYPES"}
                                       : Sql{" ON SCHEMAS"});
    add_grantees(sql, wanted.roles);
    return sql;
}

/// The first of two parts and the verb between them: most statements are no more than that.
Sql of(Sql verb, const std::string& name) {
    return std::move(verb.identifier(name));
}

}  // namespace

std::vector<std::string> setting_parts(std::string_view value) {
    std::vector<std::string> parts;
    for (const std::string& part : split(value, ',')) {
        std::string_view name = trim(part);
        if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
            name = name.substr(1, name.size() - 2);
        }
        parts.emplace_back(name);
    }
    return parts;
}

namespace {

std::vector<Sql> statements_with(const Action& action, const Password& password) {
    return {std::visit(
        Overloaded{
            [&](const CreateRole& a) { return create_role(a.role, password); },
            [](const AlterRole& a) { return alter_role(a); },
            [&](const SetPassword& a) {
                return of("ALTER ROLE ", a.role)
                    .add(" PASSWORD ")
                    .add(password(a.role, a.password));
            },
            [](const GrantMembership& a) {
                return of("GRANT ", a.role).add(" TO ").identifier(a.member);
            },
            [](const GrantToSelf& a) {
                return of("GRANT ", a.role)
                    .add(a.version >= 160000 ? Sql{" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"}
                                             : Sql{" TO CURRENT_USER"});
            },
            [](const SetRoleSetting& a) {
                Sql sql = of("ALTER ROLE ", a.role);
                add_setting(sql, a.name, a.value);
                return sql;
            },
            [](const CommentOnRole& a) {
                return of("COMMENT ON ROLE ", a.role).add(" IS ").literal(a.text);
            },
            [](const CreateDatabase& a) { return create_database(a); },
            [](const AlterDatabaseOwner& a) {
                return of("ALTER DATABASE ", a.database).add(" OWNER TO ").identifier(a.owner);
            },
            [](const AlterConnectionLimit& a) {
                return of("ALTER DATABASE ", a.database).add(" CONNECTION LIMIT ").number(a.limit);
            },
            [](const SetDatabaseSetting& a) {
                Sql sql = of("ALTER DATABASE ", a.database);
                add_setting(sql, a.name, a.value);
                return sql;
            },
            [](const CommentOnDatabase& a) {
                return of("COMMENT ON DATABASE ", a.database).add(" IS ").literal(a.text);
            },
            [](const CreateExtension& a) { return create_extension(a.extension); },
            [](const UpdateExtension& a) {
                return of("ALTER EXTENSION ", a.extension.name)
                    .add(" UPDATE TO ")
                    .literal(a.extension.version);
            },
            [](const CreateSchema& a) { return create_schema(a); },
            [](const AlterSchemaOwner& a) {
                return of("ALTER SCHEMA ", a.schema).add(" OWNER TO ").identifier(a.owner);
            },
            [](const GrantPrivileges& a) { return grant_privileges(a); },
            [](const AlterDefaultPrivileges& a) { return default_privileges(a); },
        },
        action)};
}

/// psql's names are letters, digits and underscores.
std::string variable_for(const std::string& role) {
    std::string name{"password_of_"};
    for (const char c : role) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
        name += plain ? std::string{c} : fmt::format("_{:02x}", static_cast<unsigned char>(c));
    }
    return name;
}

}  // namespace

std::vector<Sql> statements(const Action& action, const Verifier& verifier) {
    return statements_with(action, [&](const std::string& role, const Secret& password) {
        return Sql{}.literal(verifier(role, password));
    });
}

std::vector<Sql> statements_for_psql(const Action& action) {
    return statements_with(action, [](const std::string& role, const Secret&) {
        return Sql::foreign(fmt::format(":'{}'", variable_for(role)));
    });
}

std::string password_variable(const Action& action) {
    const auto* create = std::get_if<CreateRole>(&action);
    if (create != nullptr && !create->role.password.empty()) return variable_for(create->role.name);
    const auto* set = std::get_if<SetPassword>(&action);
    return set != nullptr ? variable_for(set->role) : "";
}

}  // namespace ainit::plan
