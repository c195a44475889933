// SPDX-License-Identifier: Apache-2.0
// Whatever text is sent for a type, scripts get a value or an error, in time; and what they get can be sent back. The first
// two bytes choose the type, the rest is the text. pg's own parsers go round for ever with some texts that no server sends
// (a bytea with a lone backslash), here as under Node: the deadline ends them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "migrate/typeorm/bundles.h"
#include "script/engine.h"

namespace {

using namespace ainit;
using namespace std::chrono_literals;

void require(bool condition) {
    if (!condition) std::abort();
}

/// bool, bytea, char, int8, int2, int4, text, oid, json, point, circle, float4, float8, the arrays of them, date, time,
/// timestamp, timestamptz, interval, numeric, uuid, jsonb, ranges.
constexpr std::array kTypes{16,   17,   18,   20,   21,   23,   25,   26,   114,  600,  718,  700,  701,  1000, 1001, 1005,
                            1007, 1016, 1017, 1021, 1022, 1028, 1009, 1014, 1015, 1082, 1083, 1114, 1115, 1182, 1184, 1185,
                            1186, 1187, 1231, 1700, 199,  2950, 2951, 3802, 3807, 3904, 3907, 3910, 3926};

constexpr std::string_view kThereAndBack = R"(((pg) => {
  const connection = { parse() {}, describe() {}, execute() {}, flush() {}, sync() {}, parsedStatements: {} };
  return (oid, text) => {
    const value = pg.types.getTypeParser(oid, 'text')(text);
    let sent;
    connection.bind = ({ values, valueMapper }) => { sent = values.map(valueMapper); };
    new pg.Query({ text: '', values: [value] }).prepare(connection);
    if (sent.length !== 1) throw new Error('fuzz: a value was lost on its way back');
    if (sent[0] !== null && typeof sent[0] !== 'string' && !Buffer.isBuffer(sent[0])) throw new Error(`fuzz: a ${typeof sent[0]} is sent`);
    return sent[0];
  };
}))";

struct Pg {
    std::unique_ptr<script::Engine> engine{};
    script::Value there_and_back{};

    Pg() {
        script::Options options;
        options.project = "/proc/self/map_files";  // nothing that a module could be
        auto made = script::Engine::create(std::move(options));
        require(made.has_value());
        engine = std::move(*made);
        for (const script::Bundle& bundle : migrate::typeorm::typeorm_bundles()) engine->module(bundle);
        engine->module("alkemio-init:postgres", [](script::Engine& in) -> script::Answer<script::Value> { return in.object(); });
        auto exports = engine->require("pg");
        require(exports.has_value());
        auto function = engine->evaluate(kThereAndBack, "values.js");
        require(function.has_value());
        const script::Value arguments[] = {*exports};
        auto bound = function->call(arguments);
        require(bound.has_value());
        there_and_back = std::move(*bound);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    static Pg pg;
    const std::size_t type = (std::size_t{data[0]} << 8U | data[1]) % kTypes.size();
    const std::string_view text{reinterpret_cast<const char*>(data) + 2, size - 2};
    const script::Value arguments[] = {pg.engine->number(kTypes[type]), pg.engine->string(text)};
    pg.engine->limit(Stop{}.within(200ms));
    auto sent = pg.there_and_back.call(arguments);
    // JSON that is none, and the like: an error of JavaScript's own.
    if (!sent) require(!sent.error().message.starts_with("fuzz:"));
    return 0;
}
