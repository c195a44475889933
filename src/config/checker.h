// SPDX-License-Identifier: Apache-2.0
// What the rules between fields have in common.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

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

}  // namespace ainit::config
