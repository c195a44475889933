// SPDX-License-Identifier: Apache-2.0
// `healthcheck`: asking a running alkemio-init how it is.
#pragma once

#include <string>

#include "base/result.h"
#include "base/stop.h"

namespace ainit::daemon {

/// The endpoint's answer, or Code::unhealthy with its reason.
Result<std::string> healthcheck(const std::string& address, const std::string& path, Duration patience);

}  // namespace ainit::daemon
