// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/blank.h"

#include <algorithm>

#include "base/text.h"

namespace ainit::migrate::sql {
namespace {

constexpr std::string_view kBlanks{" \t\r\n\f\v"};
constexpr std::string_view kOurs{"alkemio-init:"};
constexpr std::string_view kOfSqlx{"no-transaction"};

void note_directive(std::string_view line, std::size_t offset, std::vector<Directive>& found) {
    const std::string_view words = trim(line);
    if (words.starts_with(kOurs)) {
        found.push_back({trim(words.substr(kOurs.size())), offset});
    } else if (words == kOfSqlx) {
        found.push_back({words, offset});
    }
}

/// Comments of this kind nest; one without an end goes to the end of the text.
std::size_t end_of_block(std::string_view text, std::size_t at) {
    int depth = 0;
    while (at < text.size()) {
        const std::string_view two = text.substr(at, 2);
        if (two == "/*") ++depth;
        if (two == "*/") --depth;
        at += two == "/*" || two == "*/" ? 2U : 1U;
        if (depth == 0) break;
    }
    return std::min(at, text.size());
}

}  // namespace

Blank skip_blank(std::string_view text, std::size_t begin) {
    Blank blank{begin, {}};
    while (blank.end < text.size()) {
        const std::string_view rest = text.substr(blank.end);
        if (rest.starts_with("--")) {
            const std::size_t length = std::min(rest.find_first_of("\r\n"), rest.size());
            note_directive(rest.substr(2, length - 2), blank.end, blank.directives);
            blank.end += length;
        } else if (rest.starts_with("/*")) {
            blank.end = end_of_block(text, blank.end);
        } else if (kBlanks.find(rest.front()) != std::string_view::npos) {
            ++blank.end;
        } else {
            break;
        }
    }
    return blank;
}

}  // namespace ainit::migrate::sql
