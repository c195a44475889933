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
constexpr std::array kWords{"catch",          "console",      "finally",     "globalThis", "process",
                            "queueMicrotask", "setImmediate", "setInterval", "setTimeout"};
constexpr std::array kCalls{".addListener", ".allSettled", ".any(", ".emit(", ".on(", ".once(", ".race(", ".then"};

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
    return std::ranges::none_of(kCalls, calls) && std::ranges::none_of(kWords, says);
}

}  // namespace ainit::migrate::typeorm
