// SPDX-License-Identifier: Apache-2.0
#include "daemon/healthcheck.h"

#include "daemon/interrupt.h"
#include "health/probe.h"

namespace ainit::daemon {

Result<std::string> healthcheck(const std::string& address, const std::string& path, Duration patience) {
    const Interrupt interrupt;
    return health::ask(address, path, interrupt.stop(patience));
}

}  // namespace ainit::daemon
