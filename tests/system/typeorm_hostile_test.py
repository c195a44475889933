#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# matrix: no
"""Migrations that mean harm or go wrong: each ends with an error before its deadline, never with a crash or a hang, the
database is as it was, and no session is left."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402

FIRST = """\
exports.First1700000000001 = class First1700000000001 {
  async up(runner) { await runner.query('CREATE TABLE first (id int)'); }
  async down() {}
};
"""

# What a migration's up does; each is a body in which `runner` and `typeorm` are known.
BODIES = {
    "loop": "for (;;);",
    "loop that catches": "for (;;) { try { for (;;); } catch {} finally { for (;;); } }",
    "loop of promises": "for (;;) await null;",
    "loop of ticks": "(function tick() { process.nextTick(tick); })(); await new Promise(() => {});",
    "loop of queries": "for (;;) await runner.query('SELECT 1');",
    "loop in a listener": "(await runner.connect()).on('notice', () => { for (;;); });"
                          "await runner.query(`DO $$ BEGIN RAISE NOTICE 'x'; END $$`);",
    "loop in a parameter": "await runner.query('SELECT $1', [{ toPostgres() { for (;;); } }]);",
    "loop in a regular expression": "/(a+)+$/.test('a'.repeat(60) + 'b');",
    "statement that sleeps": "await runner.query('SELECT pg_sleep(600)');",
    "lock of its own": "const other = runner.connection.createQueryRunner(); await runner.query('LOCK TABLE first');"
                       "await other.query('SELECT * FROM first');",
    "endless answer": "await runner.query('SELECT * FROM generate_series(1, 1000000000000)');",
    "promise never settled": "await new Promise(() => {});",
    "pool used up": "for (;;) await runner.connection.createQueryRunner().connect();",
    "recursion": "(function again() { again(); })();",
    "recursion of JSON": "let deep = []; for (let i = 0; i < 1e6; i++) deep = [deep]; await runner.query('SELECT $1', [{ deep }]);",
    "recursion of toString": "const a = []; a[0] = { toString: () => String(a) }; String(a);",
    "large array": "const all = []; for (;;) all.push(new Array(1e6).fill(1));",
    "large text": "let text = 'x'; for (;;) text += text;",
    "large buffer": "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1));",
    "thrown text": "throw 'a text';",
    "thrown symbol": "throw Symbol('s');",
    "thrown nothing": "throw undefined;",
    "thrown proxy": "throw new Proxy({}, { get() { throw new Error('in the trap'); }, getPrototypeOf() { throw 1; }, has() { throw 2; } });",
    "thrown getters": "throw Object.defineProperties(new Error('x'), Object.fromEntries(['message', 'stack', 'name', 'code', 'query', 'cause']"
                      ".map((name) => [name, { get() { throw new Error(name); } }])));",
    "thrown error whose text loops": "throw { toString() { for (;;); }, get message() { for (;;); } };",
    "prototype of objects": "Object.defineProperty(Object.prototype, 'code', { get() { throw new Error('of the prototype'); } }); throw new Error('x');",
    "prototype of arrays": "Array.prototype.push = Array.prototype.map = Array.prototype.forEach = () => { throw new Error('of the prototype'); };"
                           "await runner.query('SELECT 1'); throw new Error('x');",
    "prototype of promises": "Promise.prototype.then = function () { throw new Error('of the prototype'); }; await runner.query('SELECT 1'); throw 1;",
    "frozen world": "for (const one of [Object, Array, Function, Promise, Error]) { Object.freeze(one); Object.freeze(one.prototype); } throw new Error('x');",
    "globals gone": "for (const name of Object.getOwnPropertyNames(globalThis)) { try { delete globalThis[name]; } catch {} } throw 1;",
    "runner replaced": "Object.setPrototypeOf(runner, null); for (const name of Object.keys(runner)) delete runner[name];",
    "query replaced": "runner.query = () => { throw new Error('replaced'); };",
    "commit, then throw": "while (runner.isTransactionActive) await runner.rollbackTransaction(); throw new Error('x');",
    "exit": "process.exit(0);",
    "abort": "process.abort();",
    "kill": "process.kill(process.pid, 'SIGKILL');",
    "session ended": "await runner.query('SELECT pg_terminate_backend(pg_backend_pid())');",
    "unhandled rejection": "Promise.reject(new Error('of nobody')); await runner.query('SELECT pg_sleep(0.05)');",
    "exception in a timer": "setTimeout(() => { throw new Error('in a timer'); }, 1); await runner.query('SELECT pg_sleep(0.05)');",
    "data source ended": "await runner.connection.destroy(); await runner.query('SELECT 1');",
    "native module": "require('alkemio-init:postgres').send(1, 'COMMIT', [], false, null); throw new Error('x');",
    "native module misused": "const native = require('alkemio-init:postgres'); for (const one of Object.values(native))"
                             " for (const given of [undefined, null, -1, 1e99, {}, [], 'x', Symbol('x')]) { try { one(given, given, given, given, given); } catch {} } throw 1;",
}

# Whole files.
FILES = {
    "loop while loading": "for (;;);",
    "loop in the constructor": "exports.H1700000000002 = class H1700000000002 { constructor() { for (;;); } async up() {} };",
    "name that loops": "exports.H1700000000002 = class H1700000000002 { get name() { for (;;); } async up() {} };",
    "name that is no text": "exports.H1700000000002 = class H1700000000002 { name = Symbol('x'); async up() {} };",
    "export that throws": "Object.defineProperty(exports, 'x', { enumerable: true, get() { throw new Error('x'); } });",
    "export without end": "const ring = {}; ring.ring = ring; module.exports = ring;",
    "export that is a proxy": "module.exports = new Proxy({}, { ownKeys() { throw new Error('x'); }, get() { throw new Error('y'); } });",
    "up that is no function": "exports.H1700000000002 = class H1700000000002 { up = 5; };",
    "then of a thenable that never comes": "exports.H1700000000002 = class H1700000000002 { up() { return { then() {}, catch() { return this; } }; } };",
    "deep source": "(" * 100000,
    "no text": "\0\1\2\3",
}


class Hostile(harness.StackTest):
    settings = {"max_connections": "30"}

    def run_hostile(self, name, source):
        self.write("migrations/1700000000001-First.js", FIRST)
        self.write("migrations/1700000000002-Hostile.js", source)
        self.server.sql("DROP DATABASE IF EXISTS hostile WITH (FORCE)", "CREATE DATABASE hostile")
        config = self.folder / "hostile.toml"
        config.write_text(f"""\
[postgres]
host = "127.0.0.1"
port = {self.server.port}
password_file = "secrets/superuser"
expected_version = ""
ready_timeout = "5s"

[[database]]
name = "hostile"

[[migration]]
database = "hostile"
engine = "typeorm"
files = "migrations/*.js"
timeout = "1s"
""")
        began = time.monotonic()
        ran = self.run_program("migrate", "run", config=config)
        took = time.monotonic() - began
        self.assertIn(ran.code, (11, 30, 32), f"{name}\n{ran.out}\n{ran.err}")
        self.assertIn("error[", ran.err, name)
        self.assertLess(took, 15, f"{name}\n{ran.err}")
        self.assertEqual(self.server.value("SELECT count(*) FROM pg_stat_activity WHERE datname = 'hostile' AND pid <> pg_backend_pid()"), "0", name)
        return ran

    def test_what_migrations_do(self):
        for name, body in BODIES.items():
            with self.subTest(name):
                source = ("const typeorm = require('typeorm');\nexports.H1700000000002 = class H1700000000002 {\n"
                          f"  async up(runner) {{ {body} }}\n  async down() {{}}\n}};\n")
                self.run_hostile(name, source)

    def test_what_files_are(self):
        for name, source in FILES.items():
            with self.subTest(name):
                self.run_hostile(name, source)


if __name__ == "__main__":
    harness.main()
