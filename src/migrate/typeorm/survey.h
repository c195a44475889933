// SPDX-License-Identifier: Apache-2.0
// What TypeORM finds against the ledger: what is applied and pending, and what does not fit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "migrate/engine.h"
#include "migrate/typeorm/journal.h"
#include "migrate/typeorm/ledger.h"
#include "migrate/typeorm/project.h"

namespace ainit::migrate::typeorm {

struct Evidence {
    std::vector<Row> rows{};
    std::map<std::string, Record> records{};
    Journals journals{};
    std::map<std::string, std::string> checksums{};  ///< of files, by path
};

/// All of it but the journals and the checksums.
Result<Evidence> read_evidence(postgres::Session& session, const Listing& listing, const Stop& stop);

Level survey(const config::Migration& migration, const Listing& listing, const Evidence& evidence);

}  // namespace ainit::migrate::typeorm
