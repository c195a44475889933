// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/parser.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <boost/json/parse.hpp>
#include <pg_query.h>

#include "base/text.h"
#include "migrate/sql/blank.h"

namespace ainit::migrate::sql {
namespace {

/// Deeper trees than this belong to no statement that is looked at.
constexpr std::size_t kDeepest = 500;
/// libpg_query writes trees by recursion, without a limit: 100,000 operators in a row (200 KB) are
/// more than 8 MB of stack.
constexpr std::size_t kLongest = 64 * 1024;

/// The grammar counts characters from 1.
std::size_t byte_offset(std::string_view text, int cursor) {
    std::size_t offset = 0;
    for (int left = cursor; left > 1 && offset < text.size(); --left) {
        ++offset;
        while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U)
            ++offset;
    }
    return offset;
}

Split taken(PgQuerySplitResult result, std::string_view text) {
    Split split;
    if (result.error != nullptr) {
        const int cursor = result.error->cursorpos;
        split.trouble = Trouble{result.error->message, byte_offset(text, cursor)};
    }
    // With an error the count stands for statements that are not there.
    const int count = result.error != nullptr ? 0 : result.n_stmts;
    for (int i = 0; i < count; ++i) {
        const PgQuerySplitStmt& one = *result.stmts[i];
        const auto offset = std::min(text.size(), static_cast<std::size_t>(one.stmt_location));
        const auto length = static_cast<std::size_t>(one.stmt_len);
        split.pieces.push_back({offset, std::min(length, text.size() - offset)});
    }
    pg_query_free_split_result(result);
    return split;
}

/// From `begin` to `end`: where there is more than blanks, comments and semicolons.
std::optional<std::size_t> something_in(std::string_view text, std::size_t begin, std::size_t end) {
    std::size_t at = skip_blank(text, begin).end;
    while (at < end && text[at] == ';') at = skip_blank(text, at + 1).end;
    if (at < end) return at;
    return {};
}

/// libpg_query's scanner takes for a statement only what has a keyword of its grammar, and leaves out the rest without a word:
/// a misspelt SELEC 1 would count as done. No statement of any version is without one.
std::optional<Trouble> passed_over(std::string_view text, const std::vector<Piece>& pieces) {
    std::size_t begin = 0;
    std::optional<std::size_t> found;
    for (const Piece& piece : pieces) {
        if (!found) found = something_in(text, begin, piece.offset);
        begin = piece.offset + piece.length;
    }
    if (!found) found = something_in(text, begin, text.size());
    if (!found) return {};
    std::size_t end = *found + 1;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
    return Trouble{"syntax error at or near \"" + mend_utf8(text.substr(*found, end - *found)) + "\"", *found};
}

}  // namespace

int grammar_version() {
    constexpr std::string_view version{PG_MAJORVERSION};
    int number = 0;
    std::from_chars(version.data(), version.data() + version.size(), number);
    return number;
}

Split split_by_grammar(const std::string& text) {
    return taken(pg_query_split_with_parser(text.c_str()), text);
}

Split split_by_words(const std::string& text) {
    Split split = taken(pg_query_split_with_scanner(text.c_str()), text);
    if (!split.trouble) split.trouble = passed_over(text, split.pieces);
    return split;
}

std::optional<boost::json::value> parse_tree(const std::string& statement) {
    namespace json = boost::json;
    if (statement.size() > kLongest) return {};
    PgQueryParseResult result = pg_query_parse(statement.c_str());
    std::optional<json::value> tree;
    if (result.error == nullptr) {
        json::parse_options options;
        options.max_depth = kDeepest;
        boost::system::error_code error;
        json::value all = json::parse(result.parse_tree, error, {}, options);
        const json::value* found = error ? nullptr : all.find_pointer("/stmts/0/stmt", error);
        if (found != nullptr) tree = *found;
    }
    pg_query_free_parse_result(result);
    return tree;
}

}  // namespace ainit::migrate::sql
