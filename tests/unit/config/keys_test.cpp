// SPDX-License-Identifier: Apache-2.0
// The table of keys agrees with the model and with itself.
#include "config/keys.h"

#include <set>

#include <doctest/doctest.h>

#include "config/profile.h"
#include "unit/config/loading.h"

using namespace ainit;
using config::KeyEntry;
using test::failures;
using test::parse;

namespace {

/// Whether a key of this type can be written as its default says.
std::string line_of(const KeyEntry& key) {
    return std::string{key.key} + " = " + std::string{key.default_value} + "\n";
}

/// What a section needs beside the key.
std::string needs_of(std::string_view section) {
    if (section == "role" || section == "database") return "name = \"x\"\n";
    if (section == "migration")
        return "database = \"d\"\nengine = \"command\"\ncommand = [\"x\"]\n";
    if (section == "service") return "name = \"x\"\ncommand = [\"x\"]\n";
    if (section == "dependent") return "name = \"x\"\nurl = \"http://x/\"\n";
    if (section == "check") return "database = \"d\"\n";
    return {};
}

std::string file_with(const KeyEntry& key) {
    const std::string declared = "[[database]]\nname = \"d\"\n";
    const bool many = key.section == "role" || key.section == "database" ||
                      key.section == "migration" || key.section == "check" || key.section == "service" ||
                      key.section == "dependent";
    const std::string section{key.section};
    std::string needs = needs_of(key.section);
    if (key.belongs_to("sql") && !key.engine.empty())
        needs = "database = \"d\"\nengine = \"sql\"\nfiles = \"x\"\n";
    return declared + (many ? "[[" + section + "]]\n" : "[" + section + "]\n") + needs +
           line_of(key);
}

/// A key's value in `config show`, without its source.
std::string value_of(const config::Loaded& loaded, const std::string& key) {
    for (const config::Setting& setting : loaded.config.settings) {
        if (setting.key == key) return setting.value;
    }
    return "<none>";
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("keys: each stands once, in a section that exists, with prose that ends in a full stop") {
    std::set<std::string> sections;
    for (const config::SectionEntry& section : config::sections())
        sections.insert(std::string{section.name});
    std::set<std::string> seen;
    for (const KeyEntry& key : config::keys()) {
        const std::string name = std::string{key.section} + "." + std::string{key.key};
        CAPTURE(name);
        CHECK(seen.insert(name).second);
        CHECK(sections.contains(std::string{key.section}));
        CHECK(key.prose.ends_with('.'));
        CHECK((key.engine.empty() || key.section == "migration"));
    }
}

TEST_CASE("keys: the engine typeorm has defaults of its own") {
    const std::string text =
        "[[database]]\nname = \"d\"\n[[migration]]\ndatabase = \"d\"\nengine = \"typeorm\"\n"
        "files = \"x\"\n";
    const config::Loaded loaded = parse(text);
    CHECK(failures(loaded) == "");
    CHECK(value_of(loaded, "migration.d.table") == "<none>");
    CHECK(value_of(loaded, "migration.d.transaction") == "<none>");
    CHECK(value_of(loaded, "migration.d.on_changed") == "\"warn\"");
    CHECK(value_of(loaded, "migration.d.on_ahead") == "\"refuse\"");
    const config::Migration& migration = loaded.config.migrations.front();
    CHECK(migration.table.empty());
    CHECK(migration.transaction.empty());
    CHECK(migration.on_changed == "warn");
}

TEST_CASE("keys: every key of the table is read, and its default can be written") {
    int written = 0;
    for (const KeyEntry& key : config::keys()) {
        if (key.default_value.empty() || key.section.find('.') != std::string_view::npos) continue;
        const std::string text = file_with(key);
        CAPTURE(text);
        CHECK(failures(parse(text)) == "");
        ++written;
    }
    CHECK(written > 50);
}

TEST_CASE("keys: the defaults of the table are those of the model") {
    const config::Postgres postgres;
    CHECK(config::find_key("postgres", "host")->default_value ==
          "\"" + postgres.hosts.at(0) + "\"");
    CHECK(config::find_key("postgres", "port")->default_value == postgres.ports.at(0));
    CHECK(config::find_key("postgres", "minimum_version")->default_value ==
          std::to_string(postgres.minimum_version));
    const std::pair<const char*, std::string> texts[] = {
        {"user", postgres.user},
        {"database", postgres.database},
        {"sslmode", postgres.sslmode},
        {"target_session_attrs", postgres.target_session_attrs},
        {"application_name", postgres.application_name},
        {"expected_version", postgres.expected_version},
    };
    for (const auto& [key, value] : texts) {
        CAPTURE(key);
        CHECK(config::find_key("postgres", key)->default_value == "\"" + value + "\"");
    }
    const config::Migration migration;
    const std::pair<const char*, std::string> migration_texts[] = {
        {"table", migration.table},
        {"transaction", migration.transaction},
        {"on_changed", migration.on_changed},
        {"on_older", migration.on_older},
        {"on_ahead", migration.on_ahead},
    };
    for (const auto& [key, value] : migration_texts) {
        CAPTURE(key);
        CHECK(config::find_key("migration", key)->default_value == "\"" + value + "\"");
    }
    CHECK(config::find_key("migration", "retries")->default_value ==
          std::to_string(migration.retries));
    const config::Database database;
    CHECK(config::find_key("database", "encoding")->default_value ==
          "\"" + database.encoding + "\"");
    CHECK(config::find_key("database", "template")->default_value ==
          "\"" + database.database_template + "\"");
    const config::Service service;
    const std::pair<const char*, std::string> service_texts[] = {
        {"ready", service.ready}, {"restart", service.restart}, {"output", service.output}};
    for (const auto& [key, value] : service_texts) {
        CAPTURE(key);
        CHECK(config::find_key("service", key)->default_value == "\"" + value + "\"");
    }
    CHECK(config::find_key("service", "restart_limit")->default_value == std::to_string(service.restart_limit));
    CHECK(config::find_key("run", "on_failed_start")->default_value == "\"" + config::Run{}.on_failed_start + "\"");
    CHECK(config::find_key("health", "listen")->default_value ==
          "\"" + config::Health{}.listen + "\"");
    CHECK(config::find_key("database.grant", "on")->default_value ==
          "\"" + config::Grant{}.on + "\"");
    CHECK(config::find_key("database.default_privilege", "on")->default_value ==
          "\"" + config::DefaultPrivilege{}.on + "\"");
}

TEST_CASE("keys: a file that writes every default out loads what an empty one loads") {
    const std::pair<const char*, Duration> durations[] = {
        {"connect_timeout", config::Postgres{}.connect_timeout},
        {"ready_timeout", config::Postgres{}.ready_timeout},
        {"refusal_grace", config::Postgres{}.refusal_grace},
        {"lock_wait", config::Postgres{}.lock_wait},
        {"lock_timeout", config::Postgres{}.lock_timeout},
        {"statement_timeout", config::Postgres{}.statement_timeout},
    };
    for (const auto& [key, value] : durations) {
        CAPTURE(key);
        const auto loaded = parse("[postgres]\n" + line_of(*config::find_key("postgres", key)));
        const config::Postgres& p = loaded.config.postgres;
        const std::pair<const char*, Duration> found[] = {
            {"connect_timeout", p.connect_timeout},
            {"ready_timeout", p.ready_timeout},
            {"refusal_grace", p.refusal_grace},
            {"lock_wait", p.lock_wait},
            {"lock_timeout", p.lock_timeout},
            {"statement_timeout", p.statement_timeout},
        };
        for (const auto& [name, duration] : found) {
            if (std::string_view{name} == key) CHECK(duration == value);
        }
    }
    const std::string d = "[[database]]\nname = \"d\"\n";
    const auto migration =
        parse(d + "[[migration]]\ndatabase = \"d\"\nengine = \"command\"\ncommand = [\"x\"]\n" +
              line_of(*config::find_key("migration", "timeout")) +
              line_of(*config::find_key("migration", "grace")));
    CHECK(migration.config.migrations.at(0).timeout == config::Migration{}.timeout);
    CHECK(migration.config.migrations.at(0).grace == config::Migration{}.grace);
    const auto check =
        parse(d + "[[check]]\ndatabase = \"d\"\n" + line_of(*config::find_key("check", "timeout")));
    CHECK(check.config.checks.at(0).timeout == config::Check{}.timeout);
    const auto run = parse("[run]\n" + line_of(*config::find_key("run", "recheck")));
    CHECK(run.config.run.recheck == config::Run{}.recheck);
    const auto service = parse("[[service]]\nname = \"x\"\ncommand = [\"x\"]\n" + line_of(*config::find_key("service", "ready_timeout")) +
                               line_of(*config::find_key("service", "backoff")) + line_of(*config::find_key("service", "stop_signal")));
    CHECK(service.config.services.at(0).ready_timeout == config::Service{}.ready_timeout);
    CHECK(service.config.services.at(0).backoff == config::Service{}.backoff);
    CHECK(service.config.services.at(0).stop_signal == config::Service{}.stop_signal);
    const config::Role role;
    const std::pair<const char*, bool> flags[] = {
        {"login", role.login},
        {"superuser", role.superuser},
        {"createdb", role.createdb},
        {"createrole", role.createrole},
        {"inherit", role.inherit},
        {"replication", role.replication},
        {"bypassrls", role.bypassrls},
    };
    for (const auto& [key, value] : flags) {
        CAPTURE(key);
        CHECK(config::find_key("role", key)->default_value == (value ? "true" : "false"));
    }
}

TEST_CASE("keys: every variable of the table fills its key") {
    for (const config::VariableEntry& entry : config::variables()) {
        for (const std::string_view variable : entry.variables) {
            CAPTURE(variable);
            const std::string key{entry.key};
            std::string value = "some-value";
            if (const KeyEntry* row = config::find_key("postgres", key);
                row != nullptr && !row->allowed.empty()) {
                value = config::allowed_values(*row).back();
            }
            if (key == "port" || key == "connect_timeout") value = "7";
            if (key == "url") value = "postgres://h";
            const auto loaded =
                config::load("", {{std::string{variable}, value}, {"PGSSLROOTCERT", "/x"}}, config::SecretFiles::skip);
            CHECK(failures(loaded) == "");
            const std::string shown = key == "url" ? "postgres.host" : "postgres." + key;
            const std::string expected = key == "url"        ? "\"h\""
                                         : key == "password" ? "\"<redacted>\""
                                                             : "\"" + value + "\"";
            if (variable != "PGSSLROOTCERT") CHECK(value_of(loaded, shown) == expected);
        }
    }
}

TEST_CASE("keys: the values of profile are the profiles there are") {
    for (const char* section : {"database", "check"}) {
        std::vector<std::string> names;
        for (const config::Profile& profile : config::profiles()) names.emplace_back(profile.name);
        CHECK(config::allowed_values(*config::find_key(section, "profile")) == names);
    }
}

TEST_CASE("keys: the reference names every section, key and variable") {
    const std::string text = config::reference();
    for (const config::SectionEntry& section : config::sections()) {
        CAPTURE(section.heading);
        CHECK(text.find("## " + std::string{section.heading} + "\n") != std::string::npos);
    }
    for (const KeyEntry& key : config::keys())
        CHECK(text.find("| `" + std::string{key.key} + "` |") != std::string::npos);
    for (const config::VariableEntry& entry : config::variables()) {
        for (const std::string_view variable : entry.variables)
            CHECK(text.find("`" + std::string{variable} + "`") != std::string::npos);
    }
}

TEST_SUITE_END();
