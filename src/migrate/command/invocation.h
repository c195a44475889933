// SPDX-License-Identifier: Apache-2.0
// What a tool is started with: its arguments and its environment, with the login of its database filled in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/child.h"
#include "migrate/engine.h"

namespace ainit::migrate::command {

/// ${dsn}, ${host}, ${port}, ${user}, ${password} and ${database} replaced; other ${…} stay.
std::string fill_in(std::string_view text, const postgres::Server& server, const postgres::Login& login);

/// `arguments` of the migration's environment. Refused (migration_refused) where an argument would hold a secret, which
/// every user of the machine could read.
Result<Command> invocation(const Context& context, const std::vector<std::string>& arguments);

}  // namespace ainit::migrate::command
