// SPDX-License-Identifier: Apache-2.0
#include "config/checker.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::config {
namespace {

constexpr std::size_t kLongestName = 63;  // NAMEDATALEN - 1

}  // namespace

void Checker::fail(
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

void Checker::conflict(std::string what,
                       std::string because,
                       std::string hint,
                       const Origin& where) {
    fail(Code::config_conflict, std::move(what), std::move(because), std::move(hint), where);
}

void Checker::name(std::string_view kind, const std::string& text, const Origin& where) {
    if (text.empty()) return;
    if (text.size() > kLongestName) {
        fail(Code::config_type,
             fmt::format("cannot use the {} name \"{}\"", kind, text),
             fmt::format("it has {} bytes, and PostgreSQL keeps {}", text.size(), kLongestName),
             "shorten it",
             where);
    } else if (trim(text).empty()) {
        fail(Code::config_type,
             fmt::format("cannot use the {} name \"{}\"", kind, text),
             "it is blank",
             "",
             where);
    } else if (!valid_utf8(text) || text.find('\0') != std::string::npos) {
        fail(Code::config_type,
             fmt::format("cannot use a {} name", kind),
             "it is no valid UTF-8 text",
             "",
             where);
    }
}

Origin Checker::at(const Origin& section, std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys) {
        const auto found = loaded_.places.find({section, std::string{key}});
        if (found != loaded_.places.end()) return found->second;
    }
    return section;
}

void Checker::warn(std::string what, std::string because, const Origin& where) {
    Failure warning;
    warning.code = Code::config_conflict;
    warning.what = std::move(what);
    warning.because = std::move(because);
    warning.where = where;
    config_.warnings.push_back(std::move(warning));
}

bool Checker::declared(const std::string& database, std::string_view who, const Origin& where) {
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

void Checker::role_known(const std::string& role, std::string_view who, const Origin& where) {
    if (role.empty() || role == config_.postgres.user || config_.role(role) != nullptr) return;
    if (role.starts_with("pg_") || equals_ignoring_case(role, "public")) return;
    std::vector<std::string> names;
    for (const Role& one : config_.roles) names.push_back(one.name);
    const std::string near = closest(role, names);
    warn(fmt::format("the role \"{}\" of {} is not declared", role, who),
         near.empty() ? "it must exist on the server already" : fmt::format("did you mean \"{}\"?", near), where);
}

}  // namespace ainit::config
