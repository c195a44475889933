// SPDX-License-Identifier: Apache-2.0
// Any text is a list of statements that lie in it one behind the other, or a failure with its
// place.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "migrate/sql/script.h"

namespace {

using namespace ainit::migrate::sql;

void require(bool condition) {
    if (!condition) std::abort();
}

void judge(const Script& script) {
    std::size_t end = 0;
    for (const Statement& statement : script.statements) {
        require(statement.length > 0);
        require(statement.offset >= end);
        end = statement.offset + statement.length;
        require(end <= script.text.size());
        const std::string_view text = script.of(statement);
        require(!text.starts_with("--") && !text.starts_with(' ') && !text.ends_with('\n'));
        require(!statement.nature.wants_input);
        require(!script.title(statement).empty());
        require(script.origin("x", statement.offset).line > 0);
    }
    require(script.outside.empty() || script.outside_offset < script.text.size());
}

void judge(const ainit::Failure& failure) {
    require(failure.code == ainit::Code::migration_syntax);
    require(!failure.because.empty() && !failure.hint.empty());
    require(failure.where.line > 0 && failure.where.column > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{reinterpret_cast<const char*>(data), size};
    std::size_t strict = 0;
    if (const auto script = read_script("x.sql", text, Grammar::strict)) {
        judge(*script);
        strict = script->statements.size();
    } else {
        judge(script.error());
    }
    if (const auto script = read_script("x.sql", text, Grammar::newer)) {
        judge(*script);
        // What the grammar understands is split by it, whoever asks.
        require(strict == 0 || strict == script->statements.size());
    } else {
        judge(script.error());
    }
    return 0;
}
