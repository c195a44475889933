// SPDX-License-Identifier: Apache-2.0
#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/child.h"
#include "base/text.h"
#include "config/keys.h"

namespace ainit::config {
namespace {

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::string: return "text";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a decimal number";
        case toml::node_type::boolean: return "a boolean";
        case toml::node_type::array: return "a list";
        case toml::node_type::table: return "a table";
        default: return "a date or time";
    }
}

}  // namespace

std::string toml_text(std::string_view text) {
    std::string out{"\""};
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (code < 0x20 || code == 0x7F) {
            out += fmt::format("\\u{:04X}", code);
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
    std::vector<std::string> parts;
    for (const std::string& text : texts) parts.push_back(toml_text(text));
    return "[" + join(parts, ", ") + "]";
}

Reader::Reader(Reading& reading, const toml::table& table, std::string section, std::string path)
    : reading_{reading}, table_{table}, section_{std::move(section)}, path_{std::move(path)} {}

Origin Reader::origin_of(const toml::source_region& region) const {
    return {reading_.file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

Origin Reader::origin() const { return origin_of(table_.source()); }

Origin Reader::origin(std::string_view key) const {
    const toml::node* node = table_.get(key);
    return node == nullptr ? origin() : origin_of(node->source());
}

void Reader::fail(Code code, std::string what, std::string because, std::string hint, const Origin& where) {
    Failure failure;
    failure.code = code;
    failure.what = std::move(what);
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = std::move(hint);
    failure.where = where;
    reading_.failures.push_back(std::move(failure));
}

void Reader::missing(std::string_view key) {
    fail(Code::config_missing, fmt::format("cannot do without \"{}\" in {}", key, path_), "it is not set",
         fmt::format("add: {} = …", key), origin());
}

const toml::node* Reader::find(std::string_view key) {
    asked_.emplace(key);
    return table_.get(key);
}

void Reader::wrong_type(std::string_view key, std::string_view wanted, const toml::node& found) {
    fail(Code::config_type, fmt::format("cannot use the value of \"{}\" in {}", key, path_),
         fmt::format("it must be {}, and is {}", wanted, type_name(found)), "", origin_of(found.source()));
}

void Reader::record(std::string_view key, std::string value, const toml::node& node) {
    reading_.settings.push_back({fmt::format("{}.{}", path_, key), std::move(value), origin_of(node.source()).text()});
}

std::optional<std::string> Reader::expanded(std::string_view key, const toml::node& node, bool* outside) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        wrong_type(key, "text", node);
        return {};
    }
    auto result = expand(text->get(), reading_.sources);
    if (!result) {
        Failure failure = std::move(result).error();
        failure.where = origin_of(node.source());
        reading_.failures.push_back(std::move(failure));
        return {};
    }
    if (result->text.find('\0') != std::string::npos) {
        fail(Code::config_type, fmt::format("cannot use the value of \"{}\" in {}", key, path_), "it holds a NUL byte", "",
             origin_of(node.source()));
        return {};
    }
    if (outside != nullptr) {
        *outside = result->from_outside;
        for (const std::string& name : result->variables) withhold_variable(name);
    }
    return std::move(result->text);
}

void Reader::allowed(std::string_view key, const std::string& value, const toml::node& node) {
    const KeyEntry* entry = find_key(section_, key);
    if (entry == nullptr || entry->allowed.empty()) return;
    const std::vector<std::string> values = allowed_values(*entry);
    if (std::ranges::find(values, value) != values.end()) return;
    const std::string near = closest(value, values);
    fail(Code::config_type, fmt::format("cannot use \"{}\" as \"{}\" in {}", value, key, path_),
         fmt::format("it must be one of {}", join(values, ", ")), near.empty() ? "" : fmt::format("did you mean \"{}\"?", near),
         origin_of(node.source()));
}

void Reader::text(std::string_view key, std::string& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (auto value = expanded(key, *node)) {
        allowed(key, *value, *node);
        record(key, toml_text(*value), *node);
        into = std::move(*value);
    }
}

void Reader::optional_text(std::string_view key, std::optional<std::string>& into) {
    if (!has(key)) {
        asked_.emplace(key);
        return;
    }
    std::string value;
    text(key, value);
    into = std::move(value);
}

void Reader::path(std::string_view key, std::string& into) {
    if (!has(key)) {
        asked_.emplace(key);
        return;
    }
    text(key, into);
    if (into != "system") into = resolve(into, reading_.sources);
}

void Reader::texts(std::string_view key, std::vector<std::string>& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::vector<std::string> all;
    if (node->is_string()) {
        auto value = expanded(key, *node);
        if (!value) return;
        all.push_back(std::move(*value));
    } else if (const toml::array* array = node->as_array()) {
        for (const toml::node& item : *array) {
            auto value = expanded(key, item);
            if (!value) return;
            all.push_back(std::move(*value));
        }
    } else {
        wrong_type(key, "text or a list of text", *node);
        return;
    }
    record(key, toml_list(all), *node);
    into = std::move(all);
}

void Reader::texts_or_numbers(std::string_view key, std::vector<std::string>& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::vector<std::string> all;
    const auto take = [&](const toml::node& item) {
        if (const auto* number = item.as_integer()) {
            all.push_back(std::to_string(number->get()));
            return true;
        }
        if (!item.is_string()) {
            wrong_type(key, "an integer or a list of integers", item);
            return false;
        }
        auto value = expanded(key, item);
        if (value) all.push_back(std::move(*value));
        return value.has_value();
    };
    if (const toml::array* array = node->as_array()) {
        for (const toml::node& item : *array) {
            if (!take(item)) return;
        }
    } else if (!take(*node)) {
        return;
    }
    record(key, toml_list(all), *node);
    into = std::move(all);
}

void Reader::raw_texts(std::string_view key, std::vector<std::string>& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return wrong_type(key, "a list of text", *node);
    std::vector<std::string> all;
    for (const toml::node& item : *array) {
        if (!item.is_string()) return wrong_type(key, "a list of text", item);
        all.push_back(item.as_string()->get());
    }
    if (all.empty()) {
        fail(Code::config_type, fmt::format("cannot use the value of \"{}\" in {}", key, path_), "the list is empty", "",
             origin_of(node->source()));
        return;
    }
    record(key, toml_list(all), *node);
    into = std::move(all);
}

void Reader::flag(std::string_view key, bool& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (!node->is_boolean()) return wrong_type(key, "true or false", *node);
    into = node->as_boolean()->get();
    record(key, into ? "true" : "false", *node);
}

void Reader::number(std::string_view key, int& into, long long least, long long most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (!node->is_integer()) return wrong_type(key, "an integer", *node);
    const auto value = static_cast<long long>(node->as_integer()->get());
    if (value < least || value > most) {
        fail(Code::config_type, fmt::format("cannot use {} as \"{}\" in {}", value, key, path_),
             fmt::format("it must be between {} and {}", least, most), "", origin_of(node->source()));
        return;
    }
    into = static_cast<int>(value);
    record(key, std::to_string(value), *node);
}

void Reader::duration(std::string_view key, Duration& into) {
    std::optional<Duration> value;
    duration(key, value);
    if (value) into = *value;
}

void Reader::duration(std::string_view key, std::optional<Duration>& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::optional<Duration> value;
    std::string written;
    if (node->is_integer()) {
        written = std::to_string(node->as_integer()->get());
        value = parse_duration(written);
    } else if (node->is_string()) {
        written = node->as_string()->get();
        value = parse_duration(written);
        written = toml_text(written);
    } else {
        return wrong_type(key, "a duration such as \"30s\"", *node);
    }
    if (!value) {
        fail(Code::config_type, fmt::format("cannot use {} as \"{}\" in {}", written, key, path_), "it is no duration",
             "write 500ms, 30s, 2m or 1h", origin_of(node->source()));
        return;
    }
    into = *value;
    record(key, written, *node);
}

void Reader::secret(std::string_view key, Secret& into) {
    const std::string file_key = fmt::format("{}_file", key);
    const toml::node* node = find(key);
    const toml::node* file = find(file_key);
    if (node != nullptr && file != nullptr) {
        fail(Code::config_conflict, fmt::format("cannot use both \"{}\" and \"{}\" in {}", key, file_key, path_),
             "only one of them can count", "remove one of them", origin_of(file->source()));
        return;
    }
    if (node != nullptr) {
        bool outside = false;
        auto value = expanded(key, *node, &outside);
        if (!value) return;
        if (!outside && !value->empty()) {
            Failure warning;
            warning.code = Code::config_secret;
            warning.what = fmt::format("\"{}\" in {} is written in the file itself", key, path_);
            warning.because = "whoever reads the configuration reads the secret";
            warning.where = origin_of(node->source());
            reading_.warnings.push_back(std::move(warning));
        }
        record(key, toml_text(kRedacted), *node);
        into = Secret{std::move(*value)};
        return;
    }
    if (file == nullptr) return;
    auto name = expanded(file_key, *file);
    if (!name) return;
    record(file_key, toml_text(*name), *file);
    auto value = read_secret(*name, reading_.sources);
    if (!value) {
        Failure failure = std::move(value).error();
        failure.where = origin_of(file->source());
        reading_.failures.push_back(std::move(failure));
        return;
    }
    into = Secret{std::move(*value)};
}

void Reader::settings(std::string_view key, Settings& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong_type(key, "a table", *node);
    for (const auto& [name, value] : *table) {
        std::string text;
        if (value.is_string()) {
            auto result = expanded(key, value);
            if (!result) continue;
            text = std::move(*result);
        } else if (value.is_integer() || value.is_boolean() || value.is_floating_point()) {
            std::ostringstream written;
            value.visit([&](const auto& item) {
                if constexpr (toml::is_value<decltype(item)>) written << std::boolalpha << item.get();
            });
            text = written.str();
        } else {
            wrong_type(key, "a table of text, numbers and booleans", value);
            continue;
        }
        record(fmt::format("{}.{}", key, name.str()), toml_text(text), value);
        into[std::string{name.str()}] = std::move(text);
    }
}

void Reader::raw_settings(std::string_view key, Settings& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong_type(key, "a table of text", *node);
    for (const auto& [name, value] : *table) {
        bool outside = false;
        auto text = expanded(key, value, &outside);
        if (!text) continue;
        // What comes from a file or variable is taken for a secret: from now on it is scrubbed.
        if (outside) const Secret known{*text};
        record(fmt::format("{}.{}", key, name.str()), toml_text(outside ? kRedacted : *text), value);
        into[std::string{name.str()}] = std::move(*text);
    }
}

std::vector<toml::table> Reader::tables(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return {};
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        wrong_type(key, "a list", *node);
        return {};
    }
    std::vector<toml::table> out;
    for (const toml::node& item : *array) {
        if (const toml::table* table = item.as_table()) {
            out.push_back(*table);
        } else if (item.is_string()) {
            // toml++ keeps the source of a copied node, so errors still point at the name.
            toml::table named;
            named.insert("name", *item.as_string());
            out.push_back(std::move(named));
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
        fail(Code::config_key, fmt::format("cannot use the key \"{}\" in {}", key.str(), path_), "there is no such key",
             near.empty() ? fmt::format("the keys are: {}", join(known, ", ")) : fmt::format("did you mean \"{}\"?", near),
             origin_of(key.source()));
    }
}

}  // namespace ainit::config
