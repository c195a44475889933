// SPDX-License-Identifier: Apache-2.0
#include "config/connection.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/settings.h"

namespace ainit::config {
namespace {

constexpr std::string_view kParameters = "parameters.";

using TextField = std::string Postgres::*;

const std::map<std::string_view, TextField>& text_fields() {
    static const std::map<std::string_view, TextField> fields{
        {"user", &Postgres::user},
        {"database", &Postgres::database},
        {"sslmode", &Postgres::sslmode},
        {"sslrootcert", &Postgres::sslrootcert},
        {"sslcert", &Postgres::sslcert},
        {"sslkey", &Postgres::sslkey},
        {"sslcrl", &Postgres::sslcrl},
        {"ssl_min_protocol_version", &Postgres::ssl_min_protocol_version},
        {"channel_binding", &Postgres::channel_binding},
        {"require_auth", &Postgres::require_auth},
        {"gssencmode", &Postgres::gssencmode},
        {"krbsrvname", &Postgres::krbsrvname},
        {"target_session_attrs", &Postgres::target_session_attrs},
        {"load_balance_hosts", &Postgres::load_balance_hosts},
        {"passfile", &Postgres::passfile},
        {"options", &Postgres::options},
        {"application_name", &Postgres::application_name},
    };
    return fields;
}

std::optional<std::string> assign_ports(Postgres& into, const std::string& value) {
    std::vector<std::string> ports = split(value, ',');
    for (const std::string& port : ports) {
        if (auto problem = wrong_port(port)) return problem;
    }
    into.ports = std::move(ports);
    return {};
}

std::optional<std::string> assign_connect_timeout(Postgres& into, const std::string& value) {
    const auto duration = parse_duration(value);
    if (!duration) return fmt::format("\"{}\" is no duration", value);
    // libpq's 0 means no limit; an attempt without one would never be tried again.
    if (*duration > Duration{0}) into.connect_timeout = *duration;
    return {};
}

}  // namespace

std::optional<std::string> wrong_port(const std::string& text) {
    const auto number = parse_integer(text);
    if (text.empty() || (number && *number >= 1 && *number <= 65'535)) return {};
    return fmt::format("\"{}\" is no port between 1 and 65535", text);
}

std::optional<std::string> assign(Postgres& into, std::string_view key, const std::string& value) {
    if (key == "host") {
        into.hosts = split(value, ',');
        return {};
    }
    if (key == "port") return assign_ports(into, value);
    if (key == "connect_timeout") return assign_connect_timeout(into, value);
    const std::string_view parameter =
        key.starts_with(kParameters) ? key.substr(kParameters.size()) : key;
    if (std::ranges::find(parameters(), parameter) != parameters().end()) {
        into.parameters[std::string{parameter}] = value;
        return {};
    }
    const auto field = text_fields().find(key);
    if (field == text_fields().end()) return fmt::format("there is no setting \"{}\"", key);
    const KeyEntry* entry = find_key("postgres", key);
    if (auto wrong = entry == nullptr ? std::nullopt : wrong_value(*entry, value)) return wrong;
    into.*field->second = value;
    return {};
}

std::optional<std::string> assign(Postgres& into,
                                  const Url& url,
                                  std::set<std::string>& set,
                                  std::vector<Setting>& rows,
                                  const std::string& source) {
    for (const auto& [name, value] : url.values) {
        const bool parameter = std::ranges::find(parameters(), name) != parameters().end();
        const std::string key = parameter ? std::string{kParameters} + name : name;
        if (set.contains(key)) continue;
        if (auto problem = assign(into, key, value)) return problem;
        rows.push_back({"postgres." + key, toml_text(value), source});
        set.insert(key);
    }
    const auto secret = [&](const char* key, const Secret& value, Secret& member) {
        if (value.empty() || !set.insert(key).second) return;
        member = value;
        rows.push_back({fmt::format("postgres.{}", key), toml_text(kRedacted), source});
    };
    secret("password", url.password, into.password);
    secret("sslpassword", url.sslpassword, into.sslpassword);
    return {};
}

}  // namespace ainit::config
