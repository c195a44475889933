// SPDX-License-Identifier: Apache-2.0
// The bundles of this engine, made by cmake/javascript.cmake: both versions of TypeORM, pg, dotenv, our own script.
#pragma once

#include <span>

#include "script/engine.h"

namespace ainit::migrate::typeorm {

std::span<const script::Bundle> typeorm_bundles();

}  // namespace ainit::migrate::typeorm
