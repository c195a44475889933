// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/nature.h"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

namespace ainit::migrate::sql {

TEST_CASE("nature: an index that may be passed over is named, with its table") {
    const Nature plain = nature_of("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY T(a)");
    CHECK(plain.index == "i");
    CHECK(plain.index_table == "\"t\"");
    const Nature quoted = nature_of("create index concurrently if not exists \"An I\" on \"S.x\" . \"T\"\"t\" USING btree (a) WHERE b ON CONFLICT");
    CHECK(quoted.index.empty());
    const Nature in_schema = nature_of("create index concurrently if not exists \"An I\" on \"S.x\" . \"T\"\"t\" USING btree (a)");
    CHECK(in_schema.index == "An I");
    CHECK(in_schema.index_table == "\"S.x\".\"T\"\"t\"");
    for (const char* other : {"CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX IF NOT EXISTS i ON t (a)", "DROP INDEX CONCURRENTLY IF EXISTS i"}) {
        CAPTURE(other);
        CHECK(nature_of(other).index.empty());
    }
}

TEST_CASE("nature: what PostgreSQL keeps out of transactions is known, its neighbours are let in") {
    struct Row {
        const char* statement;
        const char* outside;
        bool waits;
    };

    const Row rows[] = {
        {"CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX CONCURRENTLY", true},
        {"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
         "CREATE INDEX CONCURRENTLY",
         true},
        {"CREATE INDEX i ON t (a)", "", false},
        {"DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY", true},
        {"DROP INDEX i", "", false},
        {"DROP TABLE t", "", false},
        {"REINDEX INDEX CONCURRENTLY i", "REINDEX CONCURRENTLY", true},
        {"REINDEX (CONCURRENTLY) TABLE t", "REINDEX CONCURRENTLY", true},
        {"REINDEX (CONCURRENTLY false) TABLE t", "", false},
        {"REINDEX (CONCURRENTLY 0, VERBOSE) TABLE t", "", false},
        {"REINDEX TABLE t", "", false},
        {"REINDEX SCHEMA s", "REINDEX SCHEMA", false},
        {"REINDEX DATABASE d", "REINDEX DATABASE", false},
        {"REINDEX SYSTEM d", "REINDEX SYSTEM", false},
        {"VACUUM", "VACUUM", false},
        {"VACUUM (ANALYZE) t", "VACUUM", false},
        {"ANALYZE t", "", false},
        {"CLUSTER", "CLUSTER of all tables", false},
        {"CLUSTER t USING i", "", false},
        {"CREATE DATABASE d", "CREATE DATABASE", false},
        {"DROP DATABASE IF EXISTS d", "DROP DATABASE", false},
        {"ALTER DATABASE d SET TABLESPACE s", "ALTER DATABASE … SET TABLESPACE", false},
        {"ALTER DATABASE d CONNECTION LIMIT 3", "", false},
        {"ALTER DATABASE d SET work_mem = '1MB'", "", false},
        {"CREATE TABLESPACE s LOCATION '/x'", "CREATE TABLESPACE", false},
        {"DROP TABLESPACE s", "DROP TABLESPACE", false},
        {"ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM", false},
        {"DISCARD ALL", "DISCARD ALL", false},
        {"DISCARD PLANS", "", false},
        {"CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p",
         "CREATE SUBSCRIPTION with a replication slot",
         false},
        {"CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (create_slot = false)",
         "",
         false},
        {"CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (connect = 0)", "", false},
        {"DROP SUBSCRIPTION s", "DROP SUBSCRIPTION", false},
        {"ALTER SUBSCRIPTION s REFRESH PUBLICATION",
         "ALTER SUBSCRIPTION … REFRESH PUBLICATION",
         false},
        {"ALTER SUBSCRIPTION s ADD PUBLICATION p",
         "ALTER SUBSCRIPTION … PUBLICATION with refresh",
         false},
        {"ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = off)", "", false},
        {"ALTER SUBSCRIPTION s DISABLE", "", false},
        {"ALTER TABLE p DETACH PARTITION q CONCURRENTLY", "DETACH PARTITION CONCURRENTLY", true},
        {"ALTER TABLE p DETACH PARTITION q", "", false},
        {"REFRESH MATERIALIZED VIEW CONCURRENTLY m", "", false},
        {"ALTER TYPE e ADD VALUE 'x'", "", false},
        {"INSERT INTO t VALUES ('VACUUM')", "", false},
        {"/* VACUUM; */ -- VACUUM\nSELECT 1", "", false},
        {"-- c\n/* d */ VACUUM t", "VACUUM", false},
        {"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END", "", false},
        {"not SQL at all", "", false},
        {"CREATE nonsense", "", false},
        {"", "", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.statement);
        const Nature nature = nature_of(row.statement);
        CHECK(nature.outside == row.outside);
        CHECK(nature.waits == row.waits);
        CHECK(nature.control.empty());
    }
}

TEST_CASE("nature: what begins or ends a transaction is told by its name, savepoints do neither") {
    const std::pair<const char*, const char*> rows[] = {
        {"BEGIN", "BEGIN"},
        {"begin transaction isolation level serializable", "BEGIN"},
        {"START TRANSACTION", "START"},
        {"COMMIT", "COMMIT"},
        {"END", "COMMIT"},
        {"ROLLBACK", "ROLLBACK"},
        {"ABORT", "ROLLBACK"},
        {"COMMIT AND CHAIN", "COMMIT"},
        {"PREPARE TRANSACTION 'x'", "PREPARE"},
        {"COMMIT PREPARED 'x'", "COMMIT PREPARED"},
        {"ROLLBACK PREPARED 'x'", "ROLLBACK PREPARED"},
        {"SAVEPOINT s", ""},
        {"RELEASE s", ""},
        {"ROLLBACK TO s", ""},
        {"PREPARE p AS SELECT 1", ""},
        {"DO $$ BEGIN COMMIT; END $$", ""},
    };
    for (const auto& [statement, control] : rows) {
        CAPTURE(statement);
        CHECK(nature_of(statement).control == control);
    }
}

TEST_CASE("nature: what may commit inside, or is meant for its transaction, stands alone") {
    for (const char* statement : {"DO $$ BEGIN COMMIT; END $$",
                                  "CALL p()",
                                  "BEGIN",
                                  "SAVEPOINT s",
                                  "SET LOCAL role = x",
                                  "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"}) {
        CAPTURE(statement);
        CHECK(nature_of(statement).alone);
    }
    for (const char* statement : {"SET role = x", "CREATE TABLE t (a int)", "SELECT 1"}) {
        CAPTURE(statement);
        CHECK_FALSE(nature_of(statement).alone);
    }
}

TEST_CASE("nature: COPY wants input from stdin alone") {
    CHECK(nature_of("COPY t FROM stdin").wants_input);
    CHECK(nature_of("copy t (a, b) from STDIN with (format csv)").wants_input);
    CHECK_FALSE(nature_of("COPY t FROM '/srv/rows'").wants_input);
    CHECK_FALSE(nature_of("COPY t FROM PROGRAM 'cat /srv/rows'").wants_input);
    CHECK_FALSE(nature_of("COPY t TO stdout").wants_input);
}

TEST_CASE("nature: values of enums are known by type and label") {
    const Nature added = nature_of("ALTER TYPE s.mood ADD VALUE IF NOT EXISTS 'so, so' AFTER 'ok'");
    CHECK(added.enum_type == "s.mood");
    CHECK(added.enum_label == "so, so");
    CHECK(nature_of("ALTER TYPE mood RENAME VALUE 'a' TO 'b'").enum_label.empty());
    CHECK(nature_of("CREATE TYPE s.mood AS ENUM ('ok')").new_enum == "s.mood");
}

TEST_CASE("nature: a value is used where it is a string or quoted within one, not in a comment") {
    CHECK(uses_value("INSERT INTO t VALUES ('new')", "new"));
    CHECK(uses_value("UPDATE t SET m = 'new'::mood", "new"));
    CHECK(uses_value("ALTER TABLE t ALTER m SET DEFAULT E'new'", "new"));
    CHECK(uses_value("CREATE FUNCTION f() RETURNS mood LANGUAGE sql AS $$ SELECT 'new'::mood $$",
                     "new"));
    CHECK(uses_value("INSERT INTO t VALUES ('it''s')", "it's"));
    CHECK_FALSE(uses_value("SELECT new.a -- 'new'\n FROM t AS new", "new"));
    CHECK(uses_value("INSERT INTO t VALUES (E'it\\'s')", "it's"));
    CHECK_FALSE(uses_value("INSERT INTO t VALUES ('newer')", "new"));
    CHECK(uses_value("INSERT INTO t VALUES ('{new}'::mood[])", "new"));
    CHECK(uses_value("INSERT INTO t VALUES ('{{old, \"new\"}}'::mood[])", "new"));
    CHECK_FALSE(uses_value("INSERT INTO t VALUES ('{newer,anew}'::mood[])", "new"));
    CHECK_FALSE(uses_value("INSERT INTO t VALUES ('so new, it is')", "new"));
    CHECK_FALSE(uses_value("SELECT 1", ""));
}

TEST_CASE("nature: a tree that is deeper than anything looked at is let through") {
    // The last would take more stack than there is, if it were made.
    for (const int depth : {3'000, 30'000, 1'000'000}) {
        CAPTURE(depth);
        std::string deep = "CREATE VIEW v AS SELECT ";
        for (int i = 0; i < depth; ++i) deep += "1+";
        CHECK(nature_of(deep + "1").outside.empty());
        CHECK_FALSE(uses_value(deep + "1 -- new", "new"));
        CHECK(uses_value(deep + "'new'", "new"));
    }
}

}  // namespace ainit::migrate::sql
