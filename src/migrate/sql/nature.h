// SPDX-License-Identifier: Apache-2.0
// What a statement demands of the transaction around it.
#pragma once

#include <string>
#include <vector>

namespace ainit::migrate::sql {

struct Nature {
    /// Why it cannot run in a transaction: "CREATE INDEX CONCURRENTLY"; empty if it can.
    std::string outside{};
    /// It waits for other transactions by design: a lock_timeout would only leave it half done.
    bool waits{false};
    /// CREATE INDEX CONCURRENTLY IF NOT EXISTS index ON table: its name, and the table quoted as SQL wants it.
    std::string index{};
    std::string index_table{};
    /// It begins or ends a transaction: "COMMIT"; empty otherwise. Savepoints do neither.
    std::string control{};
    /// It may commit inside, or makes sense only in a transaction of the file's own.
    bool alone{false};
    /// COPY … FROM stdin.
    bool wants_input{false};
    /// ALTER TYPE type ADD VALUE 'label'.
    std::string enum_type{};
    std::string enum_label{};
    /// CREATE TYPE type AS ENUM.
    std::string new_enum{};
};

/// A statement that the grammar does not understand has no demands.
Nature nature_of(const std::string& statement);

/// Whether the statement uses the text as a value: as a string, as an element of an array written as one, or quoted within
/// one (the body of a function).
bool uses_value(const std::string& statement, const std::string& value);

}  // namespace ainit::migrate::sql
