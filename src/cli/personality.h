// SPDX-License-Identifier: Apache-2.0
// The program under the name of another one that it can stand for: a link in its place is enough.
#pragma once

#include <optional>

namespace ainit::cli {

/// By the base name of argv[0]: `wait`, as docker-compose-wait (2.12) by its variables; `tini` (0.19) and `dumb-init` (1.2), with their options and variables, as `exec --supervise
/// --no-provision`. The exit code, or nothing under any other name.
std::optional<int> run_under_other_name(int argc, char** argv);

}  // namespace ainit::cli
