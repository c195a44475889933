// SPDX-License-Identifier: Apache-2.0
// For Prometheus.
#pragma once

#include <string>

#include "health/status.h"

namespace ainit::health {

/// The text exposition format 0.0.4 (prometheus.io, "Exposition formats"); docs/manual.md names each metric.
std::string metrics(const Facts& facts);

}  // namespace ainit::health
