// SPDX-License-Identifier: Apache-2.0
// One migration file as statements.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/sql/nature.h"

namespace ainit::migrate::sql {

struct Statement {
    std::size_t offset{};  ///< of its first word
    std::size_t length{};  ///< without the semicolon
    Nature nature{};
};

struct Script {
    std::string text{};  ///< without a byte order mark
    std::vector<Statement> statements{};
    /// What a directive at the head demands: a transaction, or none.
    std::optional<bool> transaction{};
    /// The first statement that makes a transaction impossible, and why; empty if there is none.
    std::string outside{};
    std::size_t outside_offset{};

    std::string_view of(const Statement& statement) const;
    /// The first line of a statement, for people.
    std::string title(const Statement& statement) const;
    Origin origin(const std::string& file, std::size_t offset) const;
};

enum class Grammar {
    strict,  ///< what libpg_query does not understand is an error
    newer    ///< the server may understand more: then words alone split the text
};

/// Refuses, naming the line, what cannot be sent: commands of psql, COPY FROM stdin, text that is
/// no UTF-8, an unknown directive or one that stands too late, and, if strict, syntax errors. All
/// with Code::migration_syntax.
Result<Script> read_script(const std::string& file, std::string text, Grammar grammar);

}  // namespace ainit::migrate::sql
