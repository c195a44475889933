// SPDX-License-Identifier: Apache-2.0
// What a step is called: for people, for machines, and where it runs.
#include <fmt/format.h>

#include "base/text.h"
#include "plan/step.h"

namespace ainit::plan {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

std::string target(const GrantPrivileges& action) {
    const config::Grant& grant = action.grant;
    if (grant.on == "database") return fmt::format("database \"{}\"", action.database);
    const std::string of = fmt::format(" of database \"{}\"", action.database);
    if (grant.on == "schema") return fmt::format("schema \"{}\"", grant.schema) + of;
    if (grant.objects.empty()) {
        return fmt::format("{} in schema \"{}\"", grant.on, grant.schema) + of;
    }
    std::vector<std::string> names;
    for (const std::string& object : grant.objects) names.push_back(grant.schema + "." + object);
    return fmt::format("{} {}", grant.on, list_of(names)) + of;
}

struct Describe {
    std::string operator()(const CreateRole& a) const {
        return fmt::format("create role \"{}\"", a.role.name);
    }

    std::string operator()(const AlterRole& a) const {
        return fmt::format("change {} of role \"{}\"", join(a.attributes, ", "), a.role.name);
    }

    std::string operator()(const SetPassword& a) const {
        return fmt::format("set the password of role \"{}\"", a.role);
    }

    std::string operator()(const GrantMembership& a) const {
        return fmt::format("make role \"{}\" a member of \"{}\"", a.member, a.role);
    }

    std::string operator()(const GrantToSelf& a) const {
        return fmt::format("make the maintenance user a member of \"{}\"", a.role);
    }

    std::string operator()(const SetRoleSetting& a) const {
        return fmt::format("set {} of role \"{}\"", a.name, a.role);
    }

    std::string operator()(const CommentOnRole& a) const {
        return fmt::format("comment on role \"{}\"", a.role);
    }

    std::string operator()(const CreateDatabase& a) const {
        return fmt::format("create database \"{}\"", a.database.name);
    }

    std::string operator()(const AlterDatabaseOwner& a) const {
        return fmt::format("give database \"{}\" to \"{}\"", a.database, a.owner);
    }

    std::string operator()(const AlterConnectionLimit& a) const {
        return fmt::format("limit the connections of database \"{}\" to {}", a.database, a.limit);
    }

    std::string operator()(const SetDatabaseSetting& a) const {
        return fmt::format("set {} of database \"{}\"", a.name, a.database);
    }

    std::string operator()(const CommentOnDatabase& a) const {
        return fmt::format("comment on database \"{}\"", a.database);
    }

    std::string operator()(const CreateExtension& a) const {
        return fmt::format("create extension \"{}\" in database \"{}\"", a.extension.name,
                           a.database);
    }

    std::string operator()(const UpdateExtension& a) const {
        return fmt::format("update extension \"{}\" in database \"{}\" to {}", a.extension.name,
                           a.database, a.extension.version);
    }

    std::string operator()(const CreateSchema& a) const {
        return fmt::format("create schema \"{}\" in database \"{}\"", a.schema, a.database);
    }

    std::string operator()(const AlterSchemaOwner& a) const {
        return fmt::format("give schema \"{}\" of database \"{}\" to \"{}\"", a.schema, a.database,
                           a.owner);
    }

    std::string operator()(const GrantPrivileges& a) const {
        return fmt::format("grant {} on {} to {}", join(a.grant.privileges, ", "), target(a),
                           list_of(a.grant.roles));
    }

    std::string operator()(const AlterDefaultPrivileges& a) const {
        const std::string in =
            a.privilege.schema.empty() ? "" : fmt::format(" in schema \"{}\"", a.privilege.schema);
        return fmt::format("grant {} on future {} of \"{}\"{} in database \"{}\" to {}",
                           join(a.privilege.privileges, ", "), a.privilege.on, a.owner, in,
                           a.database, list_of(a.privilege.roles));
    }
};

}  // namespace

std::string describe(const Action& action) {
    return std::visit(Describe{}, action);
}

std::string_view kind(const Action& action) {
    using View = std::string_view;
    return std::visit(
        Overloaded{
            [](const CreateRole&) -> View { return "create_role"; },
            [](const AlterRole&) -> View { return "alter_role"; },
            [](const SetPassword&) -> View { return "set_password"; },
            [](const GrantMembership&) -> View { return "grant_membership"; },
            [](const GrantToSelf&) -> View { return "grant_to_self"; },
            [](const SetRoleSetting&) -> View { return "set_role_setting"; },
            [](const CommentOnRole&) -> View { return "comment_on_role"; },
            [](const CreateDatabase&) -> View { return "create_database"; },
            [](const AlterDatabaseOwner&) -> View { return "alter_database_owner"; },
            [](const AlterConnectionLimit&) -> View { return "alter_connection_limit"; },
            [](const SetDatabaseSetting&) -> View { return "set_database_setting"; },
            [](const CommentOnDatabase&) -> View { return "comment_on_database"; },
            [](const CreateExtension&) -> View { return "create_extension"; },
            [](const UpdateExtension&) -> View { return "update_extension"; },
            [](const CreateSchema&) -> View { return "create_schema"; },
            [](const AlterSchemaOwner&) -> View { return "alter_schema_owner"; },
            [](const GrantPrivileges&) -> View { return "grant_privileges"; },
            [](const AlterDefaultPrivileges&) -> View { return "alter_default_privileges"; },
        },
        action);
}

std::string database_of(const Action& action) {
    return std::visit(Overloaded{
                          [](const CreateExtension& a) { return a.database; },
                          [](const UpdateExtension& a) { return a.database; },
                          [](const CreateSchema& a) { return a.database; },
                          [](const AlterSchemaOwner& a) { return a.database; },
                          [](const GrantPrivileges& a) { return a.database; },
                          [](const AlterDefaultPrivileges& a) { return a.database; },
                          [](const auto&) { return std::string{}; },
                      },
                      action);
}

}  // namespace ainit::plan
