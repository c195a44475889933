// SPDX-License-Identifier: Apache-2.0
// Privileges by name: which there are for a kind of object, and what ALL stands for.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/sql.h"

namespace ainit::plan {

/// The keyword in capitals; a word that is no privilege becomes a quoted name, which the server
/// refuses.
Sql privilege_keyword(std::string_view privilege);

/// The privileges meant, in capitals: ALL becomes all there are for the kind of object ("table", "database" …, singular)
/// in this version of the server, TEMP becomes TEMPORARY.
std::set<std::string> expand_privileges(const std::vector<std::string>& privileges,
                                        std::string_view on,
                                        int version);

}  // namespace ainit::plan
