// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/concurrently.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "base/text.h"
#include "migrate/sql/nature.h"

namespace ainit::migrate::typeorm {

bool waits_by_design(const std::string& text) {
    // The parser is asked only where the answer may be yes.
    return contains_ignoring_case(text, "concurrently") && sql::nature_of(text).waits;
}

std::string table_of_index(const std::string& text) {
    if (!contains_ignoring_case(text, "exists") || !contains_ignoring_case(text, "concurrently")) return {};
    if (sql::nature_of(text).outside != "CREATE INDEX CONCURRENTLY") return {};
    std::vector<std::string> words;
    std::string word;
    bool quoted = false;
    for (const char c : text) {
        if (c == '"') quoted = !quoted;
        if (!quoted && (c == '(' || std::isspace(static_cast<unsigned char>(c)) != 0)) {
            if (!word.empty()) words.push_back(std::exchange(word, {}));
            if (c == '(') break;
        } else {
            word += c;
        }
    }
    // CREATE [UNIQUE] INDEX CONCURRENTLY IF NOT EXISTS name ON [ONLY] table [USING method] (
    const auto on = std::ranges::find_if(words, [](const std::string& one) { return equals_ignoring_case(one, "on"); });
    if (on == words.end() || on + 1 == words.end()) return {};
    const bool only = equals_ignoring_case(on[1], "only");
    return only && on + 2 != words.end() ? on[2] : on[1];
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
