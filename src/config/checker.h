// SPDX-License-Identifier: Apache-2.0
// What the rules between fields have in common.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "config/load.h"

namespace ainit::config {

class Checker {
  public:
    explicit Checker(Loaded& loaded) : loaded_{loaded}, config_{loaded.config} {}

  protected:
    void fail(
        Code code, std::string what, std::string because, std::string hint, const Origin& where);
    void warn(std::string what, std::string because, const Origin& where);
    void conflict(std::string what, std::string because, std::string hint, const Origin& where);
    /// The name of an object must fit into PostgreSQL's.
    void name(std::string_view kind, const std::string& text, const Origin& where);
    bool declared(const std::string& database, std::string_view who, const Origin& where);
    /// A role that exists on the server already need not be declared; a warning shows a
    /// misspelling.
    void role_known(const std::string& role, std::string_view who, const Origin& where);

    template <class Items>
    void unique(const Items& items, std::string_view kind) {
        std::map<std::string, Origin> seen;
        for (const auto& item : items) {
            if (item.name.empty()) continue;
            const Origin where = at(item.origin, "name");
            const auto [first, fresh] = seen.emplace(item.name, where);
            if (fresh) continue;
            conflict(fmt::format("cannot have two [[{}]] named \"{}\"", kind, item.name),
                     fmt::format("the first is at {}", first->second.text()),
                     "remove or rename one of them",
                     where);
        }
    }

    /// The place of the first of these keys that is written in a section, else the section's own.
    Origin at(const Origin& section, std::initializer_list<std::string_view> keys) const;

    Origin at(const Origin& section, std::string_view key) const { return at(section, {key}); }

    const Config& config() const { return config_; }

  private:
    Loaded& loaded_;
    Config& config_;
};

/// The rules of [[database]] and what is inside it.
void check_databases(Loaded& loaded);

/// The rules of [[service]] and of what [run] says of them.
void check_services(Loaded& loaded);

/// The rules of [[dependent]].
void check_dependents(Loaded& loaded);

}  // namespace ainit::config
