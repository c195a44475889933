// SPDX-License-Identifier: Apache-2.0
// The table that records which files were applied. Its columns: name, checksum, applied_at, milliseconds, applied_by,
// statements (how many of the file are done) and complete. A row that is not complete belongs to a file that runs without
// a transaction and was cut off; its checksum is that of the statements done, so that the next run can go on after them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "postgres/session.h"

namespace ainit::migrate::sql {

struct Row {
    std::string name{};
    std::string checksum{};
    std::string applied_at{};
    int statements{0};
    bool complete{true};
};

class Ledger {
  public:
    /// `schema` empty: the first schema of the session's search_path.
    static Result<Ledger> open(postgres::Session& session, const config::Migration& migration, const Stop& stop);

    bool exists() const { return exists_; }

    /// All rows in the order of their application; none when the table does not exist.
    Result<std::vector<Row>> rows(postgres::Session& session, const Stop& stop) const;

    /// Makes the table; somebody else may do so at the same moment.
    Result<void> create(postgres::Session& session, const Stop& stop);

    /// Writes or replaces a file's row, in whatever transaction the session is in.
    Result<void> record(postgres::Session& session, const Row& row, Duration took, const Stop& stop) const;

    /// `"public"."schema_migrations"`.
    Sql table() const;
    std::string shown() const { return schema_ + "." + table_; }

  private:
    std::string schema_{};
    std::string table_{};
    bool exists_{false};
};

}  // namespace ainit::migrate::sql
