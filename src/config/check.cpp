// SPDX-License-Identifier: Apache-2.0
#include "config/check.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/address.h"
#include "base/text.h"
#include "config/checker.h"

namespace ainit::config {
namespace {

class ConfigChecker : Checker {
  public:
    using Checker::Checker;

    void all() {
        server();
        check_listen();
        unique(config().roles, "role");
        unique(config().databases, "database");
        unique_migrations();
        unique_ledgers();
        for (const Role& role : config().roles) check_role(role);
        check_memberships();
        for (const Migration& migration : config().migrations) check_migration(migration);
        for (const Check& one : config().checks) check_check(one);
        dependents();
    }

  private:
    void server() {
        const Postgres& postgres = config().postgres;
        if (postgres.ports.size() != 1 && postgres.ports.size() != postgres.hosts.size()) {
            conflict(fmt::format("cannot match {} ports with {} hosts",
                                 postgres.ports.size(),
                                 postgres.hosts.size()),
                     "there must be one port, or one for each host",
                     "",
                     at(postgres.origin, "port"));
        }
        if (postgres.sslrootcert == "system" && postgres.sslmode != "verify-full") {
            conflict(fmt::format("cannot use sslrootcert = \"system\" with sslmode = \"{}\"",
                                 postgres.sslmode),
                     "anybody can have a certificate of the system's authorities, so the name must "
                     "be compared",
                     "use sslmode = \"verify-full\"",
                     at(postgres.origin, {"sslmode", "sslrootcert"}));
        }
        if (postgres.channel_binding == "require" && postgres.sslmode == "disable") {
            conflict("cannot use channel_binding = \"require\" with sslmode = \"disable\"",
                     "there is no channel to bind to without TLS",
                     "use sslmode = \"require\" or more",
                     at(postgres.origin, {"sslmode", "channel_binding"}));
        }
        name("role", postgres.user, at(postgres.origin, "user"));
        name("database", postgres.database, at(postgres.origin, "database"));
        check_expected_version(postgres);
    }

    /// As the version is compared: "17", or "17.5".
    void check_expected_version(const Postgres& postgres) {
        const std::string& text = postgres.expected_version;
        const auto number = [](const std::string& part) {
            return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
        };
        const std::vector<std::string> parts = split(text, '.');
        if (text.empty() || (parts.size() <= 2 && std::ranges::all_of(parts, number))) return;
        fail(Code::config_type,
             fmt::format("cannot use \"{}\" as \"expected_version\" in postgres", text),
             "it is no version of PostgreSQL",
             "write 17 or 17.5",
             at(postgres.origin, "expected_version"));
    }

    void check_listen() {
        auto address = parse_address(config().health.listen);
        if (address) return;
        Failure failure = std::move(address).error();
        fail(Code::config_type,
             std::move(failure.what),
             std::move(failure.because),
             "",
             at(config().health.origin, "listen"));
    }

    void unique_migrations() {
        std::map<std::string, Origin> seen;
        for (const Migration& migration : config().migrations) {
            if (migration.name.empty()) continue;
            const Origin where = at(migration.origin, {"name", "database"});
            const auto [first, fresh] = seen.emplace(migration.name, where);
            if (fresh) continue;
            conflict(fmt::format("cannot have two [[migration]] named \"{}\"", migration.name),
                     fmt::format("the first is at {}; without a name the database's counts",
                                 first->second.text()),
                     "give each a name of its own",
                     where);
        }
    }

    /// Each of two would find the other's records in it, and no file to them.
    void unique_ledgers() {
        std::map<std::tuple<std::string, std::string, std::string>, const Migration*> seen;
        for (const Migration& migration : config().migrations) {
            if (migration.engine != "sql" || migration.database.empty()) continue;
            const auto [first, fresh] = seen.emplace(
                std::tuple{migration.database, migration.schema, migration.table},
                &migration);
            if (fresh || first->second->name == migration.name) continue;
            conflict(fmt::format("cannot record migration \"{}\" in the table \"{}\" of database "
                                 "\"{}\"",
                                 migration.name,
                                 migration.table,
                                 migration.database),
                     fmt::format("the migration at {} records there too", first->second->origin.text()),
                     "give each a table of its own: table = …",
                     at(migration.origin, {"table", "schema"}));
        }
    }

    void check_role(const Role& role) {
        name("role", role.name, at(role.origin, "name"));
        if (role.name.starts_with("pg_")) {
            fail(Code::config_type,
                 fmt::format("cannot make the role \"{}\"", role.name),
                 "names that begin with pg_ are PostgreSQL's own",
                 "",
                 at(role.origin, "name"));
        }
        if (role.name == "public" || role.name == "none") {
            fail(Code::config_type,
                 fmt::format("cannot make the role \"{}\"", role.name),
                 "it is a word of PostgreSQL's own, and no role can have that name",
                 "",
                 at(role.origin, "name"));
        }
        for (const std::string& of : role.member_of)
            role_known(of, fmt::format("role \"{}\"", role.name), at(role.origin, "member_of"));
        check_after_migrations(role);
    }

    /// Whether `member` is one of `role`, itself or by others that are declared.
    bool is_member(const std::string& member, const std::string& role, std::set<std::string> seen = {}) const {
        const Role* found = config().role(member);
        if (found == nullptr || !seen.insert(member).second) return false;
        return std::ranges::any_of(found->member_of, [&](const std::string& of) {
            return of == role || is_member(of, role, seen);
        });
    }

    /// Of a circle the first role is named.
    void check_memberships() {
        std::set<std::string> told;
        for (const Role& role : config().roles) {
            for (const std::string& of : role.member_of) {
                const bool self = of == role.name;
                if (!self && (told.contains(role.name) || !is_member(of, role.name))) continue;
                for (const Role& one : config().roles) {
                    if (is_member(of, one.name) && is_member(one.name, role.name)) told.insert(one.name);
                }
                conflict(fmt::format("cannot make the role \"{}\" a member of \"{}\"", role.name, of),
                         self ? "no role can be a member of itself"
                              : fmt::format("\"{}\" is a member of \"{}\" in turn", of, role.name),
                         "remove one of them from member_of",
                         at(role.origin, "member_of"));
            }
        }
    }

    void check_after_migrations(const Role& role) {
        const std::string who = fmt::format("role \"{}\"", role.name);
        if (role.after_migrations_of.empty() ||
            !declared(role.after_migrations_of, who, at(role.origin, "after_migrations_of")))
            return;
        if (std::ranges::find(config().migrations,
                              role.after_migrations_of,
                              &Migration::database) != config().migrations.end())
            return;
        conflict(
            fmt::format(
                "cannot wait with {} for the migrations of \"{}\"", who, role.after_migrations_of),
            "no [[migration]] belongs to that database",
            "remove after_migrations_of, or add the migration",
            at(role.origin, "after_migrations_of"));
    }

    void check_migration(const Migration& migration) {
        const std::string who = fmt::format("migration \"{}\"", migration.name);
        declared(migration.database, who, at(migration.origin, "database"));
        role_known(migration.role, who, at(migration.origin, "role"));
        if (migration.engine == "sql") {
            if (migration.files.empty()) {
                fail(Code::config_missing,
                     fmt::format("cannot run {}", who),
                     "the engine sql needs files",
                     "add: files = \"…/*.sql\"",
                     migration.origin);
            }
        }
        if (migration.engine == "typeorm") check_typeorm(migration, who);
        if (migration.engine == "command") {
            check_login_of_tool(migration, who);
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
                     at(migration.origin, "status_command"));
            }
            if (migration.status_command.empty() && !migration.status_format.empty()) {
                fail(Code::config_missing,
                     fmt::format("cannot use status_format in {}", who),
                     "status_command is missing",
                     "add: status_command = [\"…\"]",
                     at(migration.origin, "status_format"));
            }
            if (!migration.status_command.empty() && !migration.status_query.empty()) {
                conflict(fmt::format("cannot use both status_command and status_query in {}", who),
                         "only one can answer",
                         "remove one",
                         at(migration.origin, "status_query"));
            }
        }
    }

    /// Only the server knows whether it trusts the role, so it may be right.
    void check_login_of_tool(const Migration& migration, const std::string& who) {
        const std::string& user = migration.role.empty() ? config().owner_of(migration.database) : migration.role;
        const Role* role = config().role(user);
        const bool has_password = role != nullptr && (std::ranges::find(role->given, "password") != role->given.end() ||
                                                      std::ranges::find(role->given, "password_file") != role->given.end());
        if (migration.database.empty() || user == config().postgres.user || has_password || !config().postgres.passfile.empty()) return;
        warn(fmt::format("the tool of {} logs in as role \"{}\" without a password", who, user),
             "none is configured, and that of the maintenance user is not given away; without one it is started only where the "
             "server lets the role in",
             migration.origin);
    }

    void check_typeorm(const Migration& migration, const std::string& who) {
        if (migration.files.empty() && migration.data_source.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot run {}", who),
                 "the engine typeorm needs files or a data_source",
                 "add: files = \"…/migrations/*.js\", or data_source = \"…\"",
                 migration.origin);
        }
        if (!migration.files.empty() && !migration.data_source.empty()) {
            conflict(fmt::format("cannot use both files and data_source in {}", who),
                     "the data source says which files there are",
                     "remove one",
                     at(migration.origin, "files"));
        }
    }

    void check_check(const Check& one) {
        const std::string who =
            one.name.empty() ? "a check" : fmt::format("check \"{}\"", one.name);
        declared(one.database, who, at(one.origin, "database"));
        role_known(one.role, who, at(one.origin, "role"));
        if (one.expect && one.query.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot use expect in {}", who),
                 "there is no query",
                 "add: query = \"…\"",
                 at(one.origin, "expect"));
        }
    }

    /// Which known services use a database, by profile and by the program that migrates it.
    std::set<std::string> services_of(const std::string& database) const {
        std::set<std::string> found;
        for (const Database& one : config().databases) {
            if (one.name == database && !one.profile.empty()) found.insert(one.profile);
        }
        for (const Check& one : config().checks) {
            if (one.database == database && !one.profile.empty()) found.insert(one.profile);
        }
        for (const Migration& one : config().migrations) {
            if (one.database != database || one.command.empty()) continue;
            const std::string program =
                std::filesystem::path{one.command.front()}.filename().string();
            if (program == "kratos" || program == "hydra") found.insert(program);
        }
        return found;
    }

    void dependents() {
        for (const Database& database : config().databases) {
            const std::set<std::string> services = services_of(database.name);
            if (services.contains("kratos") && services.contains("hydra")) {
                conflict(fmt::format("cannot keep Kratos and Hydra in one database, \"{}\"",
                                     database.name),
                         "both record their migrations in a table schema_migration",
                         "give each a database of its own",
                         at(database.origin, "name"));
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
                     collate != "C" ? at(database.origin, {"lc_collate", "locale", "lc_ctype"})
                                    : at(database.origin, {"lc_ctype", "locale", "lc_collate"}));
        }
        if (!equals_ignoring_case(database.encoding, "UTF8") &&
            !equals_ignoring_case(database.encoding, "UTF-8")) {
            conflict(fmt::format("cannot give Synapse the database \"{}\"", database.name),
                     fmt::format("its encoding is {}, and Synapse demands UTF8", database.encoding),
                     "add: encoding = \"UTF8\"",
                     at(database.origin, "encoding"));
        }
    }
};

}  // namespace

void check(Loaded& loaded) {
    ConfigChecker{loaded}.all();
    check_databases(loaded);
    check_services(loaded);
    check_dependents(loaded);
}

}  // namespace ainit::config
