// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/ledger.h"

#include <array>

#include <fmt/format.h>

namespace ainit::migrate::sql {
namespace {

namespace sqlstate = postgres::sqlstate;

constexpr std::string_view kUndefinedColumn{"42703"};

/// What "IF NOT EXISTS" still says when two make the same thing at once, and without it.
bool means_someone_was_faster(std::string_view state) {
    static constexpr std::array kStates{sqlstate::kUniqueViolation,
                                        std::string_view{"42P07"},
                                        sqlstate::kDuplicateSchema,
                                        sqlstate::kDuplicateObject};
    for (const std::string_view one : kStates) {
        if (state == one) return true;
    }
    return false;
}

bool tells_more_than_we_could(const Failure& failure) {
    return failure.code == Code::connection_lost || failure.code == Code::interrupted ||
           failure.code == Code::not_ready;
}

}  // namespace

Ledger::Ledger(const config::Migration& migration)
    : migration_{migration}, schema_{migration.schema} {}

Sql Ledger::table() const {
    Sql sql;
    if (!schema_.empty()) sql.identifier(schema_).add(".");
    return sql.identifier(migration_.table);
}

Failure Ledger::failure(std::string_view verb, Failure cause) const {
    if (tells_more_than_we_could(cause)) return cause;
    cause.what = fmt::format(
        "cannot {} the ledger {} of database \"{}\"", verb, table().text(), migration_.database);
    cause.code = Code::migration_ledger;
    cause.where = migration_.origin;
    if (cause.state.empty()) cause.state = "Nothing was changed.";
    if (cause.sqlstate == kUndefinedColumn) {
        cause.because = "a table of this name belongs to something else: " + cause.because;
        cause.hint = "name another table: table = \"…\" in [[migration]]";
    }
    return cause;
}

Result<std::vector<Row>> Ledger::read(postgres::Session& session, const Stop& stop) const {
    Sql sql{
        "SELECT name, checksum, pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), statements, done, done_checksum FROM "};
    auto answer = session.query(sql.add(table()).add(" ORDER BY name"), stop);
    if (!answer) {
        if (answer.error().sqlstate == sqlstate::kUndefinedTable) return std::vector<Row>{};
        return failure("read", std::move(answer).error());
    }
    std::vector<Row> rows;
    for (int i = 0; i < answer->size(); ++i) {
        rows.push_back({std::string{answer->text(i, 0)},
                        std::string{answer->text(i, 1)},
                        std::string{answer->text(i, 2)},
                        static_cast<int>(answer->number(i, 3)),
                        static_cast<int>(answer->number(i, 4)),
                        std::string{answer->text(i, 5)}});
    }
    return rows;
}

Result<void> Ledger::find_place(postgres::Session& session, const Stop& stop) {
    if (!schema_.empty()) return ok();
    auto answer = session.query(
        "SELECT coalesce((SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace "
        "n ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1)), "
        "pg_catalog.current_schema())",
        stop,
        {quote_identifier(migration_.table)});
    if (!answer) return failure("find", std::move(answer).error());
    if (answer->size() == 0 || answer->null(0, 0)) {
        Failure cause;
        cause.because = "search_path names no schema that exists";
        cause.hint = "name one: schema = \"…\" in [[migration]]";
        return failure("make", std::move(cause));
    }
    schema_ = answer->text(0, 0);
    return ok();
}

Result<void> Ledger::make(postgres::Session& session, const Stop& stop) {
    if (auto found = find_place(session, stop); !found) return found;
    // Asked first: CREATE SCHEMA IF NOT EXISTS demands rights even where there is nothing to do.
    auto there = session.query("SELECT pg_catalog.to_regnamespace($1), pg_catalog.to_regclass($2)",
                               stop,
                               {quote_identifier(schema_), table().text()});
    if (!there) return failure("find", std::move(there).error());
    std::vector<Sql> steps;
    if (there->null(0, 0)) steps.push_back(Sql{"CREATE SCHEMA "}.identifier(schema_));
    if (there->null(0, 1)) {
        steps.push_back(Sql{"CREATE TABLE "}.add(table()).add(
            " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz, "
            "applied_by text NOT NULL DEFAULT session_user, duration_ms bigint NOT NULL, "
            "statements integer NOT NULL, done integer NOT NULL, done_checksum text)"));
    }
    for (const Sql& step : steps) {
        auto made = session.query(step, stop);
        if (!made && !means_someone_was_faster(made.error().sqlstate)) {
            return failure("make", std::move(made).error());
        }
    }
    return ok();
}

Result<bool> Ledger::write(postgres::Session& session,
                           const Record& record,
                           const Stop& stop) const {
    // Local to a transaction that is open or, for several statements in one string, implied. The
    // last record of a file may reset what only the rest of the file would need.
    Sql sql = record.whole() ? Sql{"SET SESSION AUTHORIZATION DEFAULT; "} : Sql{};
    sql.add("SET LOCAL ROLE TO DEFAULT; INSERT INTO ")
        .add(table())
        .add(
            " AS ledger (name, checksum, applied_at, duration_ms, statements, done, "
            "done_checksum) VALUES (")
        .literal(record.name)
        .add(", ")
        .literal(record.checksum)
        .add(record.whole() ? Sql{", pg_catalog.clock_timestamp(), "} : Sql{", NULL, "})
        .number(record.duration.count())
        .add(", ")
        .number(record.statements)
        .add(", ")
        .number(record.done)
        .add(", ");
    if (record.whole()) {
        sql.add("NULL");
    } else {
        sql.literal(record.done_checksum);
    }
    sql.add(
        ") ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = "
        "excluded.applied_at, applied_by = excluded.applied_by, duration_ms = "
        "ledger.duration_ms + excluded.duration_ms, statements = excluded.statements, done = "
        "excluded.done, done_checksum = excluded.done_checksum WHERE ledger.applied_at IS NULL");
    auto written = session.query_all(sql, stop);
    if (!written) return failure("write", std::move(written).error());
    return !written->empty() && written->back().affected() == 1;
}

}  // namespace ainit::migrate::sql
