// SPDX-License-Identifier: Apache-2.0
// Arguments of commands can be read by every user of the machine.
#pragma once

#include <string>

#include "config/config.h"

namespace ainit::config {

/// Whether a password of the configuration, or any in a URL, stands in an argument of a command. One that is also the name of a
/// role or database cannot be told from that name.
bool holds_a_secret(const Config& config, const std::string& argument);

/// Whether ${dsn} or ${password} of a login stands in it.
bool asks_for_a_secret(const std::string& argument);

}  // namespace ainit::config
