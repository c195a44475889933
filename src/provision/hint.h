// SPDX-License-Identifier: Apache-2.0
// What to do about a step that failed, by what it was and by its SQLSTATE.
#pragma once

#include <string>

#include "base/failure.h"
#include "plan/step.h"

namespace ainit::provision {

/// An imperative; the server's own hint where there is no better one. `user`: the maintenance user.
std::string hint_of(const plan::Action& action, const Failure& failure, const std::string& user);

}  // namespace ainit::provision
