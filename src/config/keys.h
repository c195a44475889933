// SPDX-License-Identifier: Apache-2.0
// The one table of keys: it feeds the reader (unknown keys, "did you mean", allowed values), the
// defaults shown by `config show`, and docs/configuration.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ainit::config {

struct KeyEntry {
    std::string_view section;  ///< "postgres", "database", "database.grant" …
    std::string_view key;
    std::string_view type;           ///< for people: "text", "duration", "list of text" …
    std::string_view default_value;  ///< as TOML; empty: none
    std::string_view allowed;        ///< values with commas between them; empty: any
    std::string_view prose;
    std::string_view engine{};  ///< the engines of a [[migration]] that it belongs to, with commas
                                ///< between them; empty: all
    std::string_view typeorm_default{};  ///< the engine typeorm's, where it is another

    /// Whether a [[migration]] with this engine may have the key.
    bool belongs_to(std::string_view engine_name) const;
    std::string_view default_for(std::string_view engine_name) const;
};

struct SectionEntry {
    std::string_view name;
    std::string_view heading;  ///< "[postgres]", "[[role]]"
    std::string_view prose;
};

/// A key that environment variables fill when the file does not set it, the first that is set
/// counting.
struct VariableEntry {
    std::string_view key;  ///< of [postgres]
    std::vector<std::string_view> variables;
    bool secret;
};

std::span<const SectionEntry> sections();
std::span<const KeyEntry> keys();
std::span<const VariableEntry> variables();
/// libpq's settings that have no key of their own: what [postgres] parameters may name.
const std::vector<std::string>& parameters();
const KeyEntry* find_key(std::string_view section, std::string_view key);
std::vector<std::string> keys_of(std::string_view section);
std::vector<std::string> allowed_values(const KeyEntry& key);
/// Why a key cannot have this value: `"x" is none of a, b`. Nothing if it can, or takes any.
std::optional<std::string> wrong_value(const KeyEntry& key, const std::string& value);

}  // namespace ainit::config
