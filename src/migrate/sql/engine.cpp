// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "migrate/sql/compare.h"
#include "migrate/sql/files.h"
#include "migrate/sql/ledger.h"
#include "migrate/sql/runner.h"

namespace ainit::migrate::sql {
namespace {

/// Files and ledger as they are now.
struct Seen {
    std::vector<File> files{};
    std::vector<Row> rows{};
    std::optional<Ledger> ledger{};
    Level level{};
};

Result<Seen> see(const Context& context, const Stop& stop) {
    Seen seen;
    auto files = find_files(context.migration);
    if (!files) return std::move(files).error();
    seen.files = std::move(*files);
    if (context.database_exists) {
        auto session = context.sessions.get(context.login, stop);
        if (!session && session.error().code != Code::no_database) return std::move(session).error();
        if (session) {
            auto ledger = Ledger::open(**session, context.migration, stop);
            if (!ledger) return std::move(ledger).error();
            auto rows = ledger->rows(**session, stop);
            if (!rows) return std::move(rows).error();
            seen.rows = std::move(*rows);
            seen.ledger = std::move(*ledger);
        }
    }
    seen.level = compare(seen.files, seen.rows, context.migration);
    seen.level.exists = seen.ledger.has_value();
    return seen;
}

bool is_pending(const Level& level, const File& file) {
    return std::ranges::any_of(level.entries, [&](const Entry& entry) {
        return entry.file == file.path && entry.state == State::pending;
    });
}

Run failed(Failure failure) {
    Run run;
    run.report.state = "nothing was done";
    run.failure = std::move(failure);
    return run;
}

}  // namespace

Result<Level> SqlEngine::look(const Context& context, const Stop& stop) {
    auto seen = see(context, stop);
    if (!seen) return std::move(seen).error();
    return std::move(seen->level);
}

Run SqlEngine::run(const Context& context, const Stop& stop) {
    const Stop limited = stop.within(context.migration.timeout);
    auto seen = see(context, limited);
    if (!seen) return failed(std::move(seen).error());
    if (!seen->level.findings.empty()) return failed(seen->level.findings.front());
    auto session = context.sessions.get(context.login, limited);
    if (!session) return failed(std::move(session).error());
    std::vector<File> pending;
    for (File& file : seen->files) {
        if (is_pending(seen->level, file)) pending.push_back(std::move(file));
    }
    if (!seen->ledger) {
        auto ledger = Ledger::open(**session, context.migration, limited);
        if (!ledger) return failed(std::move(ledger).error());
        seen->ledger = std::move(*ledger);
    }
    return Runner{context, **session, *seen->ledger, limited}.run(pending, seen->rows);
}

}  // namespace ainit::migrate::sql
