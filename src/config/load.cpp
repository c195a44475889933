// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/file.h"
#include "base/text.h"
#include "config/check.h"
#include "config/environment.h"
#include "config/keys.h"
#include "config/reader.h"

extern char** environ;

namespace ainit::config {
namespace {

constexpr std::string_view kUsualFile = "/etc/alkemio-init/alkemio.toml";
constexpr std::size_t kLargestFile = std::size_t{4} << 20U;
constexpr long long kMostConnections = 262'143;

/// Fills a Config from the parsed file.
class Filler {
  public:
    Filler(Reading& reading, Config& config) : reading_{reading}, config_{config} {}

    /// The [postgres] keys that the file sets.
    std::set<std::string> fill(const toml::table& root) {
        one(root, "postgres", [this](Reader& r) { postgres(r); });
        many(root, "role", [this](Reader& r) { role(r); });
        many(root, "database", [this](Reader& r) { database(r); });
        many(root, "migration", [this](Reader& r) { migration(r); });
        many(root, "check", [this](Reader& r) { check(r); });
        one(root, "health", [this](Reader& r) {
            config_.health.origin = r.origin();
            r.text("listen", config_.health.listen);
        });
        one(root, "run", [this](Reader& r) {
            config_.run.origin = r.origin();
            r.duration("recheck", config_.run.recheck);
        });
        one(root, "log", [this](Reader& r) { logging(r); });
        unknown_sections(root);
        return std::move(set_);
    }

  private:
    template <class Fill>
    void one(const toml::table& root, const char* name, Fill fill) {
        const toml::node* node = root.get(name);
        if (node == nullptr) return;
        if (const toml::table* table = node->as_table()) {
            Reader reader{reading_, *table, name, name};
            fill(reader);
            reader.finish();
        } else {
            wrong_section(*node, name, fmt::format("[{}]", name));
        }
    }

    template <class Fill>
    void many(const toml::table& root, const char* name, Fill fill) {
        const toml::node* node = root.get(name);
        if (node == nullptr) return;
        const toml::array* array = node->as_array();
        if (array == nullptr) return wrong_section(*node, name, fmt::format("[[{}]]", name));
        int number = 0;
        for (const toml::node& item : *array) {
            const toml::table* table = item.as_table();
            if (table == nullptr) {
                wrong_section(item, name, fmt::format("[[{}]]", name));
                continue;
            }
            const char* naming = table->contains("name") ? "name" : "database";
            const auto label = (*table)[naming].value<std::string>();
            Reader reader{reading_, *table, name, fmt::format("{}.{}", name, label ? *label : std::to_string(number + 1))};
            ++number;
            fill(reader);
            reader.finish();
        }
    }

    void wrong_section(const toml::node& node, const char* name, std::string wanted) {
        Failure failure;
        failure.code = Code::config_type;
        failure.what = fmt::format("cannot use \"{}\"", name);
        failure.because = fmt::format("it must be written as {}", wanted);
        failure.state = "Nothing was done.";
        failure.where = {reading_.file, static_cast<int>(node.source().begin.line), static_cast<int>(node.source().begin.column)};
        reading_.failures.push_back(std::move(failure));
    }

    void unknown_sections(const toml::table& root) {
        std::vector<std::string> known;
        for (const SectionEntry& section : sections()) {
            if (section.name.find('.') == std::string_view::npos) known.emplace_back(section.name);
        }
        for (const auto& [key, node] : root) {
            if (std::ranges::find(known, key.str()) != known.end()) continue;
            const std::string near = closest(key.str(), known);
            Failure failure;
            failure.code = Code::config_key;
            failure.what = fmt::format("cannot use the section \"{}\"", key.str());
            failure.because = "there is no such section";
            failure.state = "Nothing was done.";
            failure.hint = near.empty() ? fmt::format("the sections are: {}", join(known, ", ")) : fmt::format("did you mean \"{}\"?", near);
            failure.where = {reading_.file, static_cast<int>(key.source().begin.line), static_cast<int>(key.source().begin.column)};
            reading_.failures.push_back(std::move(failure));
        }
    }

    void postgres(Reader& r) {
        Postgres& p = config_.postgres;
        p.origin = r.origin();
        Secret url;
        r.secret("url", url);
        if (!url.empty()) from_file_url(r, url);
        r.texts("host", p.hosts);
        r.texts_or_numbers("port", p.ports);
        r.text("user", p.user);
        r.secret("password", p.password);
        r.text("database", p.database);
        r.text("sslmode", p.sslmode);
        r.path("sslrootcert", p.sslrootcert);
        r.path("sslcert", p.sslcert);
        r.path("sslkey", p.sslkey);
        r.secret("sslpassword", p.sslpassword);
        r.path("sslcrl", p.sslcrl);
        r.text("ssl_min_protocol_version", p.ssl_min_protocol_version);
        r.text("channel_binding", p.channel_binding);
        r.text("require_auth", p.require_auth);
        r.text("gssencmode", p.gssencmode);
        r.text("krbsrvname", p.krbsrvname);
        r.text("target_session_attrs", p.target_session_attrs);
        r.text("load_balance_hosts", p.load_balance_hosts);
        r.path("passfile", p.passfile);
        r.text("options", p.options);
        r.text("application_name", p.application_name);
        r.duration("connect_timeout", p.connect_timeout);
        r.duration("ready_timeout", p.ready_timeout);
        r.duration("refusal_grace", p.refusal_grace);
        r.duration("lock_wait", p.lock_wait);
        r.duration("lock_timeout", p.lock_timeout);
        r.duration("statement_timeout", p.statement_timeout);
        r.number("minimum_version", p.minimum_version, 9, 99);
        r.text("expected_version", p.expected_version);
        for (const std::string& key : r.given()) set_.insert(key == "password_file" ? "password" : key);
    }

    void from_file_url(Reader& r, const Secret& url) {
        auto parts = from_url(url.reveal(), config_.postgres);
        if (!parts) {
            Failure failure = std::move(parts).error();
            failure.where = r.origin("url");
            reading_.failures.push_back(std::move(failure));
            return;
        }
        for (const std::string& part : *parts) {
            set_.insert(part);
            if (!r.has(part)) continue;
            r.fail(Code::config_conflict, fmt::format("cannot use both \"url\" and \"{}\" in [postgres]", part),
                   fmt::format("the URL names the {} as well", part), "remove one of them", r.origin(part));
        }
        set_.insert("url");
    }

    void role(Reader& r) {
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
        config_.roles.push_back(std::move(role));
    }

    void database(Reader& r) {
        Database d;
        d.origin = r.origin();
        d.given = r.given();
        r.text("name", d.name);
        if (d.name.empty()) r.missing("name");
        r.text("owner", d.owner);
        r.text("profile", d.profile);
        r.text("encoding", d.encoding);
        r.text("locale", d.locale);
        r.text("lc_collate", d.lc_collate);
        r.text("lc_ctype", d.lc_ctype);
        r.text("locale_provider", d.locale_provider);
        r.text("icu_locale", d.icu_locale);
        r.text("icu_rules", d.icu_rules);
        r.text("builtin_locale", d.builtin_locale);
        r.text("template", d.database_template);
        r.text("tablespace", d.tablespace);
        r.text("strategy", d.strategy);
        r.number("connection_limit", d.connection_limit, -1, kMostConnections);
        r.text("comment", d.comment);
        r.settings("settings", d.settings);
        r.number("pool_size", d.pool_size, 0, kMostConnections);
        each(r, "extensions", "database.extension", [&](Reader& e) {
            Extension& extension = d.extensions.emplace_back();
            extension.origin = e.origin();
            e.text("name", extension.name);
            e.text("schema", extension.schema);
            e.text("version", extension.version);
            if (extension.name.empty()) e.missing("name");
        });
        each(r, "schemas", "database.schema", [&](Reader& e) {
            Schema& schema = d.schemas.emplace_back();
            schema.origin = e.origin();
            e.text("name", schema.name);
            e.text("owner", schema.owner);
            if (schema.name.empty()) e.missing("name");
        });
        each(r, "grant", "database.grant", [&](Reader& e) { grant(e, d.grants.emplace_back()); });
        each(r, "default_privilege", "database.default_privilege", [&](Reader& e) { default_privilege(e, d.default_privileges.emplace_back()); });
        config_.databases.push_back(std::move(d));
    }

    template <class Fill>
    void each(Reader& parent, const char* key, const char* section, Fill fill) {
        int number = 0;
        for (const toml::table& table : parent.tables(key)) {
            Reader reader{reading_, table, section, fmt::format("{}.{}.{}", parent.path(), key, ++number)};
            fill(reader);
            reader.finish();
        }
    }

    static void grant(Reader& r, Grant& grant) {
        grant.origin = r.origin();
        r.texts("privileges", grant.privileges);
        r.text("on", grant.on);
        r.text("schema", grant.schema);
        r.texts("objects", grant.objects);
        r.texts("roles", grant.roles);
        r.flag("with_grant_option", grant.with_grant_option);
        upper(grant.privileges);
        if (grant.privileges.empty()) r.missing("privileges");
        if (grant.roles.empty()) r.missing("roles");
    }

    static void default_privilege(Reader& r, DefaultPrivilege& privilege) {
        privilege.origin = r.origin();
        r.text("owner", privilege.owner);
        r.text("schema", privilege.schema);
        r.text("on", privilege.on);
        r.texts("privileges", privilege.privileges);
        r.texts("roles", privilege.roles);
        upper(privilege.privileges);
        if (privilege.privileges.empty()) r.missing("privileges");
        if (privilege.roles.empty()) r.missing("roles");
    }

    static void upper(std::vector<std::string>& words) {
        for (std::string& word : words) {
            std::ranges::transform(word, word.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        }
    }

    void migration(Reader& r) {
        Migration m;
        m.origin = r.origin();
        r.text("name", m.name);
        r.text("database", m.database);
        if (m.database.empty()) r.missing("database");
        if (m.name.empty()) m.name = m.database;
        r.text("engine", m.engine);
        if (m.engine.empty()) r.missing("engine");
        r.text("role", m.role);
        r.duration("timeout", m.timeout);
        r.duration("lock_timeout", m.lock_timeout);
        r.number("retries", m.retries, 0, 100);
        r.texts("files", m.files);
        for (std::string& file : m.files) file = resolve(file, reading_.sources);
        r.text("table", m.table);
        r.text("schema", m.schema);
        r.text("transaction", m.transaction);
        r.text("on_changed", m.on_changed);
        r.text("on_older", m.on_older);
        r.text("on_ahead", m.on_ahead);
        r.raw_texts("command", m.command);
        r.raw_settings("environment", m.environment);
        r.path("directory", m.directory);
        r.raw_texts("status_command", m.status_command);
        r.text("status_format", m.status_format);
        r.text("status_query", m.status_query);
        r.text("ledger_query", m.ledger_query);
        r.duration("grace", m.grace);
        config_.migrations.push_back(std::move(m));
    }

    void check(Reader& r) {
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
        r.duration("timeout", c.timeout);
        config_.checks.push_back(std::move(c));
    }

    void logging(Reader& r) {
        std::string format;
        std::string level;
        std::string color;
        r.text("format", format);
        r.text("level", level);
        r.text("color", color);
        if (format == "json") config_.log.format = log::Format::json;
        if (level == "debug") config_.log.level = log::Level::debug;
        if (level == "warn") config_.log.level = log::Level::warn;
        if (level == "error") config_.log.level = log::Level::error;
        if (level == "off") config_.log.level = log::Level::off;
        if (color == "always") config_.log.color = log::Color::always;
        if (color == "never") config_.log.color = log::Color::never;
    }

    Reading& reading_;
    Config& config_;
    std::set<std::string> set_{};
};

/// Several hosts are given so that the one which can be written is found, unless the user says otherwise.
void settle_defaults(Config& config, const std::set<std::string>& set) {
    const bool written = set.contains("target_session_attrs") || config.postgres.target_session_attrs != "any";
    if (!written && config.postgres.hosts.size() > 1) config.postgres.target_session_attrs = "read-write";
}

/// Defaults of single sections, for `config show`.
void add_defaults(Config& config) {
    for (const KeyEntry& key : keys()) {
        const bool single = key.section == "postgres" || key.section == "health" || key.section == "run" || key.section == "log";
        if (!single || key.default_value.empty()) continue;
        const std::string name = fmt::format("{}.{}", key.section, key.key);
        const bool there = std::ranges::any_of(config.settings, [&](const Setting& setting) { return setting.key == name; });
        if (!there) config.settings.push_back({name, std::string{key.default_value}, "default"});
    }
}

Loaded finish(Loaded loaded, const Sources& sources, const std::set<std::string>& set) {
    from_environment(loaded, sources, set);
    settle_defaults(loaded.config, set);
    check(loaded);
    add_defaults(loaded.config);
    std::ranges::stable_sort(loaded.failures, {}, [](const Failure& failure) {
        return failure.where.line == 0 ? std::numeric_limits<int>::max() : failure.where.line;
    });
    return loaded;
}

Failure syntax_failure(const toml::parse_error& error, std::string_view text, const std::string& name) {
    Failure failure;
    failure.code = Code::config_syntax;
    failure.what = fmt::format("cannot parse \"{}\"", name);
    failure.because = std::string{error.description()};
    failure.state = "Nothing was done.";
    const auto begin = error.source().begin;
    failure.where = {name, static_cast<int>(begin.line), static_cast<int>(begin.column)};
    std::size_t offset = 0;
    for (unsigned line = 1; line < begin.line && offset != std::string_view::npos; ++line) {
        offset = text.find('\n', offset);
        if (offset != std::string_view::npos) ++offset;
    }
    if (offset == std::string_view::npos) return failure;
    for (unsigned column = 1; column < begin.column && offset < text.size(); ++column) {
        do {
            ++offset;
        } while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U);
    }
    failure.excerpt = caret(text, offset);
    return failure;
}

Loaded from_text(std::string_view text, const std::string& name, const Sources& sources) {
    Loaded loaded;
    loaded.config.file = name;
    Reading reading{sources, name, {}, {}, {}};
    std::set<std::string> set;
    try {
        const toml::table root = toml::parse(text, std::string_view{name});
        set = Filler{reading, loaded.config}.fill(root);
    } catch (const toml::parse_error& error) {
        loaded.failures.push_back(syntax_failure(error, text, name));
        return loaded;
    }
    loaded.failures = std::move(reading.failures);
    loaded.config.settings = std::move(reading.settings);
    loaded.config.warnings = std::move(reading.warnings);
    return finish(std::move(loaded), sources, set);
}

std::string folder_of(const std::string& path) {
    const std::filesystem::path parent = std::filesystem::path{path}.parent_path();
    return parent.empty() ? "." : parent.string();
}

}  // namespace

Environment process_environment() {
    Environment out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

Loaded load(const std::string& path, const Environment& environment, SecretFiles secrets) {
    std::string file = path;
    if (const auto named = environment.find("ALKEMIO_INIT_CONFIG"); file.empty() && named != environment.end()) file = named->second;
    if (file.empty() && ::access(std::string{kUsualFile}.c_str(), F_OK) == 0) file = kUsualFile;
    if (file.empty()) return finish({}, {environment, secrets, ""}, {});
    auto text = read_file(file, kLargestFile);
    if (text) return from_text(*text, file, {environment, secrets, folder_of(file)});
    Loaded loaded;
    loaded.config.file = file;
    Failure failure = std::move(text).error();
    failure.what = fmt::format("cannot read the configuration \"{}\"", file);
    failure.state = "Nothing was done.";
    loaded.failures.push_back(std::move(failure));
    return loaded;
}

Loaded load_text(std::string_view text, const std::string& name, const Environment& environment, SecretFiles secrets) {
    return from_text(text, name, {environment, secrets, folder_of(name)});
}

}  // namespace ainit::config
