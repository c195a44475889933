// SPDX-License-Identifier: Apache-2.0
// A file as its statements, by PostgreSQL's own grammar (libpg_query, that of PostgreSQL 17). The only file of the program
// that sees libpg_query is split.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ainit::migrate::sql {

struct Statement {
    std::string text{};       ///< without the semicolon
    std::size_t offset{};     ///< of its first byte within the file
    /// It must run outside a transaction block: CREATE INDEX CONCURRENTLY, VACUUM, CREATE DATABASE, ALTER TYPE … ADD
    /// VALUE whose value is used further down …
    bool alone{false};
};

struct Script {
    std::vector<Statement> statements{};
    /// The file says so: `-- alkemio-init: no-transaction` among its first comments.
    bool no_transaction{false};

    /// The first statement that must run outside a transaction; null if there is none.
    const Statement* first_alone() const;
};

/// Splits. Text that libpg_query cannot parse (syntax of a newer server) is split by its tokens, and the server judges
/// it. Refused, with file, line and column: psql's backslash commands and COPY … FROM STDIN (migration_syntax), commands
/// that begin or end transactions (migration_refused), an unknown directive.
Result<Script> split_script(std::string_view text, const std::string& path);

}  // namespace ainit::migrate::sql
