// SPDX-License-Identifier: Apache-2.0
#include "migrate/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "migrate/command/engine.h"
#include "migrate/outcome.h"
#include "migrate/sql/engine.h"
#include "migrate/typeorm/engine.h"

namespace ainit::migrate {
namespace {

int count(const std::vector<Entry>& entries, State state) {
    return static_cast<int>(std::ranges::count(entries, state, &Entry::state));
}

}  // namespace

int Level::applied() const {
    return count(entries, State::applied);
}

int Level::pending() const {
    return count(entries, State::pending);
}

std::optional<Failure> not_in_part(const config::Migration& migration, const Extent& extent) {
    if (extent.whole() || migration.engine == "typeorm") return {};
    return not_of_engine(migration, extent.fake ? "record without running" : "run a part of", "leave --to and --fake out");
}

Run Engine::revert(const Context& context, const Revert&, const Stop&) {
    return {{}, not_of_engine(context.migration, "revert", "write a new migration that takes the last one back")};
}

Run Engine::repair(const Context& context, const Repair&, const Stop&) {
    return {{}, not_of_engine(context.migration, "repair", "only migrations of TypeORM can be half done; see: alkemio-init migrate show")};
}

Result<Created> Engine::create(const Context& context, const std::string&, const std::string&, const Stop&) {
    return not_of_engine(context.migration, "create a file for", "write it by hand");
}

Result<std::unique_ptr<Engine>> make_engine(const config::Migration& migration) {
    if (migration.engine == "sql") return std::make_unique<sql::SqlEngine>();
    if (migration.engine == "typeorm") return std::make_unique<typeorm::TypeormEngine>();
    if (migration.engine == "command") return std::make_unique<command::CommandEngine>();
    Failure failure;
    failure.code = Code::config_type;
    failure.what = fmt::format("cannot run migration \"{}\"", migration.name);
    failure.because = fmt::format("there is no engine \"{}\"", migration.engine);
    failure.state = "Nothing was done.";
    failure.where = migration.origin;
    return failure;
}

}  // namespace ainit::migrate
