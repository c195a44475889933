// SPDX-License-Identifier: Apache-2.0
#include "postgres/idle.h"

#include <utility>

namespace ainit::postgres {
namespace {

Server with_keepalives(Server server) {
    for (const auto& [keyword, value] : {std::pair{"keepalives", "1"},
                                         {"keepalives_idle", "30"},
                                         {"keepalives_interval", "10"},
                                         {"keepalives_count", "3"}}) {
        server.parameters.emplace_back(keyword, value);
    }
    return server;
}

}  // namespace

Result<Session> open_idle(const Server& server, const Stop& stop) {
    auto session = Session::open(with_keepalives(server), server.maintenance, stop);
    if (!session) return session;
    auto set = session->query_all("SET idle_session_timeout = 0; SET idle_in_transaction_session_timeout = 0; "
                                  "SET statement_timeout = 0",
                                  stop);
    if (!set) return std::move(set).error();
    return session;
}

}  // namespace ainit::postgres
