// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/blockers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate::typeorm {
namespace {

/// Asking must not hold up those who are asked about.
constexpr Duration kPatience{1'000};

// What others' statements say is not shown: it may hold a secret. A prepared transaction blocks as pid 0.
constexpr const char* kQuestion =
    "SELECT b.pid, coalesce(a.application_name, ''), coalesce(a.usename, ''), coalesce(a.state, ''), "
    "coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.state_change))::bigint, -1) "
    "FROM (SELECT DISTINCT unnest(pg_catalog.pg_blocking_pids($1::int)) AS pid) b "
    "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid ORDER BY b.pid";

std::string described(const postgres::Rows& rows, int row) {
    if (rows.number(row, 0) == 0) return "a prepared transaction";
    std::vector<std::string> known;
    if (const auto application = rows.text(row, 1); !application.empty()) known.emplace_back(application);
    if (const auto role = rows.text(row, 2); !role.empty()) known.push_back(fmt::format("role {}", role));
    if (const auto state = rows.text(row, 3); !state.empty()) {
        const long long seconds = rows.number(row, 4);
        const std::string since = seconds < 0 ? "" : fmt::format(" since {}", show(Duration{seconds * 1'000}));
        known.push_back(fmt::format("{}{}", state, since));
    }
    const std::string session = fmt::format("session {}", rows.text(row, 0));
    return known.empty() ? session : fmt::format("{} ({})", session, join(known, ", "));
}

}  // namespace

Blockers::Blockers(postgres::Server server, postgres::Login login)
    : server_{std::move(server)}, login_{std::move(login)} {}

std::string Blockers::of(int pid, const std::vector<int>& own, const Stop& stop) {
    const Stop patience = stop.within(kPatience);
    if (!session_ || !session_->usable()) {
        auto opened = postgres::Session::open(server_, login_, patience);
        if (!opened) return {};
        session_.emplace(std::move(*opened));
    }
    auto rows = session_->query(kQuestion, patience, {std::to_string(pid)});
    if (!rows) return {};
    std::vector<std::string> all;
    for (int row = 0; row < rows->size(); ++row) {
        const bool ours = std::ranges::find(own, static_cast<int>(rows->number(row, 0))) != own.end();
        all.push_back(ours ? "another session of the migration itself" : described(*rows, row));
    }
    return join(all, " and ");
}

}  // namespace ainit::migrate::typeorm
