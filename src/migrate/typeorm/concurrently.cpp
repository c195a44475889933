// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/concurrently.h"

#include "base/text.h"
#include "migrate/sql/nature.h"

namespace ainit::migrate::typeorm {

bool waits_by_design(const std::string& text) {
    // The parser is asked only where the answer may be yes.
    return contains_ignoring_case(text, "concurrently") && sql::nature_of(text).waits;
}

bool lift_lock_timeout(postgres::Session& session, const Stop& stop) {
    // What came with the login has the source "client".
    auto lifted = session.query(
        "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'lock_timeout' AND "
        "source <> 'session'",
        stop);
    return lifted && lifted->size() == 1;
}

void restore_lock_timeout(postgres::Session& session, const Stop& stop) {
    if (!session.usable()) return;
    // A session that is lost here is found lost by the next statement.
    static_cast<void>(session.query("RESET lock_timeout", stop));
}

}  // namespace ainit::migrate::typeorm
