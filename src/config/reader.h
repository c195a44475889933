// SPDX-License-Identifier: Apache-2.0
// Reads one TOML table by the table of keys: types, allowed values, unknown keys, expansion of ${…}, and the record of
// where each value came from. Includes toml++, so only load.cpp includes it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <toml++/toml.hpp>
#include <vector>

#include "config/config.h"
#include "config/expand.h"
#include "config/reader_text.h"

namespace ainit::config {

/// What all readers of one file share.
struct Reading {
    Sources sources;
    std::string file{};
    std::vector<Failure> failures{};
    std::vector<Setting> settings{};
    std::vector<Failure> warnings{};
};

class Reader {
  public:
    /// `section` as in the table of keys; `path` as in `config show`: "role.kratos".
    Reader(Reading& reading, const toml::table& table, std::string section, std::string path);

    void text(std::string_view key, std::string& into);
    void optional_text(std::string_view key, std::optional<std::string>& into);
    void path(std::string_view key, std::string& into);  ///< relative ones from the file's folder
    void texts(std::string_view key, std::vector<std::string>& into);
    void texts_or_numbers(std::string_view key, std::vector<std::string>& into);
    void flag(std::string_view key, bool& into);
    void number(std::string_view key, int& into, long long least, long long most);
    void duration(std::string_view key, Duration& into);
    void duration(std::string_view key, std::optional<Duration>& into);
    /// `key`, or the content of the file that `key`_file names.
    void secret(std::string_view key, Secret& into);
    void settings(std::string_view key, Settings& into);
    /// Text as it is written, ${…} included.
    void raw_texts(std::string_view key, std::vector<std::string>& into);
    void raw_settings(std::string_view key, Settings& into);

    /// The tables of an array of tables, or of an array of names and tables (a name becomes {name = …}).
    std::vector<toml::table> tables(std::string_view key);

    /// Every key that was not asked for is unknown.
    void finish();
    bool has(std::string_view key) const { return table_.contains(key); }
    std::vector<std::string> given() const;
    Origin origin() const;
    Origin origin(std::string_view key) const;
    void fail(Code code, std::string what, std::string because, std::string hint, const Origin& where);
    void missing(std::string_view key);
    const std::string& path() const { return path_; }

  private:
    const toml::node* find(std::string_view key);
    void wrong_type(std::string_view key, std::string_view wanted, const toml::node& found);
    std::optional<std::string> expanded(std::string_view key, const toml::node& node, bool* outside = nullptr);
    void allowed(std::string_view key, const std::string& value, const toml::node& node);
    void record(std::string_view key, std::string value, const toml::node& node);
    Origin origin_of(const toml::source_region& region) const;

    Reading& reading_;
    const toml::table& table_;
    std::string section_;
    std::string path_;
    std::set<std::string, std::less<>> asked_{};
};

}  // namespace ainit::config
