// SPDX-License-Identifier: Apache-2.0
#include "postgres/presence.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace ainit::postgres {
namespace {

constexpr int kHasCheckInterval = 140'000;
/// Own sessions that were closed a moment ago are gone by then.
constexpr Duration kFirstPause{50};
constexpr Duration kLongestPause{500};

// "aini" and "migr" as bytes.
constexpr Sql kMark{"SELECT pg_catalog.pg_try_advisory_lock_shared(1634299497, 1835624306)"};
constexpr Sql kWatch{"SELECT pg_catalog.set_config('client_connection_check_interval', '1s', false)"};
constexpr Sql kBoth{
    "SELECT pg_catalog.pg_try_advisory_lock_shared(1634299497, 1835624306), "
    "pg_catalog.set_config('client_connection_check_interval', '1s', false)"};
constexpr Sql kLeft{
    "SELECT l.pid, a.application_name, "
    "floor(extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.backend_start)) * 1000)::bigint "
    "FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
    "AND l.classid = 1634299497 AND l.objid = 1835624306 AND l.pid <> pg_catalog.pg_backend_pid() AND l.database = "
    "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) ORDER BY l.pid LIMIT 1"};

/// What other roles' sessions do is not shown to everybody.
std::string described(const Rows& rows) {
    const std::string application{rows.text(0, 1)};
    const std::string since = rows.null(0, 2) ? "" : fmt::format("at work for {}", show(Duration{rows.number(0, 2)}));
    std::vector<std::string> known;
    for (const std::string& one : {application, since}) {
        if (!one.empty()) known.push_back(one);
    }
    return fmt::format("process {} of the server{}", rows.text(0, 0),
                       known.empty() ? "" : fmt::format(" ({})", join(known, ", ")));
}

Failure still_there(const Stop& stop, const Rows& rows) {
    Failure failure = stop.failure(Code::migration_timeout, "cannot begin to migrate");
    if (failure.signal == 0) {
        failure.because = fmt::format("a migration of an earlier run, which was killed, is still at work: {}", described(rows));
        failure.hint = fmt::format("wait for it, or end it: SELECT pg_terminate_backend({})", rows.text(0, 0));
    }
    failure.state = "Nothing was changed.";
    return failure;
}

}  // namespace

bool watch_client(Session& session, const Stop& stop) {
    return session.server_version() >= kHasCheckInterval && session.query(kWatch, stop).has_value();
}

Result<bool> announce(Session& session, const Stop& stop) {
    if (session.server_version() >= kHasCheckInterval && session.query(kBoth, stop)) return true;
    auto marked = session.query(kMark, stop);
    if (!marked) return std::move(marked).error();
    return false;
}

Result<void> wait_for_leftovers(Session& session, const Stop& stop) {
    long long told = 0;
    for (Duration pause = kFirstPause; true; pause = std::min(pause * 3 / 2, kLongestPause)) {
        auto left = session.query(kLeft, stop);
        if (!left) return std::move(left).error();
        if (left->size() == 0) return ok();
        if (pause != kFirstPause && std::exchange(told, left->number(0, 0)) != left->number(0, 0)) {
            log::info("migrate", "a migration of a run that was killed is still at work; waiting for its end",
                      {{"database", session.login().database}, {"session", described(*left)}});
        }
        if (!stop.sleep(pause)) return still_there(stop, *left);
    }
}

}  // namespace ainit::postgres
