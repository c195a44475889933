// SPDX-License-Identifier: Apache-2.0
#include "provision/provision.h"

namespace ainit::provision {

Result<Existence> existence(postgres::Sessions& sessions, const postgres::Login& login, const Stop& stop) {
    auto session = sessions.maintenance(stop);
    if (!session) return std::move(session).error();
    Sql question{"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = "};
    question.literal(login.user).add("), EXISTS (SELECT FROM pg_database WHERE datname = ").literal(login.database).add(")");
    auto rows = (*session)->query(question, stop);
    if (!rows) return std::move(rows).error();
    return Existence{rows->boolean(0, 0), rows->boolean(0, 1)};
}

}  // namespace ainit::provision
