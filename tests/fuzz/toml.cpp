// SPDX-License-Identifier: Apache-2.0
// Any text is a configuration or a list of failures, each with its place and exit code 10; and what
// is loaded can be shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/secret.h"
#include "config/load.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void judge(const ainit::config::Loaded& loaded) {
    for (const ainit::Failure& failure : loaded.failures) {
        require(!failure.what.empty() && !failure.because.empty());
        require(!failure.where.empty());
        require(failure.exit_code() == 10);
        require(!failure.block().empty());
    }
    for (const ainit::config::Setting& setting : loaded.config.settings) {
        require(!setting.key.empty() && !setting.value.empty() && !setting.source.empty());
    }
    if (!loaded.good()) return;
    // What passed the rules holds what the rooms behind rely on.
    for (const auto& database : loaded.config.databases) require(!database.name.empty());
    for (const auto& migration : loaded.config.migrations) {
        require(loaded.config.database(migration.database) != nullptr);
        require(migration.engine == "sql" ? !migration.files.empty() : !migration.command.empty());
    }
    require(!loaded.config.postgres.hosts.empty() && !loaded.config.postgres.ports.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const ainit::config::Environment environment{
        {"A", "value"}, {"PGPORT", "5433"}, {"DATABASE_URL", "postgres://u@h/d"}};
    // Files are not opened: their content would not be the input's.
    judge(
        ainit::config::load_text(text, "fuzz.toml", environment, ainit::config::SecretFiles::skip));
    return 0;
}
