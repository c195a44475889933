// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "config/fill.h"
#include "config/keys.h"
#include "config/profile.h"
#include "config/settings.h"

namespace ainit::config {
namespace {

constexpr long long kMostConnections = 262'143;

template <class Fill>
void each(Reader& parent, Reading& reading, const char* key, const char* section, Fill fill) {
    int number = 0;
    for (const Reader::Item& item : parent.items(key)) {
        const toml::table& table = item.table == nullptr ? item.named : *item.table;
        Reader reader{reading,
                      table,
                      section,
                      fmt::format("{}.{}.{}", parent.path(), key, ++number),
                      item.where};
        fill(reader);
        reader.finish();
    }
}

/// As the catalogs name them: in capitals, and by the full name where there is a short one.
void normalise(std::vector<std::string>& privileges) {
    for (std::string& word : privileges) {
        std::ranges::transform(word, word.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        if (word == "ALL PRIVILEGES") word = "ALL";
        if (word == "TEMP") word = "TEMPORARY";
    }
}

void extension(Reader& r, Extension& extension) {
    extension.origin = r.origin();
    r.text("name", extension.name);
    r.text("schema", extension.schema);
    r.text("version", extension.version);
    if (extension.name.empty()) r.missing("name");
}

void schema(Reader& r, Schema& schema) {
    schema.origin = r.origin();
    r.text("name", schema.name);
    r.text("owner", schema.owner);
    if (schema.name.empty()) r.missing("name");
}

void grant(Reader& r, Grant& grant) {
    grant.origin = r.origin();
    r.texts("privileges", grant.privileges);
    r.text("on", grant.on);
    r.text("schema", grant.schema);
    r.texts("objects", grant.objects);
    r.texts("roles", grant.roles);
    r.flag("with_grant_option", grant.with_grant_option);
    normalise(grant.privileges);
    if (grant.privileges.empty()) r.missing("privileges");
    if (grant.roles.empty()) r.missing("roles");
}

void default_privilege(Reader& r, DefaultPrivilege& privilege) {
    privilege.origin = r.origin();
    r.text("owner", privilege.owner);
    r.text("schema", privilege.schema);
    r.text("on", privilege.on);
    r.texts("privileges", privilege.privileges);
    r.texts("roles", privilege.roles);
    normalise(privilege.privileges);
    if (privilege.privileges.empty()) r.missing("privileges");
    if (privilege.roles.empty()) r.missing("roles");
}

/// What the profile adds is part of the effective configuration.
void show_profile(const Reader& r, Reading& reading, const Database& d) {
    const Profile* profile = find_profile(d.profile);
    if (profile == nullptr || profile->extensions.empty()) return;
    const std::vector<std::string> names(profile->extensions.begin(), profile->extensions.end());
    reading.settings.push_back(
        {r.path() + ".extensions", toml_list(names), fmt::format("profile {}", d.profile)});
}

}  // namespace

void fill_database(Reader& r, Reading& reading, Config& config) {
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
    each(r, reading, "extensions", "database.extension", [&](Reader& e) {
        extension(e, d.extensions.emplace_back());
    });
    each(r, reading, "schemas", "database.schema", [&](Reader& e) {
        schema(e, d.schemas.emplace_back());
    });
    each(r, reading, "grant", "database.grant", [&](Reader& e) {
        grant(e, d.grants.emplace_back());
    });
    each(r, reading, "default_privilege", "database.default_privilege", [&](Reader& e) {
        default_privilege(e, d.default_privileges.emplace_back());
    });
    show_profile(r, reading, d);
    const auto given = [&](std::string_view key) {
        return r.has(key) || (key == "extensions" && find_profile(d.profile) != nullptr);
    };
    std::ranges::move(default_settings("database", r.path(), "", given),
                      std::back_inserter(reading.settings));
    config.databases.push_back(std::move(d));
}

}  // namespace ainit::config
