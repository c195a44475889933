// SPDX-License-Identifier: Apache-2.0
// Files × ledger → where the database stands, and what is wrong with the set. Pure.
#pragma once

#include <string>
#include <vector>

#include "migrate/engine.h"
#include "migrate/sql/files.h"
#include "migrate/sql/ledger.h"

namespace ainit::migrate::sql {

Level compare(const std::vector<File>& files, const std::vector<Row>& rows, const config::Migration& migration);

}  // namespace ainit::migrate::sql
