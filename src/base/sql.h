// SPDX-License-Identifier: Apache-2.0
// SQL text that is known to be well formed: made of literals of this program, quoted identifiers
// and quoted values. Text of any other origin (a migration file, a query of the configuration)
// enters by Sql::foreign only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ainit {

/// `"name"`, always quoted, inner quotes doubled.
std::string quote_identifier(std::string_view name);
/// `'text'`, or `E'…'` where there is a backslash, so that it holds for either
/// standard_conforming_strings.
std::string quote_literal(std::string_view text);

/// A line of SQL with an ellipsis in the place of what is quoted by single quotes, so that it can be kept and shown.
std::string without_literals(std::string_view line);

class Sql {
  public:
    // Only literals: a run-time string does not convert.
    consteval Sql(const char* literal) : literal_{literal} {}

    Sql() = default;

    /// Text that the user wrote: a migration, a check's query.
    static Sql foreign(std::string text);

    Sql& add(Sql more);                      ///< the text as it is
    Sql& identifier(std::string_view name);  ///< quoted
    Sql& literal(std::string_view text);     ///< quoted
    Sql& number(long long value);

    std::string text() const { return std::string{view()}; }

    bool empty() const { return view().empty(); }

    bool operator==(const Sql& other) const { return view() == other.view(); }

  private:
    std::string_view view() const {
        return text_ ? std::string_view{*text_} : std::string_view{literal_};
    }

    std::string& own();

    // A literal stays a literal until something is added: an empty optional is a constant, an empty
    // string is not.
    const char* literal_{""};
    std::optional<std::string> text_{};
};

}  // namespace ainit
