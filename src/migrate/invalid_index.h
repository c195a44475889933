// SPDX-License-Identifier: Apache-2.0
// What CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY leave behind when they are broken off: an index that is marked INVALID.
// Queries do not use it, IF NOT EXISTS takes it for what is wanted, and its name is in the way of the next try.
#pragma once

#include <string>
#include <vector>

#include "base/failure.h"
#include "postgres/session.h"

namespace ainit::migrate {

struct InvalidIndex {
    std::string name{};  ///< with its schema, quoted as SQL wants it
    bool named{false};   ///< by the statement itself, not only its table
};

/// Those that a statement or its table speaks of, without those that are being made at this moment. None where nobody says.
std::vector<InvalidIndex> invalid_indexes(postgres::Session& session, const std::string& statement, const Stop& stop);

/// The INVALID index that CREATE INDEX CONCURRENTLY IF NOT EXISTS `index` ON `table` has passed over, which is taken as SQL has it;
/// none if there is none in the schema of the table.
std::vector<InvalidIndex> passed_over(postgres::Session& session, const std::string& index, const std::string& table, const Stop& stop);

/// `the INVALID index "public"."x"`, for the state of things.
std::string told(const std::vector<InvalidIndex>& indexes);

/// What to do about them before the next run.
std::string drop_first(const std::vector<InvalidIndex>& indexes);

}  // namespace ainit::migrate
