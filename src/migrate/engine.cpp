// SPDX-License-Identifier: Apache-2.0
#include "migrate/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "migrate/command/engine.h"
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
