// SPDX-License-Identifier: Apache-2.0
// Any text is a script that gives a value, or ends with an error, within its limits of time, memory and stack: never with a
// crash or a hang.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "script/engine.h"

namespace {

using namespace ainit;
using namespace std::chrono_literals;

void require(bool condition) {
    if (!condition) std::abort();
}

void judge(const script::Exception& exception) {
    const Failure failure = exception.failure(Code::migration_failed, Code::migration_timeout, "cannot run it");
    require(!failure.what.empty());
    require(!failure.block().empty());
    require(exception.report().size() >= exception.text().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view source{reinterpret_cast<const char*>(data), size};
    script::Options options;
    options.memory_limit = std::size_t{48} << 20U;
    options.stack_limit = std::size_t{256} << 10U;
    options.project = "/proc/self/map_files";  // nothing that a module could be
    options.stop = Stop{}.within(300ms);
    auto engine = script::Engine::create(std::move(options));
    require(engine.has_value());
    auto value = (*engine)->evaluate(source, "fuzz.js");
    if (value) value = (*engine)->settle(*value);
    if (!value) {
        judge(value.error());
        return 0;
    }
    static_cast<void>(value->text());
    if (auto drained = (*engine)->drain(); !drained) judge(drained.error());
    return 0;
}
