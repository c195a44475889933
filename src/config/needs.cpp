// SPDX-License-Identifier: Apache-2.0
#include "config/needs.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace ainit::config {
namespace {

using Kind = Need::Kind;

/// In the order in which they are told of.
constexpr std::array<std::pair<Kind, std::string_view>, 5> kWords{{{Kind::database, "database"},
                                                                   {Kind::migrations, "migrations"},
                                                                   {Kind::check, "check"},
                                                                   {Kind::role, "role"},
                                                                   {Kind::service, "service"}}};

bool is_there(const Config& config, Kind kind, std::string_view name) {
    const auto named = [&](const auto& one) { return one.name == name; };
    switch (kind) {
        case Kind::database: return config.database(name) != nullptr;
        case Kind::migrations:
            return std::ranges::any_of(config.migrations, [&](const Migration& one) { return one.name == name || one.database == name; });
        case Kind::check: return std::ranges::any_of(config.checks, named);
        case Kind::role: return config.role(name) != nullptr;
        case Kind::service: return config.service(name) != nullptr;
    }
    return false;
}

}  // namespace

std::string Need::text() const {
    const auto found = std::ranges::find(kWords, kind, &std::pair<Kind, std::string_view>::first);
    return fmt::format("{}={}", found->second, name);
}

std::vector<Need> meanings(const Config& config, std::string_view service, const std::string& text) {
    const std::size_t sign = text.find('=');
    std::vector<Need> all;
    for (const auto& [kind, word] : kWords) {
        const bool said = sign != std::string::npos && text.substr(0, sign) == word;
        const std::string name = said ? text.substr(sign + 1) : text;
        if (name.empty() || (sign != std::string::npos && !said) || !is_there(config, kind, name)) continue;
        const bool itself = kind == Kind::service && name == service && !said;
        const bool included = kind != Kind::service && !all.empty() && all.front().kind == Kind::database;
        if (!itself && !included) all.push_back({kind, name});
    }
    return all;
}

std::vector<Need> needs_of(const Config& config, const Service& service) {
    std::vector<Need> all;
    const auto add = [&](Need need) {
        if (std::ranges::find(all, need) == all.end()) all.push_back(std::move(need));
    };
    if (!service.database.empty()) add({Kind::database, service.database});
    for (const std::string& text : service.needs) {
        for (Need& need : meanings(config, service.name, text)) add(std::move(need));
    }
    return all;
}

std::vector<Need> needs_of(const Config& config, const Dependent& dependent) {
    std::vector<Need> all;
    for (const std::string& text : dependent.needs) {
        for (Need& need : meanings(config, "", text)) {
            if (need.kind != Kind::service && std::ranges::find(all, need) == all.end()) all.push_back(std::move(need));
        }
    }
    if (!dependent.needs.empty()) return all;
    for (const Database& one : config.databases) all.push_back({Kind::database, one.name});
    return all;
}

std::vector<std::string> names_to_need(const Config& config) {
    std::vector<std::string> names;
    for (const Database& one : config.databases) names.push_back(one.name);
    for (const Migration& one : config.migrations) names.push_back(one.name);
    for (const Check& one : config.checks) names.push_back(one.name);
    for (const Role& one : config.roles) names.push_back(one.name);
    for (const Service& one : config.services) names.push_back(one.name);
    std::erase(names, "");
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

}  // namespace ainit::config
