// SPDX-License-Identifier: Apache-2.0
#include "provision/hint.h"

#include <string_view>

#include <fmt/format.h>

#include "base/sql.h"
#include "base/text.h"
#include "postgres/session.h"

namespace ainit::provision {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

std::string quoted(const std::string& name) { return quote_identifier(name); }

/// 42501: what whom to grant.
class MissingPrivilege {
  public:
    explicit MissingPrivilege(const std::string& user) : user_{user} {}

    std::string operator()(const plan::CreateRole& a) const {
        if (a.role.superuser || a.role.replication || a.role.bypassrls) return powers();
        return fmt::format("ALTER ROLE {} CREATEROLE, or use another maintenance user", quoted(user_));
    }
    std::string operator()(const plan::AlterRole& a) const {
        return a.role.superuser || a.role.replication || a.role.bypassrls ? powers() : administer(a.role.name);
    }
    std::string operator()(const plan::SetPassword& a) const { return administer(a.role); }
    std::string operator()(const plan::SetRoleSetting& a) const { return administer(a.role); }
    std::string operator()(const plan::CommentOnRole& a) const { return administer(a.role); }
    std::string operator()(const plan::GrantMembership& a) const { return administer(a.role); }
    std::string operator()(const plan::GrantToSelf& a) const { return administer(a.role); }
    std::string operator()(const plan::CreateDatabase&) const {
        return fmt::format("ALTER ROLE {} CREATEDB, or use another maintenance user", quoted(user_));
    }
    std::string operator()(const plan::AlterDatabaseOwner& a) const {
        return fmt::format("run as a superuser: ALTER DATABASE {} OWNER TO {}", quoted(a.database), quoted(a.owner));
    }
    std::string operator()(const plan::CreateExtension& a) const {
        return fmt::format("only trusted extensions may be made without a superuser; run as one in database \"{}\": "
                           "CREATE EXTENSION {}",
                           a.database, quoted(a.extension.name));
    }
    std::string operator()(const plan::UpdateExtension& a) const {
        return fmt::format("run as a superuser in database \"{}\": ALTER EXTENSION {} UPDATE", a.database,
                           quoted(a.extension.name));
    }
    std::string operator()(const auto& a) const {
        return fmt::format("make the maintenance user a member of the owner of what is changed in database \"{}\", or "
                           "use a superuser",
                           a.database);
    }

  private:
    static std::string powers() {
        return "only a superuser may give SUPERUSER, and only those who have them REPLICATION and BYPASSRLS: use "
               "another maintenance user";
    }
    std::string administer(const std::string& role) const {
        return fmt::format("ALTER ROLE {} CREATEROLE; from PostgreSQL 16 on also GRANT {} TO {} WITH ADMIN OPTION, "
                           "since another made that role",
                           quoted(user_), quoted(role), quoted(user_));
    }

    const std::string& user_;
};

std::string extension_hint(const std::string& extension) {
    return fmt::format("install the extension's package where the server runs; SELECT * FROM "
                       "pg_available_extension_versions WHERE name = {} tells what it has",
                       quote_literal(extension));
}

std::string setting_hint(const std::string& name, const Failure& failure) {
    if (!failure.hint.empty()) return failure.hint;
    // 42704: no such setting.
    return failure.sqlstate == "42704" ? std::string{"SELECT name FROM pg_settings tells which settings there are"}
                                       : fmt::format("SELECT * FROM pg_settings WHERE name = {} tells which values it takes",
                                                     quote_literal(name));
}

/// What CREATE DATABASE refers to and did not find.
std::string database_hint(const Failure& failure) {
    if (failure.sqlstate == "42704") {
        return "let its owner and tablespace exist: SELECT rolname FROM pg_roles, SELECT spcname FROM pg_tablespace";
    }
    if (failure.sqlstate == "3D000") return "use a template that is there: SELECT datname FROM pg_database";
    if (!failure.hint.empty()) return failure.hint;
    return "use a locale and an encoding that the server has: `locale -a` where it runs";
}

/// What is wrong with the thing itself.
std::string thing_hint(const plan::Action& action, const Failure& failure) {
    const std::string& server = failure.hint;
    return std::visit(
        Overloaded{
            [&](const plan::CreateExtension& a) {
                // 3F000: the schema to put it into, its own or the first of search_path.
                return failure.sqlstate == "3F000"
                           ? std::string{"give the extension a schema that exists or is declared: schema = …"}
                           : extension_hint(a.extension.name);
            },
            [](const plan::UpdateExtension& a) { return extension_hint(a.extension.name); },
            [&](const plan::CreateDatabase&) { return database_hint(failure); },
            [&](const plan::SetRoleSetting& a) { return setting_hint(a.name, failure); },
            [&](const plan::SetDatabaseSetting& a) { return setting_hint(a.name, failure); },
            [&](const auto&) { return server; },
        },
        action);
}

}  // namespace

std::string hint_of(const plan::Action& action, const Failure& failure, const std::string& user) {
    using namespace postgres::sqlstate;
    if (failure.sqlstate == kInsufficientPrivilege) return std::visit(MissingPrivilege{user}, action);
    if (failure.sqlstate == kLockNotAvailable) {
        return "end the session that holds the lock (pg_locks tells which), or raise lock_timeout";
    }
    if (failure.sqlstate == kQueryCanceled && failure.signal == 0) return "raise statement_timeout";
    if (failure.sqlstate == kReadOnly) {
        return "let the maintenance user write: default_transaction_read_only is on, or the server is a standby";
    }
    if (failure.sqlstate == kObjectInUse) return "end the sessions in the template database, or use template0";
    // 0A000, 58P01: an extension that is not there; 22, 42: a value or name that is none.
    const std::string_view family = std::string_view{failure.sqlstate}.substr(0, 2);
    const bool thing = failure.sqlstate == "0A000" || failure.sqlstate == "58P01" || family == "22" || family == "42" ||
                       failure.sqlstate == "3D000" || failure.sqlstate == "3F000";
    return thing ? thing_hint(action, failure) : failure.hint;
}

}  // namespace ainit::provision
