// SPDX-License-Identifier: Apache-2.0
// What is answered before the server has answered it must be known for certain, to scripts that cannot tell.
#include "migrate/typeorm/ahead.h"

#include <doctest/doctest.h>

using namespace ainit::migrate::typeorm;

TEST_SUITE_BEGIN("unit");

TEST_CASE("ahead: definitions answer with a tag and nothing else") {
    CHECK(known_tag("ALTER TABLE a ADD b int") == "ALTER");
    CHECK(known_tag("  -- why\n /* how */ create unique index on a (b);  -- end\n") == "CREATE");
    CHECK(known_tag("CREATE TABLE a (b int, last_seen text, base text REFERENCES c ON DELETE CASCADE)") == "CREATE");
    CHECK(known_tag("CREATE TYPE mood AS ENUM ('good')") == "CREATE");
    CHECK(known_tag("DROP TABLE a") == "DROP");
    CHECK(known_tag("COMMENT ON TABLE a IS 'x; y'").empty());  // Several, for all that is known without a parser.
    CHECK(known_tag("COMMENT ON TABLE a IS NULL") == "COMMENT");
}

TEST_CASE("ahead: what tells rows, is several, or has a transaction of its own waits for the server") {
    for (const char* text : {"SELECT 1", "INSERT INTO a VALUES (1)", "UPDATE a SET b = 1", "", "-- nothing", "DO $$ BEGIN END $$",
                             "CREATE TABLE a AS SELECT 1", "CREATE TABLE a (b) AS\nVALUES (1)", "CREATE TABLE a(b)as(SELECT 1)",
                             "CREATE MATERIALIZED VIEW a AS SELECT 1", "CREATE OR REPLACE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                             "CREATE EXTENSION citext", "CREATE SCHEMA a CREATE TABLE b ()", "CREATE TEMP TABLE a AS SELECT 1",
                             "ALTER TABLE a ADD b int; SELECT 1", "CREATE INDEX CONCURRENTLY ON a (b)", "DROP DATABASE a",
                             "ALTER SYSTEM SET work_mem = '1MB'", "REINDEX TABLE a", "SET search_path = a", "BEGIN", "COMMIT",
                             "WITH x AS (SELECT 1) SELECT * FROM x", "DROPPED", "EXPLAIN ANALYZE CREATE TABLE a AS SELECT 1"}) {
        CAPTURE(text);
        CHECK(known_tag(text).empty());
    }
}

TEST_CASE("ahead: a script that handles errors, prints, or has another way out can tell") {
    CHECK(cannot_tell("class A { async up(q) { await q.query(`ALTER TABLE authentication ADD \"processed\" int`); } }"));
    CHECK(cannot_tell("// Only then, on any of them: the race is on.\nclass A {}"));
    for (const char* source : {"try { x } catch { }", "x.catch(y)", "x.then(y, z)", "try { x } finally { y }", "Promise.allSettled(x)",
                               "Promise.race(x)", "Promise.any(x)", "console.log(1)", "process.env.A", "c.on('notice', f)",
                               "globalThis.x", "setTimeout(f)", "queueMicrotask(f)", "c.addListener('notice', f)", "await runner.connect()",
                               "eval(x)", "new Function('x')", "x[Symbol.iterator]", "runner.connection.subscribers", "global.tolerate(x)"}) {
        CAPTURE(source);
        CHECK_FALSE(cannot_tell(source));
    }
}

TEST_CASE("ahead: a script that may load more than TypeORM can tell") {
    CHECK(cannot_tell("const { Table } = require('typeorm');\nvar c = require(\"crypto\");"));
    CHECK(cannot_tell("import { MigrationInterface } from \"typeorm\";\nimport type { X } from 'typeorm';\n// required from here"));
    for (const char* source : {"require('./helper')", "require(name)", "const load = require;", "require(\"assert\")", "require('util').callbackify",
                               "await import('../lib/tolerate.js')", "import { rejects } from 'assert'", "import './helper'",
                               "module.require('./x')"}) {
        CAPTURE(source);
        CHECK_FALSE(cannot_tell(source));
    }
}

TEST_CASE("ahead: a file that changes globals or prototypes may help the others to tell") {
    CHECK_FALSE(meddles("var __hasOwnProp = Object.prototype.hasOwnProperty;\nif (a.prototype.b === c) x();"));
    CHECK_FALSE(meddles("// It is global. All are.\nconst role = 'global-admin'; const sql = `the_global`;"));
    for (const char* source : {"global.tolerate = f", "globalThis['x'] = f", "global[name] = f", "Object.assign(global, { f })", "const g = global;", "Function.prototype.quiet = f", "Promise.prototype.then  = f",
                               "Object.setPrototypeOf(a, b)"}) {
        CAPTURE(source);
        CHECK(meddles(source));
    }
}

TEST_CASE("ahead: a file tells its migrations if it asks nobody else for them") {
    for (const char* source : {
             "exports.A = class { async up(q) { await q.query(`SELECT 1`); } };",
             "const { randomUUID } = require('crypto');\nexports.A = class {};",
             "import { MigrationInterface } from \"typeorm\";\nexport class A {}",
             "// Conversations to process: 3. Its Date is new, and some require a backfill\nexports.A = class {}; const role = 'global-admin';",
         }) {
        CAPTURE(source);
        CHECK(tells_its_migrations(source));
    }
    for (const char* source : {
             "const fs = require('fs');", "const fs = require ('fs');", "const load = require;", "load(require)", "const load = require\nload('fs')",
             "import { readdirSync } from 'node:fs';", "module.exports = process.env.EXTRA ? [A, B] : [A];", "const { env } = process;", "const { env } = process\n", "const fs = (require as any)('fs');", "const fs = require!('fs');",
             "if (new Date() > soon) exports.B = B;", "if (Date.now() > soon) exports.B = B;", "exports.a = await import(name);", "eval(text);",
             "new Function('return 1');", "if (Math.random() > 0.5) exports.B = B;", "globalThis.made = 1;",
         }) {
        CAPTURE(source);
        CHECK_FALSE(tells_its_migrations(source));
    }
}
