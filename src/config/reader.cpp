// SPDX-License-Identifier: Apache-2.0
// What all values have in common, and tables. Values of each type are read in reader_values.cpp.
#include "config/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/child.h"
#include "base/text.h"
#include "config/keys.h"
#include "config/settings.h"

namespace ainit::config {
namespace {

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::string:
            return "text";
        case toml::node_type::integer:
            return "an integer";
        case toml::node_type::floating_point:
            return "a decimal number";
        case toml::node_type::boolean:
            return "a boolean";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::table:
            return "a table";
        default:
            return "a date or time";
    }
}

}  // namespace

Origin Reading::origin_of(const toml::source_region& region) const {
    return {file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

void Reading::fail(
    Code code, std::string what, std::string because, std::string hint, const Origin& where) {
    Failure failure;
    failure.code = code;
    failure.what = std::move(what);
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = std::move(hint);
    failure.where = where;
    failures.push_back(std::move(failure));
}

Reader::Reader(Reading& reading, const toml::table& table, std::string section, std::string path)
    : Reader{
          reading, table, std::move(section), std::move(path), reading.origin_of(table.source())} {}

Reader::Reader(
    Reading& reading, const toml::table& table, std::string section, std::string path, Origin where)
    : reading_{reading},
      table_{table},
      section_{std::move(section)},
      path_{std::move(path)},
      where_{std::move(where)} {}

Origin Reader::origin_of(const toml::node& node) const {
    // A copied node has no place of its own.
    return node.source().begin.line == 0 ? where_ : reading_.origin_of(node.source());
}

Origin Reader::origin(std::string_view key) const {
    const toml::node* node = table_.get(key);
    return node == nullptr ? where_ : origin_of(*node);
}

void Reader::fail(
    Code code, std::string what, std::string because, std::string hint, const Origin& where) {
    reading_.fail(code, std::move(what), std::move(because), std::move(hint), where);
}

void Reader::missing(std::string_view key) {
    fail(Code::config_missing,
         fmt::format("cannot do without \"{}\" in {}", key, path_),
         "it is not set",
         fmt::format("add: {} = …", key),
         origin());
}

const toml::node* Reader::find(std::string_view key) {
    asked_.emplace(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr) reading_.places.emplace(std::pair{where_, std::string{key}}, origin_of(*node));
    return node;
}

void Reader::wrong_type(std::string_view key, std::string_view wanted, const toml::node& found, std::string hint) {
    fail(Code::config_type,
         fmt::format("cannot use the value of \"{}\" in {}", key, path_),
         fmt::format("it must be {}, and is {}", wanted, type_name(found)),
         std::move(hint),
         origin_of(found));
}

void Reader::record(std::string_view key, std::string value, const toml::node& node) {
    reading_.settings.push_back(
        {fmt::format("{}.{}", path_, key), std::move(value), origin_of(node).text()});
}

std::optional<Expanded> Reader::expanded(std::string_view key, const toml::node& node, Placeholders placeholders) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        wrong_type(key, "text", node);
        return {};
    }
    auto result = expand(text->get(), reading_.sources, placeholders);
    if (!result) {
        Failure failure = std::move(result).error();
        failure.where = origin_of(node);
        reading_.failures.push_back(std::move(failure));
        return {};
    }
    if (result->text.find('\0') != std::string::npos) {
        fail(Code::config_type,
             fmt::format("cannot use the value of \"{}\" in {}", key, path_),
             "it holds a NUL byte",
             "",
             origin_of(node));
        return {};
    }
    return std::move(*result);
}

bool Reader::from_outside(std::string_view key,
                          const toml::node& node,
                          std::optional<std::string>& into) {
    const auto* text = node.as_string();
    if (text == nullptr || text->get().find("${") == std::string::npos) return true;
    auto value = expanded(key, node);
    if (value && value->from_outside) into = std::move(value->text);
    return value.has_value();
}

void Reader::allowed(std::string_view key, const std::string& value, const toml::node& node) {
    const KeyEntry* entry = find_key(section_, key);
    if (entry == nullptr || entry->allowed.empty()) return;
    const std::vector<std::string> values = allowed_values(*entry);
    if (std::ranges::find(values, value) != values.end()) return;
    const std::string near = closest(value, values);
    fail(Code::config_type,
         fmt::format("cannot use \"{}\" as \"{}\" in {}", value, key, path_),
         fmt::format("it must be one of {}", join(values, ", ")),
         near.empty() ? "" : fmt::format("did you mean \"{}\"?", near),
         origin_of(node));
}

std::vector<Reader::Item> Reader::items(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return {};
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        wrong_type(key, "a list", *node);
        return {};
    }
    std::vector<Item> out;
    for (const toml::node& item : *array) {
        if (const toml::table* table = item.as_table()) {
            out.push_back({table, {}, origin_of(item)});
        } else if (item.is_string()) {
            out.push_back(
                {nullptr, toml::table{{"name", item.as_string()->get()}}, origin_of(item)});
        } else {
            wrong_type(key, "a list of names or tables", item);
        }
    }
    return out;
}

std::vector<std::string> Reader::given() const {
    std::vector<std::string> names;
    for (const auto& [key, value] : table_) names.emplace_back(key.str());
    return names;
}

void Reader::finish() {
    const std::vector<std::string> known = keys_of(section_);
    for (const auto& [key, value] : table_) {
        if (asked_.contains(key.str())) continue;
        const std::string near = closest(key.str(), known);
        fail(Code::config_key,
             fmt::format("cannot use the key \"{}\" in {}", key.str(), path_),
             "there is no such key",
             near.empty() ? fmt::format("the keys are: {}", join(known, ", "))
                          : fmt::format("did you mean \"{}\"?", near),
             reading_.origin_of(key.source()));
    }
}

}  // namespace ainit::config
