// SPDX-License-Identifier: Apache-2.0
// The ledger: the table that records which files are applied.
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
    std::string applied_at{};  ///< ISO 8601, UTC; empty while only a part of the file is done
    int statements{0};
    int done{0};                  ///< how many of the statements
    std::string done_checksum{};  ///< of those, while only a part is done
};

/// What is recorded of one file.
struct Record {
    std::string name{};
    std::string checksum{};
    int statements{0};
    int done{0};
    std::string done_checksum{};
    Duration duration{0};

    bool whole() const { return done == statements; }
};

class Ledger {
  public:
    explicit Ledger(const config::Migration& migration);

    /// Reads only, in one question. Empty where the table is not there.
    Result<std::vector<Row>> read(postgres::Session& session, const Stop& stop) const;

    /// Makes the table, and its schema if one is named, where they are missing. Others may do the
    /// same at once.
    Result<void> make(postgres::Session& session, const Stop& stop);

    /// Writes a record as the user who logged in, whatever role a migration took; within a
    /// transaction if one is open, else in one of its own. False: another run has recorded the file
    /// as applied meanwhile.
    Result<bool> write(postgres::Session& session, const Record& record, const Stop& stop) const;

    const std::string& schema() const { return schema_; }

  private:
    Sql table() const;
    Result<void> find_place(postgres::Session& session, const Stop& stop);
    Failure failure(std::string_view verb, Failure cause) const;

    const config::Migration& migration_;
    std::string schema_;  ///< empty: wherever search_path finds the table
};

}  // namespace ainit::migrate::sql
