// SPDX-License-Identifier: Apache-2.0
// URLs as libpq takes them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace ainit::config {

/// What a URL says, under the names of libpq's parameters ("dbname" becomes "database"). Several
/// hosts and ports have commas between them; a port is there only if the URL names one.
struct Url {
    std::map<std::string, std::string> values{};
    Secret password{};
    Secret sslpassword{};
};

/// `postgres://user:password@host:port,host:port/database?name=value&…`. No message shows anything
/// but names of the URL.
Result<Url> parse_url(std::string_view text);

}  // namespace ainit::config
