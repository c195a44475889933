// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/ahead.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "migrate/typeorm/demands.h"

namespace ainit::migrate::typeorm {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kVerbs{
    {{"alter", "ALTER"}, {"comment", "COMMENT"}, {"create", "CREATE"}, {"drop", "DROP"}}};
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

/// Whether the word stands somewhere, and `holds` of what follows it there.
template <class Holds>
bool any_word(std::string_view text, std::string_view word, const Holds& holds) {
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const std::string_view rest = text.substr(at + word.size());
        const bool whole = (at == 0 || !is_letter(text[at - 1])) && (rest.empty() || !is_letter(rest.front()));
        if (whole && holds(rest)) return true;
    }
    return false;
}

bool has_word(std::string_view text, std::string_view word) {
    return any_word(text, word, [](std::string_view) { return true; });
}

/// What follows a name in code, and seldom a word of a comment or of a name like 'global-admin'.
bool is_read(std::string_view rest) {
    if (rest.empty()) return false;
    const bool member = (rest[0] == '.' || rest[0] == '?') && rest.size() > 1 && std::isspace(static_cast<unsigned char>(rest[1])) == 0;
    return member || std::string_view{"[;,)"}.find(rest[0]) != std::string_view::npos;
}

bool ends_line(std::string_view rest) {
    return rest.empty() || rest[0] == '\n' || rest[0] == '\r';
}

/// Node's name for the global object.
bool names_global(std::string_view source) {
    return any_word(source, "global", is_read) || has_word(source, "globalThis");
}

bool begins_text(std::string_view rest) {
    return rest.starts_with('"') || rest.starts_with('\'');
}

/// What follows is the name of a module, in quotes, that a script may load.
bool names_known(std::string_view rest) {
    return begins_text(rest) && std::ranges::find(kModules, rest.substr(1, rest.find(rest.front(), 1) - 1)) != kModules.end();
}

bool loads_more(std::string_view source) {
    const auto required = [](std::string_view rest) {
        // In prose a word follows.
        if (!trim(rest).starts_with('(')) return is_read(rest) || ends_line(rest) || rest[0] == '!' || rest.starts_with(" as ");
        return !rest.starts_with('(') || !names_known(rest.substr(1));
    };
    // In SQL FROM 'x' is rare, and costs time alone.
    const auto imported = [](std::string_view rest) {
        return rest.starts_with(' ') && begins_text(rest.substr(1)) && !names_known(rest.substr(1));
    };
    return any_word(source, "require", required) || any_word(source, "from", imported) || any_word(source, "import", imported);
}

}  // namespace

std::string known_tag(const std::string& text) {
    const auto [verb, what] = first_words(text);
    const auto known = std::ranges::find(kVerbs, verb, &std::pair<std::string_view, std::string_view>::first);
    if (known == kVerbs.end()) return {};
    if (verb == "create" && std::ranges::find(kMade, what) == kMade.end()) return {};
    if (verb == "create" && what == "table" && has_word(lowered(text), "as")) return {};
    if (may_be_several(text) || demands_of(text).loose) return {};
    return std::string{known->second};
}

bool cannot_tell(std::string_view source) {
    const auto calls = [&](const char* call) { return source.find(call) != std::string_view::npos; };
    const auto says = [&](const char* word) { return has_word(source, word); };
    return std::ranges::none_of(kCalls, calls) && std::ranges::none_of(kWords, says) && !names_global(source) && !loads_more(source);
}

bool tells_its_migrations(std::string_view source) {
    static constexpr std::array kAsking{"Date", "eval", "process"};
    static constexpr std::array kCalling{"Function(", "Math.random", "import("};
    const auto is_used = [](std::string_view rest) { return is_read(rest) || ends_line(rest) || rest.starts_with('('); };
    return std::ranges::none_of(kAsking, [&](const char* word) { return any_word(source, word, is_used); }) &&
           std::ranges::none_of(kCalling, [&](const char* call) { return source.find(call) != std::string_view::npos; }) &&
           !names_global(source) && !loads_more(source);
}

bool meddles(std::string_view source) {
    const auto is_assigned = [](std::string_view rest) {
        if (!rest.starts_with('.')) return false;
        rest.remove_prefix(1);
        rest = rest.substr(static_cast<std::size_t>(std::ranges::find_if_not(rest, is_letter) - rest.begin()));
        rest = trim(rest);
        return rest.starts_with('=') && !rest.starts_with("==");
    };
    return names_global(source) || any_word(source, "prototype", is_assigned) || has_word(source, "setPrototypeOf");
}

}  // namespace ainit::migrate::typeorm
