// SPDX-License-Identifier: Apache-2.0
// What the system knows of a user beside numbers.
#pragma once

#include <optional>
#include <string>

namespace ainit {

struct Home {
    std::string user{};    ///< the name
    std::string folder{};  ///< the home directory
};

/// Of a user by name or number; empty if the system does not know it.
std::optional<Home> home_of(const std::string& user);

}  // namespace ainit
