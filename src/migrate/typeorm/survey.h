// SPDX-License-Identifier: Apache-2.0
// What TypeORM finds against the ledger: what is applied and pending, and what does not fit. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "migrate/engine.h"
#include "migrate/typeorm/ledger.h"
#include "migrate/typeorm/project.h"

namespace ainit::migrate::typeorm {

struct Evidence {
    std::vector<Row> rows{};
    std::map<std::string, Record> records{};
    std::map<std::string, std::string> checksums{};  ///< of files, by path
};

Level survey(const config::Migration& migration, const Listing& listing, const Evidence& evidence);

}  // namespace ainit::migrate::typeorm
