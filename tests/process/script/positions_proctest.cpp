// SPDX-License-Identifier: Apache-2.0
// TypeScript, and errors at their places in the source that was written.
#include "project.h"

using namespace ainit;
using namespace ainit::script;
using namespace ainit::script::test;

namespace {

Exception thrown_by(Engine& engine, std::string_view file) {
    auto ran = engine.import(file);
    if (ran) ran = engine.settle(*ran);
    REQUIRE_FALSE(ran.has_value());
    return ran.error();
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("script: TypeScript runs as its author wrote it") {
    Project project;
    project.file("tsconfig.json", R"({
        // comments and trailing commas, as TypeScript's own files have them
        "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["none/*", "src/lib/*"], "@one": ["src/lib/one"], }, /* more */ "module": "commonjs" },
    })");
    project.file(
        "src/lib/one.ts",
        "export enum Colour { red = 1, green, blue = 'b'.length + 5 }\nexport const enum Small { "
        "a, b = 'text' as any }\nexport default class One<T> { constructor(private readonly value: "
        "T, public other?: number) {} get(): T { return this.value!; } }");
    project.file("src/lib/types.ts",
                 "export interface Shape { side: number }\nexport type Name = string;");
    project.file("src/main.ts", R"(import One, { Colour, Small } from '@one';
import type { Shape } from './lib/types';
import { Name, type Shape as Other } from '@lib/types';
import * as path from 'path';
import fs = require('fs');
abstract class Base { abstract name: Name; declare hidden: number; protected static count = 0; }
class Derived extends Base implements Shape { name = 'derived' as const; side = <number>4; override toString() { return this.name; } }
function overload(a: number): number;
function overload(a: string): string;
function overload(a: any) { return a; }
const config = { a: 1 } satisfies Record<string, number>;
let definite!: string;
const generic = <T,>(value: T): T => value;
export const seen = [new One<number>(5).get(), Colour.green, Colour[1], Colour.blue, Small.b, `${new Derived()}`, overload(3), config.a,
  generic<string>('g'), path.basename('/x/y'), typeof fs.readFileSync, (definite = 'd')!.length, (undefined as unknown as Other)?.side ?? null];
)");
    project.file("src/plain.js", "module.exports = require('./main').seen.length;");
    project.file("esm/package.json", R"({ "type": "module" })");
    project.file("esm/main.ts",
                 "import { later } from './later.js';\nimport { other } from "
                 "'./extensionless';\nexport const value: number = (await later()) + other;\n");
    project.file("esm/later.ts", "export const later = async (): Promise<number> => 40;\n");
    project.file("esm/extensionless.ts", "export const other: number = 2;\n");
    auto engine = project.engine();
    const Value main = engine->require("./src/main.ts").value();
    CHECK(main.get("seen")->json().value() ==
          R"([5,2,"red",6,"text","derived",3,1,"g","y","function",1,null])");
    CHECK(engine->require("./src/plain").value().number() == 13);
    auto imported = engine->import("esm/main.ts");
    REQUIRE(imported.has_value());
    imported = engine->settle(*imported);
    REQUIRE_MESSAGE(imported.has_value(), imported.error().report());
    CHECK(imported->get("value")->number() == 42);
    CHECK(engine->loaded_files().front() == project.path("src/main.ts"));
}

TEST_CASE("script: what JavaScript does not need is not loaded") {
    Project project;
    project.file("main.js", "exports.a = 1;");
    project.file("main.ts", "export const a: number = 1;");
    auto engine = project.engine();
    CHECK(engine->require("./main.js").has_value());
    const std::size_t plain = engine->memory_used();
    CHECK(engine->require("./main.ts").has_value());
    CHECK(plain < std::size_t{1} << 20U);
    CHECK(engine->memory_used() > plain + (std::size_t{1} << 20U));
}

TEST_CASE("script: an error in TypeScript is at its line in the source") {
    Project project;
    project.file("bad.ts",
                 "interface A {\n  a: string\n}\n\nexport function run(a: A): never {\n  throw new "
                 "Error('in TypeScript');\n}\nrun({ a: 'x' } as A);\n");
    project.file("syntax.ts", "const a: number = 1;\nconst b: = 2;\n");
    project.file("decorated.ts", "function dec(): any {}\n\n@dec()\nclass A {}\n");
    auto engine = project.engine();
    const Exception why = thrown_by(*engine, "bad.ts");
    CHECK(why.text() == "Error: in TypeScript");
    CHECK(why.where().text() == project.path("bad.ts:6"));
    CHECK(why.stack.at(0).function == "run");
    CHECK(why.stack.at(1).where.text() == project.path("bad.ts:8"));
    const Exception syntax = thrown_by(*engine, "syntax.ts");
    CHECK(syntax.name == "SyntaxError");
    CHECK(syntax.where().file == project.path("syntax.ts"));
    CHECK(syntax.where().line == 2);
    const Exception decorated = thrown_by(*engine, "decorated.ts");
    CHECK(decorated.where().line == 3);
    CHECK(decorated.text() ==
          "SyntaxError: a decorator of TypeScript needs its compiler: compile the file, or install "
          "the "
          "package \"typescript\" with the project; or run it with Node (engine = \"command\")");
    project.file(
        "space.ts",
        "// namespace In.Comment {\n\nexport namespace Names {\n  export const a = 1;\n}\n");
    CHECK(thrown_by(*engine, "space.ts").where().line == 3);
    project.file("text.ts",
                 "export const sql: string = `\nnamespace X {\n  @a\n`;\ndeclare namespace Only { "
                 "const a: number }\n");
    CHECK(engine->require("./text.ts").has_value());
}

TEST_CASE("script: an error in JavaScript is at its line and column") {
    Project project;
    project.file("first.js", "throw new Error('on the first line');");
    project.file(
        "deep.js",
        "'use strict';\nfunction inner() {\n    null.x;\n}\nmodule.exports = () => inner();\n");
    project.file("main.js",
                 "const deep = require('./deep');\nexports.run = async () => {\n  deep();\n};\n");
    project.file("module.mjs", "export const a = 1;\n\n  missing();\n");
    project.file("syntax.js", "let a = 1;\nlet a = 2;\n");
    project.file("data.json", "{\n  \"a\": 1,\n  oops\n}\n");
    auto engine = project.engine();
    // QuickJS places a call at its parenthesis.
    CHECK(thrown_by(*engine, "first.js").where().text() == project.path("first.js:1:16"));
    auto promise = engine->require("./main.js").value().invoke("run");
    REQUIRE(promise.has_value());
    const Exception why = engine->settle(*promise).error();
    CHECK(why.text() == "TypeError: cannot read property 'x' of null");
    CHECK(why.stack.at(0).function == "inner");
    CHECK(why.stack.at(0).where.text() == project.path("deep.js:3:9"));
    CHECK(why.stack.at(1).where.line == 5);
    CHECK(why.stack.at(2).where.text() == project.path("main.js:3:7"));
    CHECK(thrown_by(*engine, "module.mjs").where().text() == project.path("module.mjs:3:3"));
    const Exception syntax = thrown_by(*engine, "syntax.js");
    CHECK(syntax.name == "SyntaxError");
    CHECK(syntax.where().file == project.path("syntax.js"));
    CHECK(syntax.where().line == 2);
    CHECK(thrown_by(*engine, "data.json").message.starts_with(project.path("data.json") + ": "));
    const Failure failure =
        why.failure(Code::migration_failed, Code::migration_timeout, "cannot run main.js");
    CHECK(failure.line() == "cannot run main.js: TypeError: cannot read property 'x' of null");
    CHECK(failure.where.file == project.path("deep.js"));
}

TEST_CASE("script: source maps of compiled files lead to their sources, inline and beside them") {
    // The compiled line 3 column 5 is line 12 column 3 of the source.
    const std::string map =
        R"({"version":3,"sources":["../src/made.ts"],"sourceRoot":"","names":[],"mappings":";;IAWE"})";
    Project project;
    const std::string code =
        "\"use strict\";\nfunction run() {\n    throw new Error('compiled');\n}\nrun();\n";
    project.file("dist/beside.js", code + "//# sourceMappingURL=beside.js.map\n");
    project.file("dist/beside.js.map", map);
    project.file("dist/inline.js",
                 code +
                     "//# sourceMappingURL=data:application/json;base64,"
                     "eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIi4uL3NyYy9tYWRlLnRzIl0sInNvdXJjZVJvb3QiOiIiL"
                     "CJuYW1lcyI6W10sIm1hcHBpbmdzIjoiOztJQVdFIn0=");
    project.file("dist/none.js", code + "//# sourceMappingURL=none.js.map\n");
    project.file("dist/broken.js", code + "//# sourceMappingURL=broken.js.map\n");
    project.file("dist/broken.js.map", R"({"version":3,"sources":["x"],"mappings":"!!!"})");
    auto engine = project.engine();
    CHECK(thrown_by(*engine, "dist/beside.js").where().text() == project.path("src/made.ts:12:3"));
    CHECK(thrown_by(*engine, "dist/inline.js").where().text() == project.path("src/made.ts:12:3"));
    CHECK(thrown_by(*engine, "dist/none.js").where().file == project.path("dist/none.js"));
    CHECK(thrown_by(*engine, "dist/broken.js").where().line == 3);
}

TEST_CASE("script: a native learns where the script is that calls it") {
    Project project;
    project.file("main.js", "exports.run = () => {\n  where();\n};\n");
    auto engine = project.engine();
    std::vector<Frame> stack;
    engine->global()
        .set("where",
             engine->function("where",
                              [&stack](const Call& call) -> Answer<Value> {
                                  stack = call.engine.frames(call.engine.stack());
                                  return call.engine.undefined();
                              }))
        .value();
    CHECK(engine->require("./main.js").value().invoke("run").has_value());
    REQUIRE_FALSE(stack.empty());
    CHECK(stack.front().where.file == project.path("main.js"));
    CHECK(stack.front().where.line == 2);
}

TEST_CASE("script: modules of C++ and bundles are required by name, before packages of that name") {
    Project project;
    project.file("node_modules/given/index.js", "exports.from = 'package';");
    project.file("main.mjs",
                 "import given, { from } from 'given';\nexport const seen = [given.from, from, "
                 "(await import('given')).from];\n");
    auto engine = project.engine();
    int made = 0;
    engine->module("given", [&made](Engine& inside) -> Answer<Value> {
        ++made;
        return inside.object({{"from", inside.string("C++")}});
    });
    CHECK(made == 0);
    CHECK(engine->require("given").value().get("from")->text() == "C++");
    auto imported = engine->import("main.mjs");
    imported = engine->settle(imported.value());
    REQUIRE_MESSAGE(imported.has_value(), imported.error().report());
    CHECK(imported->get("seen")->json().value() == R"(["C++","C++","C++"])");
    CHECK(made == 1);
    engine->module("failing", [](Engine& inside) -> Answer<Value> {
        return inside.error("Error", "not today");
    });
    CHECK(engine->require("failing").error().text() == "Error: not today");
}

TEST_CASE("script: the project's own TypeScript compiles what stripping types cannot") {
    // Not the compiler itself, whose 9 MB take seconds: what matters is who is asked, and for what.
    Project project;
    project.file("node_modules/typescript/index.js",
                 R"(exports.transpileModule = (source, { fileName, compilerOptions }) => ({
        outputText: 'exports.seen = ' + JSON.stringify([source.length > 10, fileName.split('/').at(-1), compilerOptions]) + ';\n\nexports.fail = () => { throw new Error("compiled"); };\n//# sourceMappingURL=x.js.map',
        sourceMapText: '{"version":3,"sources":["space.ts"],"names":[],"mappings":";;AAWE"}',
    });)");
    project.file("tsconfig.json", R"({ "compilerOptions": { "experimentalDecorators": true } })");
    project.file("space.ts", "namespace Names {\n  export const a = 1;\n}\n");
    auto engine = project.engine();
    const Value space = engine->require("./space.ts").value();
    CHECK(
        space.get("seen")->json().value() ==
        R"([true,"space.ts",{"experimentalDecorators":true,"target":"es2022","module":"commonjs","sourceMap":true}])");
    CHECK(space.invoke("fail").error().where().text() == project.path("space.ts:12:3"));
}

TEST_SUITE_END();
