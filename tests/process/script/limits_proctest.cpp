// SPDX-License-Identifier: Apache-2.0
// Scripts that mean harm or go wrong: each ends with an error, none with a crash or a hang.
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/file.h"
#include "project.h"

using namespace ainit;
using namespace ainit::script;
using namespace ainit::script::test;

namespace {

using Ending = Exception::Kind;

Exception ended(Engine& engine, std::string_view source) {
    auto value = engine.evaluate(source, "test.js");
    if (value) value = engine.settle(*value);
    REQUIRE_MESSAGE(!value.has_value(), value->text());
    return value.error();
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("script: the deadline ends endless loops of every kind") {
    for (const std::string source : {
             "while (true);",
             "for (;;) { try { while (true); } catch {} finally { while (true); } }",
             "(async () => { while (true) await null; })()",
             "(function tick() { process.nextTick(tick); })(); new Promise(() => {})",
             "(function again() { setImmediate(again); })(); new Promise(() => {})",
             "new Promise(() => setInterval(() => {}, 1))",
             "/(a+)+$/.test('a'.repeat(40) + 'b')",
             "[2, 1].sort(() => { while (true); })",
             "JSON.parse('[1]', () => { while (true); })",
             "`${{ toString() { while (true); } }}`",
             "Array.from({ length: 1e9 }, () => 1).length",
         }) {
        CAPTURE(source);
        Project project;
        Options options = project.options();
        const StopSource source_of_stop;
        options.stop = Stop{source_of_stop};
        auto engine = Project::engine(std::move(options));
        engine->limit(Stop{source_of_stop}.within(Duration{150}));
        const auto begin = Clock::now();
        const Exception why = ended(*engine, source);
        CHECK(Clock::now() - begin < std::chrono::seconds{5});
        const bool expected = why.kind == Ending::interrupted || why.kind == Ending::memory;
        CHECK_MESSAGE(expected, why.text());
        CHECK(why.failure(Code::migration_failed, Code::migration_timeout, "cannot run")
                  .exit_code() == 30);
    }
}

TEST_CASE("script: a request to stop ends a script with the signal, also while it waits") {
    Project project;
    StopSource source;
    Options options = project.options();
    options.stop = Stop{source};
    auto engine = Project::engine(std::move(options));
    const TaskId unused =
        engine->after(Duration{20}, [&source] { source.request(SIGTERM); }, Holds::nothing);
    CHECK(unused != 0);
    const Exception why = ended(*engine, "new Promise((resolve) => setTimeout(resolve, 60000))");
    CHECK(why.kind == Ending::interrupted);
    CHECK(why.failure(Code::migration_failed, Code::migration_timeout, "cannot run").line() ==
          "cannot run: asked to stop by SIGTERM");
    CHECK(why.failure(Code::migration_failed, Code::migration_timeout, "cannot run").exit_code() ==
          128 + SIGTERM);
    // Nothing runs any more, until it is given another Stop.
    CHECK(ended(*engine, "for (let i = 0; i < 1e6; ++i); 1").kind == Ending::interrupted);
    engine->limit(Stop{});
    CHECK(shown(*engine, "for (let i = 0; i < 1e6; ++i); 'runs'") == "runs");
}

TEST_CASE("script: memory and stack have limits, and an engine that met them goes on") {
    Project project;
    Options options = project.options();
    options.memory_limit = std::size_t{32} << 20U;
    auto engine = Project::engine(std::move(options));
    for (const std::string source :
         {"const all = []; while (true) all.push(new Array(1000).fill(all.length));",
          "'x'.repeat(2 ** 28) + 'y'",
          "new ArrayBuffer(2 ** 30)",
          "let text = 'x'; while (true) text += text;",
          "2n ** 2000000000n",
          "const map = new Map(); for (let i = 0; ; ++i) map.set(i, { i });"}) {
        CAPTURE(source);
        const Exception why = ended(*engine, "{ " + source + " }");
        const bool expected =
            why.kind == Ending::memory || why.name == "RangeError" || why.name == "InternalError";
        CHECK_MESSAGE(expected, why.text());
    }
    CHECK(ended(*engine, "{ const all = []; while (true) all.push(new Array(1000).fill(1)); }")
              .text() == "Error: the script needs more than its 32 MB of memory");
    for (const std::string source :
         {"(function deep() { deep(); })()",
          "(function deep(n) { return [n].map(() => deep(n + 1)); })(0)",
          "const o = {}; o.toString = () => `${o}`; `${o}`",
          "let a = []; for (let i = 0; i < 1e5; ++i) a = [a]; JSON.stringify(a)",
          "const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x",
          "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))"}) {
        CAPTURE(source);
        const Exception why = ended(*engine, "{ " + source + " }");
        CHECK(why.kind == Ending::thrown);
    }
    CHECK(shown(*engine, "[1, 2, 3].map((x) => x * 2).join()") == "2,4,6");
}

TEST_CASE("script: whatever is thrown arrives as an exception") {
    Project project;
    auto engine = project.engine();
    const std::pair<std::string, std::string> table[] = {
        {"throw 5", "5"},
        {"throw null", "null"},
        {"throw undefined", "undefined"},
        {"throw Symbol('s')", "a symbol"},
        {"throw { code: 'X' }", "[object Object]"},
        {"throw { toString() { throw 1; } }", "an object without text"},
        {"throw new (class QueryFailedError extends Error { get name() { return "
         "'QueryFailedError'; } })('no table')",
         "QueryFailedError: no table"},
        {"throw Object.defineProperty(new Error('x'), 'message', { get() { throw new "
         "Error('inner'); } })",
         "Error"},
        {"throw Object.defineProperty(new Error('x'), 'stack', { get() { throw new Error('inner'); "
         "} })",
         "Error: x"},
        {"Promise.reject(new RangeError('rejected'))", "RangeError: rejected"},
        {"(async () => { await null; throw new Error('later'); })()", "Error: later"},
        {"new Promise(() => setTimeout(() => { throw new Error('in a timer'); }, 1))",
         "Error: in a timer"},
        {"Promise.reject(new Error('nobody handles it')); new Promise((resolve) => "
         "setTimeout(resolve, 10))",
         "Error: nobody handles it"},
        {"process.exit(3)", "Error: the script called process.exit(3)"},
    };
    for (const auto& [source, text] : table) {
        CAPTURE(source);
        CHECK(ended(*engine, source).text() == text);
    }
    CHECK(ended(*engine, "throw { code: 'X' }").property("code") == "X");
    CHECK(ended(*engine, "throw new Proxy(new Error('p'), { get() { throw 1; } })")
              .property("code")
              .empty());
    // A late handler is in time if it comes in the same round of the loop.
    CHECK(shown(*engine,
                "const late = Promise.reject(new Error('x')); Promise.resolve().then(() => "
                "late.catch((e) => 'handled ' + e.message))") == "handled x");
}

TEST_CASE("script: a promise that nothing will settle is an error that says so") {
    Project project;
    auto engine = project.engine();
    const Exception why = ended(*engine, "new Promise(() => setTimeout(() => {}, 5))");
    CHECK(why.kind == Ending::stalled);
    CHECK(why.text() ==
          "Error: a promise is still pending and nothing is left to wait for: no timer, no query, "
          "no file");
    CHECK(ended(*engine, "new Promise((resolve) => setTimeout(resolve, 50000).unref())").kind ==
          Ending::stalled);
}

TEST_CASE("script: watched descriptors share one loop, and each answer is a macrotask") {
    Project project;
    auto engine = project.engine();
    int ends[2][2];
    for (auto& pair : ends) REQUIRE(::pipe2(pair, O_CLOEXEC | O_NONBLOCK) == 0);
    const Value log = engine->evaluate("const log = []; log", "test.js").value();
    std::vector<TaskId> watches;
    std::vector<Deferred> answers{engine->deferred(), engine->deferred()};
    for (std::size_t at = 0; at < 2; ++at) {
        watches.push_back(engine->watch(ends[at][0], POLLIN, [&, at](short ready) {
            CHECK((ready & POLLIN) != 0);
            char byte = 0;
            CHECK(::read(ends[at][0], &byte, 1) == 1);
            engine->unwatch(watches[at]);
            answers[at].resolve(engine->string(std::string(1, byte)));
        }));
    }
    CHECK(engine->global()
              .set("answers", engine->array(std::array{answers[0].promise, answers[1].promise}))
              .has_value());
    // The second answers first; the first only after it was asked.
    const TaskId unused =
        engine->after(Duration{5}, [&] { CHECK(::write(ends[1][1], "b", 1) == 1); });
    CHECK(unused != 0);
    engine->global()
        .set("write",
             engine->function("write",
                              [&](const Call& call) -> Answer<Value> {
                                  CHECK(::write(ends[0][1], "a", 1) == 1);
                                  return call.engine.undefined();
                              }))
        .value();
    CHECK(shown(*engine,
                "answers[1].then((b) => { log.push(b); write(); return answers[0]; }).then((a) => "
                "{ log.push(a); return log.join(); })") == "b,a");
    for (auto& pair : ends) {
        ::close(pair[0]);
        ::close(pair[1]);
    }
}

TEST_CASE(
    "script: files outside of the folders that may be read stay closed, whichever way leads "
    "there") {
    Project outside;
    outside.file("secret.txt", "secret");
    outside.file("secret.js", "exports.secret = 1;");
    Project shared;
    shared.file("shared.txt", "shared");
    Project project;
    project.file("own.txt", "own");
    project.file("inner/own.txt", "inner");
    project.link("link.txt", outside.path("secret.txt"));
    project.link("folder", outside.folder());
    project.link("chain", "folder");
    Options options = project.options();
    options.folders = {shared.folder()};
    auto engine = Project::engine(std::move(options));
    engine->global().set("outside", engine->string(outside.folder())).value();
    engine->global().set("shared", engine->string(shared.folder())).value();
    engine->global()
        .set("require", engine->evaluate("(name) => globalThis.process.mainModule", "x").value())
        .value();
    auto fs = engine->require("fs").value();
    engine->global().set("fs", fs).value();
    CHECK(shown(*engine,
                "fs.readFileSync('own.txt', 'utf8') + fs.readFileSync('inner/../own.txt', 'utf8') "
                "+ fs.readFileSync(shared + '/shared.txt', 'utf8')") == "ownownshared");
    for (const std::string path : {"outside + '/secret.txt'",
                                   "'link.txt'",
                                   "'folder/secret.txt'",
                                   "'chain/secret.txt'",
                                   "'inner/../../' + outside.split('/').at(-1) + '/secret.txt'",
                                   "'/etc/passwd'",
                                   "'/proc/self/environ'",
                                   "'/dev/zero'"}) {
        CAPTURE(path);
        const std::string read =
            "try { fs.readFileSync(" + path + "); 'was read' } catch (e) { e.code }";
        CHECK(shown(*engine, read) == "EACCES");
        CHECK(shown(*engine, "fs.existsSync(" + path + ")") == "false");
        CHECK(
            shown(*engine, "try { fs.statSync(" + path + "); 'was seen' } catch (e) { e.code }") ==
            "EACCES");
    }
    CHECK(shown(*engine, "try { fs.readdirSync(outside); 'was listed' } catch (e) { e.code }") ==
          "EACCES");
    CHECK(
        shown(*engine, "try { fs.realpathSync('folder'); 'was followed' } catch (e) { e.code }") ==
        "EACCES");
    CHECK(shown(*engine, "fs.lstatSync('folder').isSymbolicLink()") == "true");
    CHECK(shown(*engine,
                "try { fs.readFileSync(outside + '/secret.txt') } catch (e) { "
                "e.message.replace(outside, 'X') }") ==
          "EACCES: permission denied, open 'X/secret.txt' (scripts may read only below " +
              project.folder() + ", " + shared.folder() + ")");
    CHECK(engine->require(outside.path("secret.js")).error().property("code") ==
          "MODULE_NOT_FOUND");
    CHECK(engine->require("./folder/secret.js").error().property("code") == "MODULE_NOT_FOUND");
}

TEST_CASE("script: what is not there is refused by its name, with the way out, when it is used") {
    Project project;
    project.file("main.js", R"(
        const net = require('net');
        class Socket extends net.Socket {}
        const { createServer } = require('node:http');
        exports.tries = {
            socket: () => new Socket(),
            connect: () => net.connect(5432),
            server: () => createServer(),
            exec: () => require('child_process').execSync('id'),
            gzip: () => require('zlib').gzipSync('x'),
            run: () => require('vm').runInThisContext('1'),
            worker: () => new (require('worker_threads').Worker)('x'),
            lookup: () => require('dns').promises.lookup('x'),
            fetch: () => fetch('https://example.com'),
            write: () => require('fs').writeFileSync('x', 'y'),
            stream: () => require('fs').createWriteStream('x'),
            unlink: () => require('fs').promises.unlink('x'),
            open: () => require('fs').openSync('x', 'w'),
            scrypt: () => require('crypto').scryptSync('a', 'b', 3),
            kill: () => process.kill(1),
            chdir: () => process.chdir('/'),
            native: () => require('./addon.node'),
        };
        exports.read = [typeof net.Socket, net.isIP('::1'), require('worker_threads').isMainThread, typeof require('zlib').constants];
    )");
    project.file("addon.node", "");
    auto engine = project.engine();
    const Value main = engine->require("./main.js").value();
    CHECK(main.get("read")->json().value() == R"(["function",6,true,"object"])");
    const std::pair<const char*, const char*> table[] = {
        {"socket", "net.Socket"},
        {"connect", "net.connect"},
        {"server", "http.createServer"},
        {"exec", "child_process.execSync"},
        {"gzip", "zlib.gzipSync"},
        {"run", "vm.runInThisContext"},
        {"worker", "worker_threads.Worker"},
        {"lookup", "dns.promises.lookup"},
        {"fetch", "fetch"},
        {"write", "fs.writeFileSync"},
        {"stream", "fs.createWriteStream"},
        {"unlink", "fs/promises.unlink"},
        {"open", "fs.open with flags \"w\""},
        {"scrypt", "crypto.scryptSync"},
        {"kill", "process.kill"},
        {"chdir", "process.chdir"},
        {"native", "the native module PROJECT/addon.node"},
    };
    for (const auto& [key, name] : table) {
        CAPTURE(std::string{key});
        const Exception why = main.get("tries")->invoke(key).error();
        std::string expected = std::string{name} +
                               " is not available to scripts inside alkemio-init; run it with Node "
                               "(engine = \"command\")";
        if (const auto at = expected.find("PROJECT"); at != std::string::npos)
            expected.replace(at, 7, project.folder());
        CHECK(why.message == expected);
        CHECK(why.property("code") == "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM");
        CHECK(why.where().file == project.path("main.js"));
    }
}

TEST_CASE("script: what is not there of Node's modules is among what compiled code copies of them") {
    Project project;
    project.file("main.js", R"(
        // Of TypeScript's compiler, for: import * as fs from 'fs'
        const star = (module) => {
            const copy = {};
            for (const name of Object.getOwnPropertyNames(module)) {
                if (name !== 'default') Object.defineProperty(copy, name, { enumerable: true, get: () => module[name] });
            }
            return copy;
        };
        const fs = star(require('fs'));
        const child = star(require('child_process'));
        require('fs').appendFileSync = () => 'mine';
        exports.tries = { fs: () => fs.mkdirSync('x'), exec: () => child.execSync('true') };
        exports.mine = require('fs').appendFileSync();
    )");
    project.file("named.mjs", "import { mkdirSync } from 'fs';\nimport { execSync } from 'child_process';\nexport const tries = { mkdirSync, execSync };\n");
    auto engine = project.engine();
    const Value main = engine->require("./main.js").value();
    CHECK(main.get("tries")->invoke("fs").error().message.starts_with("fs.mkdirSync is not available"));
    CHECK(main.get("tries")->invoke("exec").error().message.starts_with("child_process.execSync is not available"));
    CHECK(main.get("mine")->text() == "mine");
    const Value named = engine->settle(engine->import("./named.mjs").value()).value();
    CHECK(named.get("tries")->invoke("mkdirSync").error().message.starts_with("fs.mkdirSync is not available"));
    CHECK(named.get("tries")->invoke("execSync").error().message.starts_with("child_process.execSync is not available"));
}

TEST_CASE("script: process.env is what was given, and nothing of our own environment") {
    Project project;
    ::setenv("AINIT_TEST_SECRET", "hidden", 1);
    Options options = project.options();
    options.environment = {"ONE=1", "EMPTY=", "EQUALS=a=b"};
    auto engine = Project::engine(std::move(options));
    ::unsetenv("AINIT_TEST_SECRET");
    CHECK(json_of(*engine, "process.env") == R"({"ONE":"1","EMPTY":"","EQUALS":"a=b"})");
}

TEST_CASE("script: an engine begins and ends many times without losing a descriptor") {
    const auto open_files = [] {
        return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"},
                             std::filesystem::directory_iterator{});
    };
    Project project;
    project.file("main.js",
                 "setInterval(() => {}, 1000); new Promise(() => {}); require('util'); "
                 "require('stream'); exports.f = () => exports;");
    const auto before = open_files();
    for (int round = 0; round < 20; ++round)
        CHECK(project.engine()->require("./main.js").has_value());
    CHECK(open_files() == before);
    CHECK(Engine::create({.project = project.path("none")}).error().line() ==
          "cannot start the JavaScript engine: folder " + project.path("none") +
              " cannot be opened: No such file or directory");
}

TEST_SUITE_END();
