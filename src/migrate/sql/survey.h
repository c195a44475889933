// SPDX-License-Identifier: Apache-2.0
// Files against ledger: what is applied, what is to be done and how, and what does not fit. Pure.
#pragma once

#include <string>
#include <vector>

#include "migrate/engine.h"
#include "migrate/sql/files.h"
#include "migrate/sql/ledger.h"
#include "migrate/sql/script.h"

namespace ainit::migrate::sql {

/// A file that is to be applied.
struct Job {
    const File* file{};  ///< of the vector that was surveyed
    Script script{};
    bool in_transaction{true};
    bool begun{false};  ///< by an earlier run, without a transaction
    int done{0};        ///< statements that it did
};

struct Survey {
    Level level{};
    std::vector<Job> jobs{};
    int files{0};
};

/// `grammar`: whether the server may know more than libpg_query.
Survey survey(const config::Migration& migration,
              const std::vector<File>& files,
              const std::vector<Row>& ledger,
              Grammar grammar);

/// Of the first `count` statements.
std::string checksum_of_done(const Script& script, int count);

}  // namespace ainit::migrate::sql
