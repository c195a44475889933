// SPDX-License-Identifier: Apache-2.0
#include "config/fill.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/settings.h"

namespace ainit::config {
namespace {

constexpr long long kMostConnections = 262'143;

void role(Reader& r, Config& config) {
    Role role;
    role.origin = r.origin();
    role.given = r.given();
    r.text("name", role.name);
    if (role.name.empty()) r.missing("name");
    r.secret("password", role.password);
    r.flag("login", role.login);
    r.flag("superuser", role.superuser);
    r.flag("createdb", role.createdb);
    r.flag("createrole", role.createrole);
    r.flag("inherit", role.inherit);
    r.flag("replication", role.replication);
    r.flag("bypassrls", role.bypassrls);
    r.number("connection_limit", role.connection_limit, -1, kMostConnections);
    r.text("valid_until", role.valid_until);
    r.texts("member_of", role.member_of);
    r.settings("settings", role.settings);
    r.text("comment", role.comment);
    r.text("after_migrations_of", role.after_migrations_of);
    config.roles.push_back(std::move(role));
}

void refuse_other_engines(Reader& r, const Migration& m) {
    for (const std::string& key : r.given()) {
        const KeyEntry* entry = find_key("migration", key);
        if (entry == nullptr || m.engine.empty() || entry->belongs_to(m.engine)) continue;
        const std::vector<std::string> engines = split(entry->engine, ',');
        r.fail(Code::config_conflict,
               fmt::format("cannot use \"{}\" in {}", key, r.path()),
               fmt::format(
                   "it belongs to the engine{} {}, and the engine is {}",
                   engines.size() > 1 ? "s" : "",
                   join(engines, " and "),
                   m.engine),
               fmt::format("remove it, or use engine = \"{}\"", engines.front()),
               r.origin(key));
    }
}

void migration(Reader& r, Reading& reading, Config& config) {
    Migration m;
    m.origin = r.origin();
    r.text("name", m.name);
    r.text("database", m.database);
    if (m.database.empty()) r.missing("database");
    if (m.name.empty()) m.name = m.database;
    std::string engine;
    r.text("engine", engine);
    if (engine.empty()) r.missing("engine");
    set_engine(m, std::move(engine));
    r.text("role", m.role);
    r.duration("timeout", m.timeout, Duration{1});
    r.duration("lock_timeout", m.lock_timeout);
    r.number("retries", m.retries, 0, 100);
    r.texts("files", m.files);
    for (std::string& file : m.files) file = resolve(file, reading.sources);
    r.text("table", m.table);
    r.text("schema", m.schema);
    r.text("transaction", m.transaction);
    r.text("on_changed", m.on_changed);
    r.text("on_older", m.on_older);
    r.text("on_ahead", m.on_ahead);
    r.path("data_source", m.data_source);
    r.text("typeorm_version", m.typeorm_version);
    r.arguments("command", m.command);
    r.variables("environment", m.environment);
    r.path("directory", m.directory);
    r.arguments("status_command", m.status_command);
    r.text("status_format", m.status_format);
    r.text("status_query", m.status_query);
    r.text("ledger_query", m.ledger_query);
    r.duration("grace", m.grace);
    refuse_other_engines(r, m);
    config.migrations.push_back(std::move(m));
}

void check(Reader& r, Config& config) {
    Check c;
    c.origin = r.origin();
    r.text("name", c.name);
    r.text("database", c.database);
    if (c.database.empty()) r.missing("database");
    r.text("role", c.role);
    r.text("profile", c.profile);
    r.texts("tables", c.tables);
    r.texts("rows", c.rows);
    r.texts("extensions", c.extensions);
    r.text("locale", c.locale);
    r.text("query", c.query);
    r.optional_text("expect", c.expect);
    r.flag("create_in_public", c.create_in_public);
    r.duration("timeout", c.timeout, Duration{1});
    config.checks.push_back(std::move(c));
}

void logging(Reader& r, log::Settings& into) {
    std::string format;
    std::string level;
    std::string color;
    r.text("format", format);
    r.text("level", level);
    r.text("color", color);
    if (format == "json") into.format = log::Format::json;
    if (level == "debug") into.level = log::Level::debug;
    if (level == "warn") into.level = log::Level::warn;
    if (level == "error") into.level = log::Level::error;
    if (level == "off") into.level = log::Level::off;
    if (color == "always") into.color = log::Color::always;
    if (color == "never") into.color = log::Color::never;
}

class Filler {
  public:
    Filler(Reading& reading, const toml::table& root) : reading_{reading}, root_{root} {}

    template <class Fill>
    void one(const char* name, Fill fill) {
        const toml::node* node = root_.get(name);
        if (node == nullptr) return;
        const toml::table* table = node->as_table();
        if (table == nullptr) return wrong_section(*node, name, fmt::format("[{}]", name));
        Reader reader{reading_, *table, name, name};
        fill(reader);
        reader.finish();
    }

    template <class Fill>
    void many(const char* name, Fill fill) {
        const toml::node* node = root_.get(name);
        if (node == nullptr) return;
        const toml::array* array = node->as_array();
        if (array == nullptr) return wrong_section(*node, name, fmt::format("[[{}]]", name));
        int number = 0;
        for (const toml::node& item : *array) {
            ++number;
            const toml::table* table = item.as_table();
            if (table == nullptr) {
                wrong_section(item, name, fmt::format("[[{}]]", name));
                continue;
            }
            const auto label =
                (*table)[table->contains("name") ? "name" : "database"].value<std::string>();
            Reader reader{reading_,
                          *table,
                          name,
                          fmt::format("{}.{}", name, label ? *label : std::to_string(number))};
            fill(reader);
            reader.finish();
        }
    }

    void unknown_sections() {
        std::vector<std::string> known;
        for (const SectionEntry& section : sections()) {
            if (section.name.find('.') == std::string_view::npos) known.emplace_back(section.name);
        }
        for (const auto& [key, node] : root_) {
            if (std::ranges::find(known, key.str()) != known.end()) continue;
            const Origin where = reading_.origin_of(key.source());
            const std::string near = closest(key.str(), known);
            if (near.empty() && !node.is_table() && !node.is_array_of_tables() &&
                find_key("postgres", key.str()) != nullptr) {
                reading_.fail(
                    Code::config_key,
                    fmt::format("cannot use the key \"{}\" outside of a section", key.str()),
                    "every key belongs to one",
                    fmt::format("write it below [postgres]: {} = …", key.str()),
                    where);
                continue;
            }
            reading_.fail(Code::config_key,
                          fmt::format("cannot use the section \"{}\"", key.str()),
                          "there is no such section",
                          near.empty() ? fmt::format("the sections are: {}", join(known, ", "))
                                       : fmt::format("did you mean \"{}\"?", near),
                          where);
        }
    }

  private:
    void wrong_section(const toml::node& node, const char* name, const std::string& wanted) {
        reading_.fail(Code::config_type,
                      fmt::format("cannot use \"{}\"", name),
                      fmt::format("it must be written as {}", wanted),
                      "",
                      reading_.origin_of(node.source()));
    }

    Reading& reading_;
    const toml::table& root_;
};

/// Behind what a section sets: its defaults, for `config show`.
void show_defaults(const Reader& r, Reading& reading, std::string_view engine = {}) {
    const auto given = [&](std::string_view key) { return r.has(key); };
    std::ranges::move(default_settings(r.section(), r.path(), engine, given),
                      std::back_inserter(reading.settings));
}

}  // namespace

std::set<std::string> fill(Reading& reading, const toml::table& root, Config& config) {
    std::set<std::string> set;
    Filler filler{reading, root};
    filler.one("postgres", [&](Reader& r) { fill_postgres(r, reading, config.postgres, set); });
    filler.many("role", [&](Reader& r) {
        role(r, config);
        show_defaults(r, reading);
    });
    filler.many("database", [&](Reader& r) { fill_database(r, reading, config); });
    filler.many("migration", [&](Reader& r) {
        migration(r, reading, config);
        show_defaults(r, reading, config.migrations.back().engine);
    });
    filler.many("check", [&](Reader& r) {
        check(r, config);
        show_defaults(r, reading);
    });
    filler.many("service", [&](Reader& r) {
        fill_service(r, config);
        show_defaults(r, reading);
    });
    filler.many("dependent", [&](Reader& r) {
        fill_dependent(r, config);
        show_defaults(r, reading);
    });
    filler.one("health", [&](Reader& r) {
        config.health.origin = r.origin();
        r.text("listen", config.health.listen);
    });
    filler.one("run", [&](Reader& r) {
        config.run.origin = r.origin();
        r.duration("recheck", config.run.recheck);
        r.text("on_failed_start", config.run.on_failed_start);
        r.duration("stop_timeout", config.run.stop_timeout, Duration{1});
        r.duration("stop_delay", config.run.stop_delay);
        r.flag("zero_when_stopped", config.run.zero_when_stopped);
    });
    filler.one("log", [&](Reader& r) { logging(r, config.log); });
    filler.unknown_sections();
    return set;
}

}  // namespace ainit::config
