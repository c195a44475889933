// SPDX-License-Identifier: Apache-2.0
// What starting servers needs of the system.
#pragma once

#include <string>
#include <vector>

namespace ainit::test {

/// The command as the user postgres where we are root, since servers refuse to run as root; ended with the thread that
/// starts it, so that none is left behind by a test that crashed.
std::vector<std::string> unprivileged(std::vector<std::string> arguments);

/// Gives a file or folder to the user postgres where we are root.
void give_to_postgres(const std::string& path);

/// A port of the loopback at which nobody listens now.
int free_port();

}  // namespace ainit::test
