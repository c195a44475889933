// SPDX-License-Identifier: Apache-2.0
// libpg_query behind a door: PostgreSQL's own grammar, that of version 17. Offsets are in bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace ainit::migrate::sql {

/// The major version whose grammar this is; newer servers know more than it.
int grammar_version();

struct Piece {
    std::size_t offset{};
    std::size_t length{};
};

struct Trouble {
    std::string message{};
    std::size_t offset{};
};

struct Split {
    std::vector<Piece> pieces{};
    std::optional<Trouble> trouble{};
};

/// By the grammar: right on everything it understands.
Split split_by_grammar(const std::string& text);
/// By the words alone: also where the grammar understands a statement not.
Split split_by_words(const std::string& text);

/// The parse tree of one statement as libpg_query's JSON ({"IndexStmt": {…}}); empty where the
/// grammar does not understand it, or where it is too long or too deep to be looked at.
std::optional<boost::json::value> parse_tree(const std::string& statement);

}  // namespace ainit::migrate::sql
