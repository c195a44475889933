// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/ledger.h"

#include <fmt/format.h>

namespace ainit::migrate::typeorm {
namespace {

namespace sqlstate = postgres::sqlstate;

constexpr std::string_view kInvalidSchema{"3F000"};

Sql table_sql(const std::string& schema, const std::string& table) {
    Sql sql;
    if (!schema.empty()) sql.identifier(schema).add(".");
    return sql.identifier(table);
}

/// Whether there is nothing to read, or nobody lets us.
bool absent(const Failure& failure) {
    return failure.sqlstate == sqlstate::kUndefinedTable || failure.sqlstate == kInvalidSchema;
}

}  // namespace

bool is_at_work(const Failure& failure) {
    return failure.code == Code::migration_ledger && failure.sqlstate == sqlstate::kLockNotAvailable;
}

Result<std::vector<Row>> read_ledger(postgres::Session& session, const std::string& schema, const std::string& table,
                                     const Stop& stop) {
    // A run holds it locked, so that no other one reads what is not true for long.
    Sql sql{"SELECT pg_catalog.set_config('lock_timeout', '500ms', true); SELECT id, timestamp, name FROM "};
    auto answers = session.query_all(sql.add(table_sql(schema, table)).add(" ORDER BY id"), stop);
    if (!answers) {
        Failure failure = std::move(answers).error();
        if (absent(failure)) return std::vector<Row>{};
        if (failure.code != Code::internal && failure.code != Code::privilege) return failure;
        failure.code = Code::migration_ledger;
        failure.what = fmt::format("cannot read TypeORM's ledger {}", table_sql(schema, table).text());
        failure.state = "Nothing was changed.";
        if (is_at_work(failure)) failure.hint = "another session holds it locked: wait for its end; pg_locks and pg_blocking_pids tell which";
        return failure;
    }
    std::vector<Row> rows;
    const postgres::Rows& answer = answers->back();
    for (int i = 0; i < answer.size(); ++i) {
        rows.push_back({answer.number(i, 0), answer.number(i, 1), std::string{answer.text(i, 2)}});
    }
    return rows;
}

Result<std::vector<Row>> read_free_ledger(postgres::Session& session, const std::string& schema, const std::string& table,
                                          const Stop& stop) {
    while (true) {
        auto rows = read_ledger(session, schema, table, stop);
        if (rows || !is_at_work(rows.error()) || stop.over()) return rows;
    }
}

Result<std::map<std::string, Record>> read_records(postgres::Session& session, const std::string& ledger,
                                                   const Stop& stop) {
    std::map<std::string, Record> records;
    auto answer = session.query(
        "SELECT name, checksum, pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), of_file FROM alkemio_init.typeorm_migrations WHERE ledger = $1",
        stop, {ledger});
    if (!answer) {
        const Failure& failure = answer.error();
        if (absent(failure) || failure.code == Code::privilege) return records;
        return failure;
    }
    for (int i = 0; i < answer->size(); ++i) {
        records[std::string{answer->text(i, 0)}] = {std::string{answer->text(i, 1)}, std::string{answer->text(i, 2)},
                                                      static_cast<int>(answer->number(i, 3))};
    }
    return records;
}

Result<void> write_records(postgres::Session& session, const std::string& ledger,
                           const std::vector<NewRecord>& records, const Stop& stop) {
    auto there = session.query("SELECT pg_catalog.to_regclass('alkemio_init.typeorm_migrations') IS NOT NULL", stop);
    if (!there) return std::move(there).error();
    if (!there->boolean(0, 0)) {
        auto made = session.query_all(
            "CREATE SCHEMA IF NOT EXISTS alkemio_init; CREATE TABLE IF NOT EXISTS alkemio_init.typeorm_migrations "
            "(ledger text NOT NULL, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT "
            "pg_catalog.clock_timestamp(), applied_by text NOT NULL DEFAULT session_user, duration_ms bigint NOT NULL, "
            "statements integer NOT NULL, of_file integer NOT NULL, PRIMARY KEY (ledger, name))",
            stop);
        if (!made) return std::move(made).error();
    }
    Sql sql{"INSERT INTO alkemio_init.typeorm_migrations (ledger, name, checksum, duration_ms, statements, of_file) VALUES "};
    for (std::size_t i = 0; i < records.size(); ++i) {
        const NewRecord& one = records[i];
        sql.add(i == 0 ? Sql{"("} : Sql{", ("}).literal(ledger).add(", ").literal(one.name).add(", ");
        sql.literal(one.checksum).add(", ").number(one.took.count()).add(", ").number(one.statements).add(", ");
        sql.number(one.of_file).add(")");
    }
    sql.add(" ON CONFLICT (ledger, name) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at, "
            "applied_by = excluded.applied_by, duration_ms = excluded.duration_ms, statements = excluded.statements, of_file = excluded.of_file");
    if (auto written = session.query(sql, stop); !written) return std::move(written).error();
    return ok();
}

Result<void> forget_records(postgres::Session& session, const std::string& ledger, const std::vector<std::string>& names,
                            const Stop& stop) {
    for (const std::string& name : names) {
        auto done = session.query("DELETE FROM alkemio_init.typeorm_migrations WHERE ledger = $1 AND name = $2", stop,
                                  {ledger, name});
        if (!done && !absent(done.error())) return std::move(done).error();
    }
    return ok();
}

}  // namespace ainit::migrate::typeorm
