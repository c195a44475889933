// SPDX-License-Identifier: Apache-2.0
// A plan: ordered steps, each with its reason, and what is left to a person. Pure data; statements() is the SQL that both
// `plan` prints and `provision` runs.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "base/failure.h"
#include "base/secret.h"
#include "base/sql.h"
#include "config/config.h"

namespace ainit::plan {

struct CreateRole { config::Role role; };
/// Changes the attributes named in `attributes` (keys of config::Role) to those of `role`.
struct AlterRole { config::Role role; std::vector<std::string> attributes; };
struct SetPassword { std::string role; Secret password; };
struct GrantMembership { std::string role; std::string member; };
/// So that the maintenance user may give a database to `role` (16 and newer: WITH INHERIT TRUE, SET TRUE).
struct GrantToSelf { std::string role; int version; };
struct SetRoleSetting { std::string role; std::string name; std::string value; };
struct CommentOnRole { std::string role; std::string text; };
struct CreateDatabase { config::Database database; std::string owner; };
struct AlterDatabaseOwner { std::string database; std::string owner; };
struct AlterConnectionLimit { std::string database; int limit; };
struct SetDatabaseSetting { std::string database; std::string name; std::string value; };
struct CommentOnDatabase { std::string database; std::string text; };
struct CreateExtension { std::string database; config::Extension extension; };
struct UpdateExtension { std::string database; config::Extension extension; };
struct CreateSchema { std::string database; std::string schema; std::string owner; };
struct AlterSchemaOwner { std::string database; std::string schema; std::string owner; };
struct GrantPrivileges { std::string database; config::Grant grant; };
struct AlterDefaultPrivileges { std::string database; config::DefaultPrivilege privilege; std::string owner; };

using Action = std::variant<CreateRole, AlterRole, SetPassword, GrantMembership, GrantToSelf, SetRoleSetting,
                            CommentOnRole, CreateDatabase, AlterDatabaseOwner, AlterConnectionLimit,
                            SetDatabaseSetting, CommentOnDatabase, CreateExtension, UpdateExtension, CreateSchema,
                            AlterSchemaOwner, GrantPrivileges, AlterDefaultPrivileges>;

struct Step {
    Action action;
    std::string reason{};  ///< database "kratos" does not exist
    Origin origin{};
};

/// What only a person may change, or what should be known: never acted upon.
struct Drift {
    std::string object{};    ///< database "synapse"
    std::string property{};  ///< lc_collate
    std::string wanted{};
    std::string found{};
    std::string remedy{};
    Origin origin{};
};

struct Plan {
    std::vector<Step> steps{};
    std::vector<Drift> drifts{};
    std::vector<Failure> warnings{};
    bool empty() const { return steps.empty(); }
};

/// `create database "kratos"`: an imperative for tables, messages and JSON.
std::string describe(const Action& action);
/// `create_database`: the kind of step in JSON.
std::string_view kind(const Action& action);
/// The database a step runs in; empty: the maintenance database.
std::string database_of(const Action& action);

/// Makes the text after PASSWORD for a role: a SCRAM verifier.
using Verifier = std::function<std::string(const std::string& role, const Secret& password)>;

/// The names of a setting that is a list of names, such as search_path: commas between them, quotes taken off.
std::vector<std::string> setting_parts(std::string_view value);

/// The statements of a step, in order. CREATE DATABASE is always alone in its list.
std::vector<Sql> statements(const Action& action, const Verifier& verifier);
/// The same for a person: in the place of a password stands a variable of psql, which stops with a syntax error while the
/// variable is not set.
std::vector<Sql> statements_for_psql(const Action& action);
/// That variable, for the password that this step sets; empty if it sets none.
std::string password_variable(const Action& action);

enum class Effect { changed, unchanged, failed, skipped };

/// What became of a step.
struct Outcome {
    Step step;
    Effect effect{Effect::skipped};
    Duration duration{0};
    std::string note{};  ///< "made by another run meanwhile"
};

}  // namespace ainit::plan
