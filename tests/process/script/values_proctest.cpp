// SPDX-License-Identifier: Apache-2.0
#include "project.h"

using namespace ainit;
using namespace ainit::script;
using namespace ainit::script::test;

TEST_SUITE_BEGIN("process");

TEST_CASE("script: values keep their kind and content both ways") {
    Project project;
    auto engine = project.engine();
    const auto value = [&](std::string_view source) {
        return engine->evaluate(source, "test.js").value();
    };
    CHECK(value("undefined").is(Kind::undefined));
    CHECK(value("null").is(Kind::null));
    CHECK(value("true").boolean() == true);
    CHECK(value("0.1 + 0.2").number() == 0.1 + 0.2);
    CHECK(value("-7").integer() == -7);
    CHECK(value("7.5").integer() == std::nullopt);
    CHECK(value("2 ** 53").integer() == std::nullopt);
    CHECK(value("2n ** 62n").integer() == std::int64_t{1} << 62);
    CHECK(value("2n ** 64n").integer() == std::nullopt);
    CHECK(value("'\\u0000é\\u{1f600}'").string() == std::string("\0é😀", 7));
    CHECK(value("'a\\ud800b'").string() ==
          "a\xef\xbf\xbd"
          "b");
    CHECK(value("Symbol('x')").is(Kind::symbol));
    CHECK(value("() => 1").is(Kind::function));
    CHECK(value("[1]").is(Kind::array));
    CHECK(value("new TypeError('x')").is(Kind::error));
    CHECK(value("Promise.resolve(1)").is(Kind::promise));
    CHECK(value("({})").is(Kind::object));
    CHECK(value("new Date(0)").is(Kind::object));
    CHECK(value("Buffer.from('ab')").is(Kind::bytes));
    const Value view = value("new Uint8Array([1, 2, 3]).subarray(1)");
    const auto tail = view.bytes();
    REQUIRE(tail.has_value());
    CHECK(std::vector(tail->begin(), tail->end()) == std::vector{std::byte{2}, std::byte{3}});
    CHECK(value("new ArrayBuffer(0)").bytes()->empty());
    CHECK_FALSE(value("'text'").bytes().has_value());

    const Value row[] = {engine->string("a"),
                         engine->null(),
                         engine->number(1.5),
                         engine->boolean(false),
                         engine->bigint(9)};
    CHECK(engine->array(row).elements()->size() == 5);
    const std::optional<std::string_view> cells[] = {"x", std::nullopt, "\xff"};
    CHECK(engine->strings(cells).json().value() == "[\"x\",null,\"\xef\xbf\xbd\"]");
    const std::byte bytes[] = {std::byte{0}, std::byte{255}};
    CHECK(engine->buffer(bytes).invoke("toString", std::array{engine->string("hex")})->text() ==
          "00ff");
    CHECK(engine->object({{"b", engine->number(1)}, {"a", engine->string("x")}}).names().value() ==
          std::vector<std::string>{"b", "a"});
    CHECK(engine->parse_json("{\"a\":[1,{}]}")->json().value() == "{\"a\":[1,{}]}");
}

TEST_CASE("script: a value that outlives its engine turns into undefined") {
    Project project;
    Value kept;
    {
        auto engine = project.engine();
        kept = engine->evaluate("({ a: [1, 2, 3] })", "test.js").value();
        CHECK(kept.get("a")->elements()->size() == 3);
        const Value copy = kept;
        kept = copy;
    }
    CHECK(kept.is(Kind::undefined));
    CHECK_FALSE(kept.get("a").has_value());
    CHECK(kept.text() == "undefined");
}

TEST_CASE("script: members, calls and constructors run scripts, and throw what these throw") {
    Project project;
    auto engine = project.engine();
    const Value object = engine
                             ->evaluate(
                                 "({ get bad() { throw new RangeError('no') }, add(a, b) { return "
                                 "this.base + a + b }, base: 1 })",
                                 "test.js")
                             .value();
    CHECK(object.get("bad").error().text() == "RangeError: no");
    const Value two[] = {engine->number(2), engine->number(3)};
    CHECK(object.invoke("add", two)->number() == 6);
    CHECK(object.invoke("nothing").error().name == "TypeError");
    const Value text[] = {engine->string("2020-02-03T00:00:00Z")};
    CHECK(engine->global().get("Date")->construct(text)->json().value() ==
          "\"2020-02-03T00:00:00.000Z\"");
    CHECK(object.set("base", engine->number(10)).has_value());
    CHECK(object.invoke("add", two)->number() == 15);
    CHECK(engine->evaluate("const ring = {}; ring.ring = ring; ring", "test.js")
              ->json()
              .error()
              .name == "TypeError");
}

TEST_CASE(
    "script: natives get arguments, answer, throw errors with properties, and may keep values") {
    Project project;
    auto engine = project.engine();
    Value kept;
    const Value native = engine->function("ask", [&kept](const Call& call) -> Answer<Value> {
        if (call[0].string() == "bad") {
            return call.engine.error(
                "TypeError", "it is bad", {{"code", call.engine.string("E_BAD")}});
        }
        kept = call[1];
        return call.engine.string(call[0].text() + "/" + call[7].text());
    });
    CHECK(engine->global().set("ask", native).has_value());
    CHECK(shown(*engine, "ask(5, { a: 1 })") == "5/undefined");
    CHECK(kept.get("a")->number() == 1);
    CHECK(shown(*engine, "ask.name") == "ask");
    CHECK(shown(*engine,
                "try { ask('bad') } catch (e) { [e instanceof TypeError, e.code, e.message].join() "
                "}") == "true,E_BAD,it is bad");
    const Exception thrown = engine->evaluate("ask('bad')", "test.js").error();
    CHECK(thrown.property("code") == "E_BAD");
    CHECK(thrown.property("detail").empty());
    // A closure that holds the function it belongs to.
    auto ring = std::make_shared<Value>();
    *ring = engine->function("ring", [ring](const Call&) -> Answer<Value> { return *ring; });
    CHECK(ring->call()->is(Kind::function));
    ring.reset();
}

TEST_CASE("script: promises that natives settle later are answered in the loop") {
    Project project;
    auto engine = project.engine();
    const Value later = engine->function("later", [](const Call& call) -> Answer<Value> {
        Engine& inside = call.engine;
        const Deferred deferred = inside.deferred();
        const std::string text = call[0].text();
        inside.after(Duration{5}, [deferred, text, &inside] {
            if (text == "bad") {
                deferred.reject(inside.error("Error", "late", {{"code", inside.string("E_LATE")}}));
            } else {
                deferred.resolve(inside.string(text + "!"));
            }
        });
        return deferred.promise;
    });
    CHECK(engine->global().set("later", later).has_value());
    CHECK(shown(*engine, "(async () => (await later('a')) + (await later('b')))()") == "a!b!");
    CHECK(shown(*engine, "later('bad')") == "throws Error: late");
    CHECK(shown(*engine, "later('bad').catch((e) => e.code)") == "E_LATE");
}

TEST_SUITE_END();
