// SPDX-License-Identifier: Apache-2.0
#include "config/check.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "config/profile.h"

namespace ainit::config {
namespace {

constexpr std::size_t kLongestName = 63;  // NAMEDATALEN - 1

/// What can be granted on a kind of object, in the singular or plural.
std::vector<std::string> privileges_on(std::string_view kind) {
    const auto is = [&](std::string_view word) {
        return kind.find(word) != std::string_view::npos;
    };
    if (is("database")) return {"ALL", "CONNECT", "CREATE", "TEMPORARY"};
    if (is("schema")) return {"ALL", "CREATE", "USAGE"};
    if (is("table"))
        return {"ALL",
                "DELETE",
                "INSERT",
                "MAINTAIN",
                "REFERENCES",
                "SELECT",
                "TRIGGER",
                "TRUNCATE",
                "UPDATE"};
    if (is("sequence")) return {"ALL", "SELECT", "UPDATE", "USAGE"};
    if (is("function")) return {"ALL", "EXECUTE"};
    if (is("type")) return {"ALL", "USAGE"};
    return {};
}

class Checker {
  public:
    explicit Checker(Loaded& loaded) : loaded_{loaded}, config_{loaded.config} {}

    void all() {
        server();
        unique(config_.roles, "role");
        unique(config_.databases, "database");
        unique_migrations();
        for (const Role& role : config_.roles) check_role(role);
        for (const Database& database : config_.databases) check_database(database);
        for (const Migration& migration : config_.migrations) check_migration(migration);
        for (const Check& one : config_.checks) check_check(one);
        dependents();
    }

  private:
    void fail(
        Code code, std::string what, std::string because, std::string hint, const Origin& where) {
        Failure failure;
        failure.code = code;
        failure.what = std::move(what);
        failure.because = std::move(because);
        failure.state = "Nothing was done.";
        failure.hint = std::move(hint);
        failure.where = where;
        loaded_.failures.push_back(std::move(failure));
    }

    void conflict(std::string what, std::string because, std::string hint, const Origin& where) {
        fail(Code::config_conflict, std::move(what), std::move(because), std::move(hint), where);
    }

    void name(std::string_view kind, const std::string& text, const Origin& where) {
        if (text.empty()) return;
        if (text.size() > kLongestName) {
            fail(Code::config_type,
                 fmt::format("cannot use the {} name \"{}\"", kind, text),
                 fmt::format("it has {} bytes, and PostgreSQL keeps {}", text.size(), kLongestName),
                 "shorten it",
                 where);
        } else if (!valid_utf8(text) || text.find('\0') != std::string::npos) {
            fail(Code::config_type,
                 fmt::format("cannot use a {} name", kind),
                 "it is no valid UTF-8 text",
                 "",
                 where);
        }
    }

    void server() {
        const Postgres& postgres = config_.postgres;
        if (postgres.ports.size() != 1 && postgres.ports.size() != postgres.hosts.size()) {
            conflict(fmt::format("cannot match {} ports with {} hosts",
                                 postgres.ports.size(),
                                 postgres.hosts.size()),
                     "there must be one port, or one for each host",
                     "",
                     postgres.origin);
        }
        if (postgres.sslrootcert == "system" && postgres.sslmode != "verify-full") {
            conflict(fmt::format("cannot use sslrootcert = \"system\" with sslmode = \"{}\"",
                                 postgres.sslmode),
                     "anybody can have a certificate of the system's authorities, so the name must "
                     "be compared",
                     "use sslmode = \"verify-full\"",
                     postgres.origin);
        }
        if (postgres.channel_binding == "require" && postgres.sslmode == "disable") {
            conflict("cannot use channel_binding = \"require\" with sslmode = \"disable\"",
                     "there is no channel to bind to without TLS",
                     "use sslmode = \"require\" or more",
                     postgres.origin);
        }
        name("role", postgres.user, postgres.origin);
        name("database", postgres.database, postgres.origin);
    }

    template <class Items>
    void unique(const Items& items, std::string_view kind) {
        std::map<std::string, Origin> seen;
        for (const auto& item : items) {
            if (item.name.empty()) continue;
            const auto [at, fresh] = seen.emplace(item.name, item.origin);
            if (fresh) continue;
            conflict(fmt::format("cannot have two [[{}]] named \"{}\"", kind, item.name),
                     fmt::format("the first is at {}", at->second.text()),
                     "remove or rename one of them",
                     item.origin);
        }
    }

    void unique_migrations() {
        std::map<std::string, Origin> seen;
        for (const Migration& migration : config_.migrations) {
            if (migration.name.empty()) continue;
            const auto [at, fresh] = seen.emplace(migration.name, migration.origin);
            if (fresh) continue;
            conflict(fmt::format("cannot have two [[migration]] named \"{}\"", migration.name),
                     fmt::format("the first is at {}; without a name the database's counts",
                                 at->second.text()),
                     "give each a name of its own",
                     migration.origin);
        }
    }

    bool declared(const std::string& database, std::string_view who, const Origin& where) {
        if (database.empty() || config_.database(database) != nullptr) return true;
        std::vector<std::string> names;
        for (const Database& one : config_.databases) names.push_back(one.name);
        const std::string near = closest(database, names);
        conflict(fmt::format("cannot use the database \"{}\" in {}", database, who),
                 "no [[database]] declares it",
                 near.empty() ? "declare it" : fmt::format("did you mean \"{}\"?", near),
                 where);
        return false;
    }

    /// A role that exists on the server already need not be declared; a warning shows a
    /// misspelling.
    void role_known(const std::string& role, std::string_view who, const Origin& where) {
        if (role.empty() || role == config_.postgres.user || config_.role(role) != nullptr) return;
        if (role.starts_with("pg_") || equals_ignoring_case(role, "public")) return;
        std::vector<std::string> names;
        for (const Role& one : config_.roles) names.push_back(one.name);
        const std::string near = closest(role, names);
        Failure warning;
        warning.code = Code::config_conflict;
        warning.what = fmt::format("the role \"{}\" of {} is not declared", role, who);
        warning.because = near.empty() ? "it must exist on the server already"
                                       : fmt::format("did you mean \"{}\"?", near);
        warning.where = where;
        config_.warnings.push_back(std::move(warning));
    }

    void check_role(const Role& role) {
        name("role", role.name, role.origin);
        if (role.name.starts_with("pg_")) {
            fail(Code::config_type,
                 fmt::format("cannot make the role \"{}\"", role.name),
                 "names that begin with pg_ are PostgreSQL's own",
                 "",
                 role.origin);
        }
        for (const std::string& of : role.member_of)
            role_known(of, fmt::format("role \"{}\"", role.name), role.origin);
        check_after_migrations(role);
    }

    void check_after_migrations(const Role& role) {
        const std::string who = fmt::format("role \"{}\"", role.name);
        if (role.after_migrations_of.empty() ||
            !declared(role.after_migrations_of, who, role.origin))
            return;
        if (std::ranges::find(config_.migrations, role.after_migrations_of, &Migration::database) !=
            config_.migrations.end())
            return;
        conflict(
            fmt::format(
                "cannot wait with {} for the migrations of \"{}\"", who, role.after_migrations_of),
            "no [[migration]] belongs to that database",
            "remove after_migrations_of, or add the migration",
            role.origin);
    }

    void check_database(const Database& database) {
        const std::string who = fmt::format("database \"{}\"", database.name);
        name("database", database.name, database.origin);
        role_known(database.owner, who, database.origin);
        check_locale(database, who);
        std::set<std::string> extensions;
        for (const Extension& extension : database.extensions) {
            if (!extensions.insert(extension.name).second) {
                conflict(
                    fmt::format(
                        "cannot install the extension \"{}\" twice in {}", extension.name, who),
                    "it is listed twice",
                    "",
                    extension.origin);
            }
        }
        std::set<std::string> schemas;
        for (const Schema& schema : database.schemas) {
            name("schema", schema.name, schema.origin);
            role_known(schema.owner, who, schema.origin);
            if (!schemas.insert(schema.name).second) {
                conflict(fmt::format("cannot make the schema \"{}\" twice in {}", schema.name, who),
                         "it is listed twice",
                         "",
                         schema.origin);
            }
        }
        for (const Grant& grant : database.grants) check_grant(grant, who);
        for (const DefaultPrivilege& privilege : database.default_privileges) {
            check_privileges(privilege.privileges, privilege.on, privilege.origin);
            role_known(privilege.owner, who, privilege.origin);
            for (const std::string& role : privilege.roles) role_known(role, who, privilege.origin);
        }
    }

    void check_locale(const Database& database, const std::string& who) {
        if (!database.locale.empty() &&
            (!database.lc_collate.empty() || !database.lc_ctype.empty())) {
            conflict(fmt::format("cannot use both locale and lc_collate or lc_ctype in {}", who),
                     "locale is both of them",
                     "remove locale",
                     database.origin);
        }
        if (database.locale_provider == "icu" && database.icu_locale.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot make {}", who),
                 "the provider icu needs icu_locale",
                 "",
                 database.origin);
        }
        if (database.locale_provider == "builtin" && database.builtin_locale.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot make {}", who),
                 "the provider builtin needs builtin_locale",
                 "",
                 database.origin);
        }
        const auto belongs = [&](const char* key, const std::string& value, const char* provider) {
            if (value.empty() || database.locale_provider == provider) return;
            conflict(fmt::format("cannot use {} in {}", key, who),
                     fmt::format("locale_provider is not {}", provider),
                     fmt::format("add: locale_provider = \"{}\"", provider),
                     database.origin);
        };
        belongs("icu_locale", database.icu_locale, "icu");
        belongs("icu_rules", database.icu_rules, "icu");
        belongs("builtin_locale", database.builtin_locale, "builtin");
    }

    void check_grant(const Grant& grant, const std::string& who) {
        const bool named = grant.on == "table" || grant.on == "sequence" || grant.on == "function";
        if (named && grant.objects.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot grant on a {} in {}", grant.on, who),
                 "objects is empty",
                 "name the objects, or use: on = \"all " + grant.on + "s\"",
                 grant.origin);
        }
        if (grant.on != "database" && grant.schema.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot grant on {} in {}", grant.on, who),
                 "schema is missing",
                 "add: schema = …",
                 grant.origin);
        }
        check_privileges(grant.privileges, grant.on, grant.origin);
        for (const std::string& role : grant.roles) role_known(role, who, grant.origin);
    }

    /// Also keeps everything but these words out of the SQL that grants them.
    void check_privileges(const std::vector<std::string>& privileges,
                          const std::string& on,
                          const Origin& where) {
        const std::vector<std::string> known = privileges_on(on);
        for (const std::string& privilege : privileges) {
            if (known.empty() || std::ranges::find(known, privilege) != known.end()) continue;
            const std::string near = closest(privilege, known);
            fail(Code::config_type,
                 fmt::format("cannot grant \"{}\" on {}", privilege, on),
                 fmt::format("it must be one of {}", join(known, ", ")),
                 near.empty() ? "" : fmt::format("did you mean \"{}\"?", near),
                 where);
        }
    }

    void check_migration(const Migration& migration) {
        const std::string who = fmt::format("migration \"{}\"", migration.name);
        declared(migration.database, who, migration.origin);
        role_known(migration.role, who, migration.origin);
        if (migration.engine == "sql") {
            if (migration.files.empty()) {
                fail(Code::config_missing,
                     fmt::format("cannot run {}", who),
                     "the engine sql needs files",
                     "add: files = \"…/*.sql\"",
                     migration.origin);
            }
        }
        if (migration.engine == "command") {
            if (migration.command.empty()) {
                fail(Code::config_missing,
                     fmt::format("cannot run {}", who),
                     "the engine command needs a command",
                     "add: command = [\"…\"]",
                     migration.origin);
            }
            if (!migration.status_command.empty() && migration.status_format.empty()) {
                fail(Code::config_missing,
                     fmt::format("cannot use status_command in {}", who),
                     "status_format is missing",
                     "add: status_format = \"ory\" or \"exit\"",
                     migration.origin);
            }
            if (migration.status_command.empty() && !migration.status_format.empty()) {
                fail(Code::config_missing,
                     fmt::format("cannot use status_format in {}", who),
                     "status_command is missing",
                     "add: status_command = [\"…\"]",
                     migration.origin);
            }
            if (!migration.status_command.empty() && !migration.status_query.empty()) {
                conflict(fmt::format("cannot use both status_command and status_query in {}", who),
                         "only one can answer",
                         "remove one",
                         migration.origin);
            }
        }
    }

    void check_check(const Check& one) {
        const std::string who =
            one.name.empty() ? "a check" : fmt::format("check \"{}\"", one.name);
        declared(one.database, who, one.origin);
        role_known(one.role, who, one.origin);
        if (one.expect && one.query.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot use expect in {}", who),
                 "there is no query",
                 "add: query = \"…\"",
                 one.origin);
        }
    }

    /// Which known services use a database, by profile and by the program that migrates it.
    std::set<std::string> services_of(const std::string& database) const {
        std::set<std::string> found;
        for (const Database& one : config_.databases) {
            if (one.name == database && !one.profile.empty()) found.insert(one.profile);
        }
        for (const Check& one : config_.checks) {
            if (one.database == database && !one.profile.empty()) found.insert(one.profile);
        }
        for (const Migration& one : config_.migrations) {
            if (one.database != database || one.command.empty()) continue;
            const std::string program =
                std::filesystem::path{one.command.front()}.filename().string();
            if (program == "kratos" || program == "hydra") found.insert(program);
        }
        return found;
    }

    void dependents() {
        for (const Database& database : config_.databases) {
            const std::set<std::string> services = services_of(database.name);
            if (services.contains("kratos") && services.contains("hydra")) {
                conflict(fmt::format("cannot keep Kratos and Hydra in one database, \"{}\"",
                                     database.name),
                         "both record their migrations in a table schema_migration",
                         "give each a database of its own",
                         database.origin);
            }
            if (services.contains("synapse")) check_synapse(database);
        }
    }

    void check_synapse(const Database& database) {
        const std::string collate =
            database.lc_collate.empty() ? database.locale : database.lc_collate;
        const std::string ctype = database.lc_ctype.empty() ? database.locale : database.lc_ctype;
        if (collate != "C" || ctype != "C") {
            conflict(fmt::format("cannot give Synapse the database \"{}\"", database.name),
                     fmt::format("its locale is {}, and Synapse demands C, literally",
                                 collate.empty() && ctype.empty()
                                     ? "the server's own"
                                     : fmt::format("\"{}\"/\"{}\"", collate, ctype)),
                     "add: locale = \"C\"",
                     database.origin);
        }
        if (!equals_ignoring_case(database.encoding, "UTF8") &&
            !equals_ignoring_case(database.encoding, "UTF-8")) {
            conflict(fmt::format("cannot give Synapse the database \"{}\"", database.name),
                     fmt::format("its encoding is {}, and Synapse demands UTF8", database.encoding),
                     "add: encoding = \"UTF8\"",
                     database.origin);
        }
    }

    Loaded& loaded_;
    Config& config_;
};

}  // namespace

void check(Loaded& loaded) {
    Checker{loaded}.all();
}

}  // namespace ainit::config
