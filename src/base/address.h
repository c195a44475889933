// SPDX-License-Identifier: Apache-2.0
// Where the health endpoint listens and is asked.
#pragma once

#include <string>

#include "base/result.h"

namespace ainit {

struct Address {
    bool local{};        ///< a Unix socket
    std::string host{};  ///< of TCP; empty: every address
    std::string port{};
    std::string path{};  ///< of a Unix socket; an abstract one begins with NUL
};

/// `127.0.0.1:8080`, `:8080`, `[::1]:8080`, `unix:/path`, `unix:@name`; health_listen if it is none of them.
Result<Address> parse_address(const std::string& text);

}  // namespace ainit
