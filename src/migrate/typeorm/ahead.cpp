// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/ahead.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "migrate/typeorm/demands.h"

namespace ainit::migrate::typeorm {
namespace {

/// Of what can be made, that which answers with a tag alone; tables but for CREATE TABLE … AS, which tells how many rows.
constexpr std::array kMade{"index", "sequence", "table", "type", "unique"};

// In a source that has none of these no error is handled, and nothing is seen from outside but what the server is sent.
constexpr std::array kWords{"broadcaster", "catch",   "console",     "databaseConnection", "driver",       "eval",        "finally",
                            "globalThis",  "logger",  "process",     "queueMicrotask",     "setImmediate", "setInterval", "setTimeout", "subscribers"};
constexpr std::array kCalls{"Function(", "Listener", "Symbol.", ".allSettled", ".any(", ".connect(", ".emit(", ".on(", ".once(", ".race(", ".then", "import("};
/// What a script may load all the same: nothing of these calls it back.
constexpr std::array kModules{"crypto", "node:crypto", "typeorm"};

bool is_letter(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

bool has_word(std::string_view text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool begins = at == 0 || !is_letter(text[at - 1]);
        if (begins && (end == text.size() || !is_letter(text[end]))) return true;
    }
    return false;
}

/// Node's name for the global object, and not a word of a comment or a name like 'global-admin'.
bool names_global(std::string_view source) {
    constexpr std::string_view kName{"global"};
    for (std::size_t at = source.find(kName); at != std::string_view::npos; at = source.find(kName, at + 1)) {
        const std::string_view rest = source.substr(at + kName.size());
        const bool word = at == 0 || !is_letter(source[at - 1]);
        const bool member = rest.size() > 1 && (rest.starts_with('[') || ((rest[0] == '.' || rest[0] == '?') && !std::isspace(static_cast<unsigned char>(rest[1]))));
        if (word && (member || rest.starts_with(';') || rest.starts_with(',') || rest.starts_with(')'))) return true;
    }
    return has_word(source, "globalThis");
}

/// What is loaded here by a text of its own, which begins at the offset: `"typeorm")`.
bool loads_known(std::string_view source, std::size_t at) {
    const char quote = at < source.size() ? source[at] : '\0';
    if (quote != '"' && quote != '\'') return false;
    const std::size_t end = source.find(quote, at + 1);
    const std::string_view name = source.substr(at + 1, end == std::string_view::npos ? 0 : end - at - 1);
    return std::ranges::find(kModules, name) != kModules.end();
}

bool loads_more(std::string_view source) {
    constexpr std::string_view kRequire{"require"};
    for (std::size_t at = source.find(kRequire); at != std::string_view::npos; at = source.find(kRequire, at + 1)) {
        const std::size_t behind = at + kRequire.size();
        const bool word = (at == 0 || !is_letter(source[at - 1])) && (behind == source.size() || !is_letter(source[behind]));
        if (word && (behind == source.size() || source[behind] != '(' || !loads_known(source, behind + 1))) return true;
    }
    for (const std::string_view word : {"from ", "import "}) {
        for (std::size_t at = source.find(word); at != std::string_view::npos; at = source.find(word, at + 1)) {
            const std::size_t behind = at + word.size();
            const bool loads = behind < source.size() && (source[behind] == '"' || source[behind] == '\'');
            // In SQL: FROM 'x' is rare, and costs time alone.
            if (loads && !loads_known(source, behind)) return true;
        }
    }
    return false;
}

}  // namespace

std::string known_tag(const std::string& text) {
    const auto words = first_words(text);
    const std::string& verb = words.front();
    if (verb != "create" && verb != "alter" && verb != "drop" && verb != "comment") return {};
    if (verb == "create" && std::ranges::find(kMade, words.back()) == kMade.end()) return {};
    if (words.back() == "table" && verb == "create" && has_word(lowered(text), "as")) return {};
    if (may_be_several(text) || demands_of(text).loose) return {};
    std::string tag = verb;
    std::ranges::transform(tag, tag.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return tag;
}

bool cannot_tell(std::string_view source) {
    const auto calls = [&](const char* call) { return source.find(call) != std::string_view::npos; };
    const auto says = [&](const char* word) { return has_word(source, word); };
    return std::ranges::none_of(kCalls, calls) && std::ranges::none_of(kWords, says) && !names_global(source) && !loads_more(source);
}

bool meddles(std::string_view source) {
    if (names_global(source)) return true;
    constexpr std::string_view kPrototype{".prototype."};
    for (std::size_t at = source.find(kPrototype); at != std::string_view::npos; at = source.find(kPrototype, at + 1)) {
        std::size_t end = at + kPrototype.size();
        while (end < source.size() && is_letter(source[end])) ++end;
        while (end < source.size() && source[end] == ' ') ++end;
        if (source.substr(end, 1) == "=" && source.substr(end, 2) != "==") return true;
    }
    return source.find("setPrototypeOf") != std::string_view::npos;
}

}  // namespace ainit::migrate::typeorm
