// SPDX-License-Identifier: Apache-2.0
// The exit codes of the program: a contract with Compose, Kubernetes and scripts (docs/manual.md
// lists them).
#pragma once

namespace ainit {

enum class ExitCode : int {
    done = 0,
    internal = 1,
    usage = 2,
    pending = 3,
    configuration = 10,
    not_ready = 11,
    refused = 12,
    unsuitable = 13,
    provisioning = 20,
    drift = 21,
    migration = 30,
    unsafe = 31,
    inconsistent = 32,
    verification = 40,
    service = 50,
    not_executable = 126,
    not_found = 127,
    signalled = 128,  ///< plus the number of the signal
};

}  // namespace ainit
