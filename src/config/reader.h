// SPDX-License-Identifier: Apache-2.0
// Reads one TOML table by the table of keys: types, allowed values, unknown keys, expansion of
// ${…}, and the record of where each value came from. The door to toml++: only load.cpp and the
// files that fill() the model include it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <toml++/toml.hpp>

#include "config/config.h"
#include "config/expand.h"

namespace ainit::config {

/// What all readers of one file share.
struct Reading {
    Sources sources;
    std::string file{};
    std::vector<Failure> failures{};
    std::vector<Setting> settings{};
    std::vector<Failure> warnings{};
    Places places{};

    Origin origin_of(const toml::source_region& region) const;
    void fail(
        Code code, std::string what, std::string because, std::string hint, const Origin& where);
};

class Reader {
  public:
    /// `section` as in the table of keys; `path` as in `config show`: "role.kratos".
    Reader(Reading& reading, const toml::table& table, std::string section, std::string path);
    /// For a table that is not written as one; `where` stands for its place.
    Reader(Reading& reading,
           const toml::table& table,
           std::string section,
           std::string path,
           Origin where);

    void text(std::string_view key, std::string& into);
    void optional_text(std::string_view key, std::optional<std::string>& into);
    void path(std::string_view key, std::string& into);  ///< relative ones from the file's folder
    /// One text or a list of them; an empty list is refused where `needs_one`.
    void texts(std::string_view key, std::vector<std::string>& into, bool needs_one = false);
    void texts_or_numbers(std::string_view key, std::vector<std::string>& into);
    void flag(std::string_view key, bool& into);
    void number(std::string_view key, int& into, long long least, long long most);
    void duration(std::string_view key, Duration& into, Duration least = Duration{0});
    void duration(std::string_view key,
                  std::optional<Duration>& into,
                  Duration least = Duration{0});
    /// `key`, or the content of the file that `key`_file names. With `maybe` the text need not hold
    /// a secret.
    void secret(std::string_view key, Secret& into, bool maybe = false);
    void warn_of_plain_secret(std::string_view key);
    void settings(std::string_view key, Settings& into);
    /// A signal by its name or number.
    void signal(std::string_view key, int& into);
    /// Pairs of signals; what the second is "0" for becomes 0.
    void signals(std::string_view key, std::map<int, int>& into);
    /// A command: ${env:…} is replaced, a login's ${…} stay, and ${file:…} is refused.
    void arguments(std::string_view key, std::vector<std::string>& into);
    /// Variables for a command: what ${env:…} and ${file:…} bring in is taken for a secret, a login's
    /// ${…} stay.
    void variables(std::string_view key, Settings& into);

    /// The tables of an array of tables, or of an array of names and tables: a name becomes {name =
    /// …}.
    struct Item {
        const toml::table* table{};  ///< nullptr: `named` is it
        toml::table named{};
        Origin where{};
    };

    std::vector<Item> items(std::string_view key);

    /// Every key that was not asked for is unknown.
    void finish();

    bool has(std::string_view key) const { return table_.contains(key); }

    std::vector<std::string> given() const;

    Origin origin() const { return where_; }

    Origin origin(std::string_view key) const;
    void fail(
        Code code, std::string what, std::string because, std::string hint, const Origin& where);
    void missing(std::string_view key);

    const std::string& path() const { return path_; }

    const std::string& section() const { return section_; }

  private:
    const toml::node* find(std::string_view key);
    Origin origin_of(const toml::node& node) const;
    void wrong_type(std::string_view key, std::string_view wanted, const toml::node& found, std::string hint = "");
    std::optional<int> signal_in(std::string_view key, const std::string& text, const toml::node& node);
    std::optional<Expanded> expanded(std::string_view key, const toml::node& node,
                                     Placeholders placeholders = Placeholders::none);
    /// For keys of other types than text: sets `into` if the value is brought in from outside;
    /// false when that failed.
    bool from_outside(std::string_view key,
                      const toml::node& node,
                      std::optional<std::string>& into);
    void allowed(std::string_view key, const std::string& value, const toml::node& node);
    void record(std::string_view key, std::string value, const toml::node& node);
    std::optional<std::string> setting_text(std::string_view key, const toml::node& value);
    void secret_from_file(std::string_view key, const toml::node& node, Secret& into);

    Reading& reading_;
    const toml::table& table_;
    std::string section_;
    std::string path_;
    Origin where_;
    std::set<std::string, std::less<>> asked_{};
};

}  // namespace ainit::config
