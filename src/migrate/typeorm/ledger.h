// SPDX-License-Identifier: Apache-2.0
// TypeORM's ledger, which only TypeORM writes; and beside it a table of our own that knows which text each applied
// migration had.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "postgres/session.h"

namespace ainit::migrate::typeorm {

struct Row {
    long long id{0};
    long long timestamp{0};
    std::string name{};
};

/// In the order of the ids; empty where there is no ledger yet. `schema` empty: current_schema().
Result<std::vector<Row>> read_ledger(postgres::Session& session, const std::string& schema, const std::string& table,
                                     const Stop& stop);

/// The same, for the end of a run: waits until the Stop is over while somebody has it locked, be it what was broken off, until
/// the server has noticed that.
Result<std::vector<Row>> read_free_ledger(postgres::Session& session, const std::string& schema, const std::string& table,
                                          const Stop& stop);

/// Whether a failure of read_ledger means that a run has locked it.
bool is_at_work(const Failure& failure);

/// What is known of an applied migration.
struct Record {
    std::string checksum{};
    std::string applied_at{};  ///< ISO 8601, UTC
    int of_file{0};            ///< how many migrations its file has; 0: the file's text alone does not tell
};

/// By the migrations' names; empty where there is no such table, or no right to read it.
Result<std::map<std::string, Record>> read_records(postgres::Session& session, const std::string& ledger,
                                                   const Stop& stop);

struct NewRecord {
    std::string name{};
    std::string checksum{};
    Duration took{0};
    int statements{0};
    int of_file{0};
};

/// Makes the table if need be. A Failure when it may not: the run is done nevertheless.
Result<void> write_records(postgres::Session& session, const std::string& ledger,
                           const std::vector<NewRecord>& records, const Stop& stop);

/// Forgets migrations that are not applied any more, where there is such a table.
Result<void> forget_records(postgres::Session& session, const std::string& ledger, const std::vector<std::string>& names,
                            const Stop& stop);

}  // namespace ainit::migrate::typeorm
