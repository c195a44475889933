// SPDX-License-Identifier: Apache-2.0
// config generate: a cluster's configuration as TOML. What is as the program has it without being told is not written.
#include "base/log.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "config/load.h"
#include "config/settings.h"
#include "daemon/interrupt.h"
#include "daemon/survey.h"

namespace ainit::cli {
namespace {

using config::toml_list;

/// As it is read back: ${env:…} and ${file:…} in a value mean themselves here.
std::string toml_text(std::string text) {
    for (const std::string_view mark : {"${env:", "${file:"}) {
        for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 2)) text.insert(at, "$");
    }
    return config::toml_text(text);
}

/// Lines `key = value` of one section.
class Section {
  public:
    explicit Section(std::string_view title) : out_{fmt::format("\n{}\n", title)} {}

    void text(std::string_view key, const std::string& value, std::string_view usual = "") {
        if (value != usual) raw(key, toml_text(value));
    }
    void number(std::string_view key, int value, int usual) {
        if (value != usual) raw(key, std::to_string(value));
    }
    void flag(std::string_view key, bool value, bool usual) {
        if (value != usual) raw(key, value ? "true" : "false");
    }
    void list(std::string_view key, const std::vector<std::string>& values) {
        if (!values.empty()) raw(key, toml_list(values));
    }
    void table(std::string_view key, const config::Settings& values) {
        std::string all;
        for (const auto& [name, value] : values) {
            all += fmt::format("{}{} = {}", all.empty() ? "" : ", ", config::toml_text(name), toml_text(value));
        }
        if (!all.empty()) raw(key, fmt::format("{{ {} }}", all));
    }
    void raw(std::string_view key, const std::string& value) { out_ += fmt::format("{} = {}\n", key, value); }
    void remark(std::string_view text) { out_ += fmt::format("# {}\n", text); }
    const std::string& str() const { return out_; }

  private:
    std::string out_;
};

std::string of_server(const config::Postgres& postgres) {
    Section section{"[postgres]"};
    const bool one_port = postgres.ports.size() == 1;
    section.raw("host", postgres.hosts.size() == 1 ? toml_text(postgres.hosts.front()) : toml_list(postgres.hosts));
    if (one_port) section.raw("port", toml_text(postgres.ports.front()));
    else section.list("port", postgres.ports);
    section.raw("user", toml_text(postgres.user));
    if (!postgres.password.empty()) section.remark("password_file = \"/run/secrets/postgres_password\"     or PGPASSWORD, DATABASE_PASSWORD_FILE …");
    section.text("database", postgres.database, "postgres");
    section.text("sslmode", postgres.sslmode, "prefer");
    section.text("sslrootcert", postgres.sslrootcert);
    section.text("sslcert", postgres.sslcert);
    section.text("sslkey", postgres.sslkey);
    section.raw("expected_version", toml_text(postgres.expected_version));
    return section.str();
}

std::string of_role(const config::Role& role) {
    Section section{"[[role]]"};
    section.raw("name", toml_text(role.name));
    if (role.login) section.remark(fmt::format("password_file = {}", toml_text("/run/secrets/" + role.name + "_password")));
    section.flag("login", role.login, true);
    section.flag("superuser", role.superuser, false);
    section.flag("createdb", role.createdb, false);
    section.flag("createrole", role.createrole, false);
    section.flag("inherit", role.inherit, true);
    section.flag("replication", role.replication, false);
    section.flag("bypassrls", role.bypassrls, false);
    section.number("connection_limit", role.connection_limit, -1);
    section.text("valid_until", role.valid_until);
    section.list("member_of", role.member_of);
    section.table("settings", role.settings);
    section.text("comment", role.comment);
    return section.str();
}

std::string of_extensions(const std::vector<config::Extension>& extensions) {
    std::string all;
    for (const config::Extension& one : extensions) {
        const std::string name = toml_text(one.name);
        all += all.empty() ? "" : ", ";
        all += one.schema.empty() ? name : fmt::format("{{ name = {}, schema = {} }}", name, toml_text(one.schema));
    }
    return all;
}

std::string of_schemas(const std::vector<config::Schema>& schemas) {
    std::string all;
    for (const config::Schema& one : schemas) {
        const std::string name = toml_text(one.name);
        all += all.empty() ? "" : ", ";
        all += one.owner.empty() ? name : fmt::format("{{ name = {}, owner = {} }}", name, toml_text(one.owner));
    }
    return all;
}

std::string of_grant(const config::Grant& grant) {
    Section section{"[[database.grant]]"};
    section.list("privileges", grant.privileges);
    section.raw("on", toml_text(grant.on));
    section.text("schema", grant.schema);
    section.list("objects", grant.objects);
    section.list("roles", grant.roles);
    section.flag("with_grant_option", grant.with_grant_option, false);
    return section.str();
}

std::string of_default_privilege(const config::DefaultPrivilege& one) {
    Section section{"[[database.default_privilege]]"};
    section.text("owner", one.owner);
    section.text("schema", one.schema);
    section.raw("on", toml_text(one.on));
    section.list("privileges", one.privileges);
    section.list("roles", one.roles);
    return section.str();
}

std::string of_database(const config::Database& database) {
    Section section{"[[database]]"};
    section.raw("name", toml_text(database.name));
    section.text("owner", database.owner);
    section.text("encoding", database.encoding, "UTF8");
    section.text("locale", database.locale);
    section.text("lc_collate", database.lc_collate);
    section.text("lc_ctype", database.lc_ctype);
    section.text("locale_provider", database.locale_provider);
    section.text("icu_locale", database.icu_locale);
    section.text("icu_rules", database.icu_rules);
    section.text("builtin_locale", database.builtin_locale);
    section.text("tablespace", database.tablespace);
    section.number("connection_limit", database.connection_limit, -1);
    section.text("comment", database.comment);
    if (!database.extensions.empty()) section.raw("extensions", "[" + of_extensions(database.extensions) + "]");
    if (!database.schemas.empty()) section.raw("schemas", "[" + of_schemas(database.schemas) + "]");
    section.table("settings", database.settings);
    std::string all = section.str();
    for (const config::Grant& grant : database.grants) all += of_grant(grant);
    for (const config::DefaultPrivilege& one : database.default_privileges) all += of_default_privilege(one);
    return all;
}

std::string of_cluster(const config::Config& config) {
    std::string all =
        "# Written by alkemio-init config generate. \"alkemio-init plan\" finds nothing to do with it on the cluster it came from.\n"
        "# What it cannot tell: passwords, migrations, what was revoked, and grants on columns, types and procedures.\n";
    all += of_server(config.postgres);
    for (const config::Role& role : config.roles) all += of_role(role);
    for (const config::Database& database : config.databases) all += of_database(database);
    return all;
}

}  // namespace

int config_generate(const Options& options) {
    const std::string server = options.from.empty() ? "" : "url = " + config::toml_text(options.from);
    const config::Loaded loaded = config::load_text("[postgres]\n" + server, "--from", config::process_environment());
    log::set_up(log_settings(options, loaded.config.log));
    if (!loaded.good()) {
        report_failures(loaded.failures);
        return loaded.failures.front().exit_code();
    }
    const daemon::Interrupt interrupt;
    const auto found = daemon::survey(loaded.config.postgres, interrupt.stop(options.timeout));
    if (!found) return report_failure(found.error());
    print(of_cluster(*found));
    return 0;
}

}  // namespace ainit::cli
