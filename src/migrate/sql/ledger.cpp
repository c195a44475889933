// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/ledger.h"

#include <array>

#include <fmt/format.h>

namespace ainit::migrate::sql {
namespace {

Failure ledger_failure(std::string what, Failure cause) {
    cause.what = std::move(what);
    if (cause.code == Code::internal || cause.code == Code::privilege) cause.code = Code::migration_ledger;
    return cause;
}

}  // namespace

Result<Ledger> Ledger::open(postgres::Session& session, const config::Migration& migration, const Stop& stop) {
    Ledger ledger;
    ledger.table_ = migration.table;
    Sql sql{"SELECT schema, to_regclass(quote_ident(schema) || '.' || quote_ident("};
    sql.literal(migration.table).add(")) IS NOT NULL FROM (SELECT ");
    if (migration.schema.empty()) {
        sql.add("current_schema()::text");
    } else {
        sql.literal(migration.schema).add("::text");
    }
    sql.add(" AS schema) AS place");
    auto rows = session.query(sql, stop);
    const std::string what = fmt::format("cannot look for the ledger \"{}\"", migration.table);
    if (!rows) return ledger_failure(what, std::move(rows).error());
    if (rows->null(0, 0)) {
        Failure failure;
        failure.code = Code::migration_ledger;
        failure.what = what;
        failure.because = "no schema of the search_path exists";
        failure.state = "Nothing was changed.";
        failure.hint = "set schema in the [[migration]], or the role's search_path";
        failure.where = migration.origin;
        return failure;
    }
    ledger.schema_ = rows->text(0, 0);
    ledger.exists_ = rows->boolean(0, 1);
    return ledger;
}

Sql Ledger::table() const {
    Sql sql;
    return sql.identifier(schema_).add(".").identifier(table_);
}

Result<std::vector<Row>> Ledger::rows(postgres::Session& session, const Stop& stop) const {
    std::vector<Row> all;
    if (!exists_) return all;
    Sql sql{"SELECT name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
            "statements, complete FROM "};
    sql.add(table()).add(" ORDER BY applied_at, name");
    auto rows = session.query(sql, stop);
    if (!rows) {
        Failure failure = ledger_failure(fmt::format("cannot read the ledger \"{}\"", shown()), std::move(rows).error());
        failure.state = "Nothing was changed.";
        if (failure.hint.empty()) {
            failure.hint = "a table of that name that another tool made cannot serve; name another as table";
        }
        return failure;
    }
    for (int i = 0; i < rows->size(); ++i) {
        all.push_back({std::string{rows->text(i, 0)}, std::string{rows->text(i, 1)}, std::string{rows->text(i, 2)},
                       static_cast<int>(rows->number(i, 3)), rows->boolean(i, 4)});
    }
    return all;
}

Result<void> Ledger::create(postgres::Session& session, const Stop& stop) {
    Sql sql{"CREATE TABLE IF NOT EXISTS "};
    sql.add(table());
    sql.add(" (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL, "
            "milliseconds bigint NOT NULL, applied_by text NOT NULL, statements integer NOT NULL, complete boolean NOT "
            "NULL)");
    auto made = session.query(sql, stop);
    if (!made) {
        const std::string state = made.error().sqlstate;
        // Two that make it at once: the one that comes second finds it made.
        const bool race = state == postgres::sqlstate::kUniqueViolation || state == "42P07";
        if (!race) {
            return ledger_failure(fmt::format("cannot make the ledger \"{}\"", shown()), std::move(made).error());
        }
    }
    exists_ = true;
    return ok();
}

Result<void> Ledger::record(postgres::Session& session, const Row& row, Duration took, const Stop& stop) const {
    Sql sql{"INSERT INTO "};
    sql.add(table());
    sql.add(" AS ledger (name, checksum, applied_at, milliseconds, applied_by, statements, complete) VALUES (");
    sql.literal(row.name).add(", ").literal(row.checksum).add(", clock_timestamp(), ").number(took.count());
    sql.add(", session_user, ").number(row.statements).add(row.complete ? Sql{", true"} : Sql{", false"});
    sql.add(") ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at, "
            "milliseconds = ledger.milliseconds + excluded.milliseconds, applied_by = excluded.applied_by, statements = "
            "excluded.statements, complete = excluded.complete");
    // A migration may have become another role, which need not be allowed to write here.
    Sql both{"RESET ROLE; "};
    auto written = session.query_all(both.add(std::move(sql)), stop);
    if (written) return ok();
    return ledger_failure(fmt::format("cannot write the ledger \"{}\"", shown()), std::move(written).error());
}

}  // namespace ainit::migrate::sql
