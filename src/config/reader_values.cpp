// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/child.h"
#include "base/signal_name.h"
#include "base/text.h"
#include "config/reader.h"
#include "config/settings.h"

namespace ainit::config {
namespace {

/// The content of a file may be a secret, whatever key it is used for.
std::string shown(const Expanded& value) {
    return toml_text(value.from_file ? kRedacted : std::string_view{value.text});
}

}  // namespace

void Reader::text(std::string_view key, std::string& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (auto value = expanded(key, *node)) {
        allowed(key, value->text, *node);
        record(key, shown(*value), *node);
        into = std::move(value->text);
    }
}

void Reader::optional_text(std::string_view key, std::optional<std::string>& into) {
    if (find(key) == nullptr) return;
    std::string value;
    text(key, value);
    into = std::move(value);
}

void Reader::path(std::string_view key, std::string& into) {
    if (find(key) == nullptr) return;
    text(key, into);
    if (into != "system") into = resolve(into, reading_.sources);
}

void Reader::texts(std::string_view key, std::vector<std::string>& into, bool needs_one) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::vector<std::string> all;
    std::vector<std::string> written;
    const auto take = [&](const toml::node& item) {
        auto value = expanded(key, item);
        if (!value) return false;
        written.push_back(shown(*value));
        all.push_back(std::move(value->text));
        return true;
    };
    if (const toml::array* array = node->as_array()) {
        for (const toml::node& item : *array) {
            if (!take(item)) return;
        }
        record(key, "[" + join(written, ", ") + "]", *node);
    } else if (!node->is_string()) {
        return wrong_type(key, "text or a list of text", *node);
    } else {
        if (!take(*node)) return;
        record(key, written.front(), *node);
    }
    if (all.empty() && needs_one) {
        return fail(Code::config_type,
                    fmt::format("cannot use the value of \"{}\" in {}", key, path_),
                    "the list is empty",
                    "",
                    origin_of(*node));
    }
    into = std::move(all);
}

void Reader::texts_or_numbers(std::string_view key, std::vector<std::string>& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    std::vector<std::string> all;
    std::vector<std::string> written;
    for (std::size_t i = 0; i < (array == nullptr ? 1 : array->size()); ++i) {
        const toml::node& item = array == nullptr ? *node : *array->get(i);
        if (const auto* number = item.as_integer()) {
            all.push_back(std::to_string(number->get()));
            written.push_back(all.back());
        } else if (!item.is_string()) {
            return wrong_type(key, "an integer or a list of integers", item);
        } else {
            auto value = expanded(key, item);
            if (!value) return;
            written.push_back(shown(*value));
            all.push_back(std::move(value->text));
        }
    }
    if (all.empty()) {
        return fail(Code::config_type,
                    fmt::format("cannot use the value of \"{}\" in {}", key, path_),
                    "the list is empty",
                    "",
                    origin_of(*node));
    }
    record(key, array == nullptr ? written.front() : "[" + join(written, ", ") + "]", *node);
    into = std::move(all);
}

void Reader::arguments(std::string_view key, std::vector<std::string>& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        return wrong_type(key, "a list of text", *node,
                          node->is_string() ? "write [\"program\", \"argument\"]; where a shell is meant, [\"sh\", \"-c\", \"…\"]" : "");
    }
    std::vector<std::string> all;
    for (const toml::node& item : *array) {
        if (!item.is_string()) return wrong_type(key, "a list of text", item);
        auto value = expanded(key, item, Placeholders::of_login);
        if (!value) return;
        if (value->from_file) {
            return fail(Code::config_conflict,
                        fmt::format("cannot use ${{file:…}} in \"{}\" of {}", key, path_),
                        "every process can read a command's arguments",
                        "give it by environment = { NAME = \"${file:…}\" }",
                        origin_of(item));
        }
        all.push_back(std::move(value->text));
    }
    if (all.empty() || all.front().empty()) {
        return fail(Code::config_type,
                    fmt::format("cannot use the value of \"{}\" in {}", key, path_),
                    all.empty() ? "the list is empty" : "the command is empty",
                    "",
                    origin_of(*node));
    }
    record(key, toml_list(all), *node);
    into = std::move(all);
}

void Reader::flag(std::string_view key, bool& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::optional<std::string> outside;
    if (!from_outside(key, *node, outside)) return;
    if (!node->is_boolean() && outside != "true" && outside != "false")
        return wrong_type(key, "true or false", *node);
    into = outside ? *outside == "true" : node->as_boolean()->get();
    record(key, into ? "true" : "false", *node);
}

void Reader::number(std::string_view key, int& into, long long least, long long most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::optional<std::string> outside;
    if (!from_outside(key, *node, outside)) return;
    std::optional<long long> value;
    if (outside) value = parse_integer(*outside);
    else if (node->is_integer()) value = node->as_integer()->get();
    if (!value) return wrong_type(key, "an integer", *node);
    if (*value < least || *value > most) {
        fail(Code::config_type,
             fmt::format("cannot use {} as \"{}\" in {}", *value, key, path_),
             fmt::format("it must be between {} and {}", least, most),
             "",
             origin_of(*node));
        return;
    }
    into = static_cast<int>(*value);
    record(key, std::to_string(*value), *node);
}

void Reader::duration(std::string_view key, Duration& into, Duration least) {
    std::optional<Duration> value;
    duration(key, value, least);
    if (value) into = *value;
}

void Reader::duration(std::string_view key, std::optional<Duration>& into, Duration least) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::string written;
    std::string text;
    if (node->is_integer()) {
        text = std::to_string(node->as_integer()->get());
        written = text;
    } else if (node->is_string()) {
        std::optional<std::string> outside;
        if (!from_outside(key, *node, outside)) return;
        text = outside ? std::move(*outside) : node->as_string()->get();
        written = toml_text(text);
    } else {
        return wrong_type(key, "a duration such as \"30s\"", *node);
    }
    const auto value = parse_duration(text);
    if (!value || *value < least) {
        return fail(
            Code::config_type,
            fmt::format("cannot use {} as \"{}\" in {}", written, key, path_),
            value ? fmt::format("it must be at least {}", show(least)) : "it is no duration",
            "write 500ms, 30s, 2m or 1h",
            origin_of(*node));
    }
    into = *value;
    record(key, written, *node);
}

void Reader::warn_of_plain_secret(std::string_view key) {
    Failure warning;
    warning.code = Code::config_secret;
    warning.what = fmt::format("\"{}\" in {} is written in the file itself", key, path_);
    warning.because = "whoever reads the configuration reads the secret";
    warning.where = origin(key);
    reading_.warnings.push_back(std::move(warning));
}

void Reader::secret(std::string_view key, Secret& into, bool maybe) {
    const std::string file_key = fmt::format("{}_file", key);
    const toml::node* node = find(key);
    const toml::node* file = find(file_key);
    if (node != nullptr && file != nullptr) {
        return fail(Code::config_conflict,
                    fmt::format("cannot use both \"{}\" and \"{}\" in {}", key, file_key, path_),
                    "only one of them can count",
                    "remove one of them",
                    origin_of(*file));
    }
    if (file != nullptr) return secret_from_file(file_key, *file, into);
    if (node == nullptr) return;
    auto value = expanded(key, *node);
    if (!value) return;
    for (const std::string& name : value->variables) withhold_variable(name);
    if (value->text.empty() && !maybe && !value->from_file) {
        return fail(Code::config_secret,
                    fmt::format("cannot use the value of \"{}\" in {}", key, path_),
                    "it is empty",
                    "write the secret, or leave the key out",
                    origin_of(*node));
    }
    if (!value->from_outside && !value->text.empty() && !maybe) warn_of_plain_secret(key);
    record(key, toml_text(kRedacted), *node);
    into = Secret{std::move(value->text)};
}

void Reader::secret_from_file(std::string_view key, const toml::node& node, Secret& into) {
    auto name = expanded(key, node);
    if (!name) return;
    record(key, shown(*name), node);
    auto value = read_secret(name->text, reading_.sources);
    if (value) {
        into = Secret{std::move(*value)};
        return;
    }
    Failure failure = std::move(value).error();
    failure.where = origin_of(node);
    reading_.failures.push_back(std::move(failure));
}

std::optional<std::string> Reader::setting_text(std::string_view key, const toml::node& value) {
    if (const auto* number = value.as_integer()) return fmt::format("{}", number->get());
    if (const auto* number = value.as_floating_point()) return fmt::format("{}", number->get());
    if (const auto* flag = value.as_boolean()) return fmt::format("{}", flag->get());
    wrong_type(key, "a table of text, numbers and booleans", value);
    return {};
}

void Reader::settings(std::string_view key, Settings& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong_type(key, "a table", *node);
    for (const auto& [name, value] : *table) {
        Expanded text;
        if (value.is_string()) {
            auto result = expanded(key, value);
            if (!result) continue;
            text = std::move(*result);
        } else if (auto plain = setting_text(key, value)) {
            text.text = std::move(*plain);
        } else {
            continue;
        }
        record(fmt::format("{}.{}", key, name.str()), shown(text), value);
        into[std::string{name.str()}] = std::move(text.text);
    }
}

void Reader::variables(std::string_view key, Settings& into) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong_type(key, "a table of text", *node);
    for (const auto& [name, value] : *table) {
        auto text = expanded(key, value, Placeholders::of_login);
        if (!text) continue;
        for (const std::string& variable : text->variables) withhold_variable(variable);
        // From now on it is scrubbed.
        if (text->from_outside) const Secret known{unescaped(text->text)};
        record(fmt::format("{}.{}", key, name.str()),
               toml_text(text->from_outside ? kRedacted : std::string_view{text->text}),
               value);
        into[std::string{name.str()}] = std::move(text->text);
    }
}

std::optional<int> Reader::signal_in(std::string_view key, const std::string& text, const toml::node& node) {
    const auto number = signal_of(text);
    if (!number) {
        fail(Code::config_type, fmt::format("cannot use \"{}\" in \"{}\" of {}", text, key, path_), "there is no such signal",
             "write a name such as TERM or RTMIN+1, or a number", origin_of(node));
    }
    return number;
}

void Reader::signal(std::string_view key, int& into) {
    if (!has(key)) return static_cast<void>(find(key));
    std::string name;
    text(key, name);
    if (name.empty()) return;
    if (const auto number = signal_in(key, name, *table_.get(key))) into = *number;
}

void Reader::signals(std::string_view key, std::map<int, int>& into) {
    if (!has(key)) return static_cast<void>(find(key));
    Settings pairs;
    settings(key, pairs);
    for (const auto& [from, to] : pairs) {
        const toml::node& node = *table_.get(key);
        const auto first = signal_in(key, from, node);
        const auto second = to == "0" ? std::optional{0} : signal_in(key, to, node);
        if (first && second) into[*first] = *second;
    }
}

}  // namespace ainit::config
