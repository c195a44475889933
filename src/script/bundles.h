// SPDX-License-Identifier: Apache-2.0
// The bundles of this room: Node's modules and what the loader needs, made by
// cmake/javascript.cmake.
#pragma once

#include <span>

#include "script/engine.h"

namespace ainit::script {

std::span<const Bundle> own_bundles();

}  // namespace ainit::script
