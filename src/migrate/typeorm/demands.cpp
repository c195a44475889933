// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/demands.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/secret.h"
#include "base/sql.h"
#include "base/text.h"
#include "migrate/sql/blank.h"
#include "migrate/sql/nature.h"
#include "migrate/sql/parser.h"
#include "migrate/typeorm/watch.h"

namespace ainit::migrate::typeorm {
namespace {

constexpr std::array kOfTransactions{"abort", "begin", "commit", "end", "rollback", "start"};
constexpr std::array kOfSessions{"close", "deallocate", "declare", "discard", "fetch",   "listen", "load",    "lock",
                                 "move",  "prepare",    "release", "reset",   "savepoint", "set",  "unlisten"};
constexpr std::array kAsking{"select", "show", "table", "values", "explain"};
/// Where none of these occurs, no statement of several is of a transaction.
constexpr std::array kTraces{"abort", "begin", "commit", "end", "rollback", "start"};

/// The word that begins at the offset, behind blanks and comments, in small letters; the offset is behind it then.
std::string word_at(std::string_view text, std::size_t& offset) {
    offset = sql::skip_blank(text, offset).end;
    std::string word;
    for (; offset < text.size() && std::isalpha(static_cast<unsigned char>(text[offset])) != 0; ++offset) {
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(text[offset])));
    }
    return word;
}

std::string first_word(std::string_view text) {
    std::size_t offset = 0;
    return word_at(text, offset);
}

template <std::size_t size>
bool among(const std::array<const char*, size>& words, std::string_view word) {
    return std::ranges::any_of(words, [&](std::string_view one) { return one == word; });
}

/// One of these occurs in every statement that runs outside a transaction only; see sql/nature.cpp.
constexpr std::array kOutside{"cluster",  "concurrently", "database",   "discard", "prepared",
                              "reindex", "subscription", "system", "tablespace",   "vacuum"};

bool runs_outside(const std::string& text) {
    const std::string small = lowered(text);
    const bool may = std::ranges::any_of(kOutside, [&](const char* one) { return small.find(one) != std::string::npos; });
    return may && !sql::nature_of(text).outside.empty();
}

std::vector<std::string> pieces_of(const std::string& text) {
    std::vector<std::string> pieces;
    const sql::Split split = sql::split_by_grammar(text);
    if (split.trouble) return {text};
    for (const sql::Piece& piece : split.pieces) pieces.push_back(text.substr(piece.offset, piece.length));
    return pieces;
}

bool sets_by_function(std::string_view text) {
    return contains_ignoring_case(text, "set_config(") || contains_ignoring_case(text, "advisory_lock") ||
           contains_ignoring_case(text, "advisory_xact_lock");
}

bool again(std::string_view word, std::string_view text) {
    return among(kOfTransactions, word) || among(kOfSessions, word) || (word == "select" && sets_by_function(text));
}

bool ends_inside(std::string_view text) {
    return contains_ignoring_case(text, "commit") || contains_ignoring_case(text, "rollback");
}

Demands demands_of_several(const std::vector<std::string>& pieces) {
    Demands demands;
    demands.again = true;
    for (const std::string& piece : pieces) {
        const std::string word = first_word(piece);
        demands.again = demands.again && again(word, piece);
        demands.controls = demands.controls || among(kOfTransactions, word);
    }
    demands.loose = demands.controls || demands.again;
    return demands;
}

}  // namespace

std::array<std::string, 2> first_words(std::string_view text) {
    std::size_t offset = 0;
    std::string first = word_at(text, offset);
    return {std::move(first), word_at(text, offset)};
}

bool may_be_several(std::string_view text) {
    const std::size_t end = text.find(';');
    return end != std::string_view::npos && sql::skip_blank(text, end + 1).end < text.size();
}

Demands demands_of(const std::string& text) {
    const std::string word = first_word(text);
    Demands demands;
    if (may_be_several(text)) {
        const bool traces = std::ranges::any_of(kTraces, [&](const char* one) { return contains_ignoring_case(text, one); });
        if (!traces && !again(word, text)) return demands;
        const std::vector<std::string> pieces = pieces_of(text);
        if (pieces.size() > 1) return demands_of_several(pieces);
    }
    demands.again = again(word, text);
    demands.commits = word == "commit" || word == "end";
    demands.asks = among(kAsking, word);
    demands.loose = demands.again || (word == "do" && ends_inside(text)) || runs_outside(text);
    return demands;
}

bool commits(const std::string& text) {
    static constexpr std::array kEnds{"commit", "end"};
    const auto ends = [](std::string_view piece) {
        const std::string word = first_word(piece);
        return among(kEnds, word) || (word == "prepare" && contains_ignoring_case(piece, "transaction"));
    };
    if (!may_be_several(text)) return ends(text);
    static constexpr std::array kWords{"commit", "end", "prepare"};
    if (std::ranges::none_of(kWords, [&](const char* one) { return contains_ignoring_case(text, one); })) return false;
    const sql::Split split = sql::split_by_grammar(text);
    if (split.trouble) return contains_ignoring_case(text, "commit");
    return std::ranges::any_of(split.pieces, [&](const sql::Piece& piece) {
        return ends(std::string_view{text}.substr(piece.offset, piece.length));
    });
}

bool rolls_back(const std::string& text) {
    std::string small = lowered(trim(text));
    if (small.ends_with(';')) small.pop_back();
    static constexpr std::array kWhole{"abort", "abort transaction", "abort work", "rollback", "rollback transaction", "rollback work"};
    return among(kWhole, trim(small));
}

std::vector<std::string> settings_in(const std::string& text) {
    std::vector<std::string> settings;
    if (!may_be_several(text)) return settings;
    for (std::string& piece : pieces_of(text)) {
        const std::string word = first_word(piece);
        const bool of_session = word == "set" || word == "reset" || (word == "select" && sets_by_function(piece));
        if (of_session) settings.push_back(std::move(piece));
    }
    return settings;
}

std::string bare(const std::string& title) {
    return without_literals(scrub(title));
}

}  // namespace ainit::migrate::typeorm
