// SPDX-License-Identifier: Apache-2.0
#include "base/sql.h"

namespace ainit {

std::string quote_identifier(std::string_view name) {
    std::string out{"\""};
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

std::string quote_literal(std::string_view text) {
    const bool escapes = text.find('\\') != std::string_view::npos;
    std::string out{escapes ? "E'" : "'"};
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += c;
        out += c;
    }
    return out + '\'';
}

namespace {

/// Of the quote that ends the literal whose first one is there; with E before it a backslash takes the next one's meaning.
std::size_t end_of_literal(std::string_view line, std::size_t quote) {
    const bool escapes = quote > 0 && (line[quote - 1] == 'E' || line[quote - 1] == 'e');
    std::size_t end = quote + 1;
    while (end < line.size() && line[end] != '\'') end += escapes && line[end] == '\\' ? 2 : 1;
    return end < line.size() ? end : std::string_view::npos;
}

}  // namespace

std::string without_literals(std::string_view line) {
    std::string bare;
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] != '\'') {
            bare += line[at];
            continue;
        }
        // Two quotes within a literal are as good as one literal after the other.
        const std::size_t end = end_of_literal(line, at);
        bare += bare.ends_with("'…'") ? "" : "'…'";
        if (end == std::string_view::npos) break;
        at = end;
    }
    return bare;
}

Sql Sql::foreign(std::string text) {
    Sql sql;
    sql.text_ = std::move(text);
    return sql;
}

std::string& Sql::own() {
    if (!text_) text_ = literal_;
    return *text_;
}

Sql& Sql::add(Sql more) {
    own() += more.view();
    return *this;
}

Sql& Sql::identifier(std::string_view name) {
    own() += quote_identifier(name);
    return *this;
}

Sql& Sql::literal(std::string_view text) {
    own() += quote_literal(text);
    return *this;
}

Sql& Sql::number(long long value) {
    own() += std::to_string(value);
    return *this;
}

}  // namespace ainit
