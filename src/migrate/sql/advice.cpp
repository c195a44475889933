// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/advice.h"

#include <algorithm>
#include <string_view>

namespace ainit::migrate::sql {
namespace {

struct Advice {
    std::string_view sqlstate;
    std::string_view hint;
};

constexpr Advice kAdvice[] = {
    {"25001",
     "it cannot run in a transaction: put `-- alkemio-init: no-transaction` at the file's "
     "head"},
    {"2D000",
     "a procedure that commits cannot run in a transaction: put `-- alkemio-init: "
     "no-transaction` at the file's head"},
    {"55P04",
     "a new value of an enum can be used only after a commit: put `-- alkemio-init: "
     "no-transaction` at the file's head, or split the file"},
    {"55P03",
     "something holds a lock for longer than lock_timeout: find it in pg_locks, or raise "
     "the migration's lock_timeout"},
    {"40P01", "another session takes the same locks in another order: run it when that one rests"},
    {"42501", "grant the right, or name a role that has it: role = \"…\" in [[migration]]"},
};

/// Of objects that exist already.
constexpr std::string_view kExists[] = {"42P07", "42710", "42701", "42P06", "42P04", "42723"};

}  // namespace

void advise(Failure& failure, bool repeated) {
    if (repeated && std::ranges::find(kExists, failure.sqlstate) != std::end(kExists)) {
        failure.hint =
            "an earlier run was broken off in this statement and may have done it: look at the "
            "object, and drop it or write IF NOT EXISTS";
        return;
    }
    if (!failure.hint.empty()) return;
    for (const Advice& one : kAdvice) {
        if (failure.sqlstate == one.sqlstate) failure.hint = one.hint;
    }
    if (failure.hint.empty()) failure.hint = "mend the migration, or the data, and run it again";
}

}  // namespace ainit::migrate::sql
