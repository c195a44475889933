// SPDX-License-Identifier: Apache-2.0
// Asking others whether they are there: TCP, HTTP, files; and asking a running alkemio-init how it is.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/stop.h"

namespace ainit::health {

/// `tcp://HOST:PORT` accepts; `http://` and `https://` answer 2xx or 3xx (certificates are verified with the system's
/// authorities); `file:PATH` exists. Tried again with back-off until stop is over. Returns "ready after 2.5 s".
Result<std::string> wait_for(const std::string& target, const Stop& stop);

/// One connection to a port, to each of the host's addresses in turn for `limit` at most; the Failure has the last one's reason.
Result<void> connect_once(const std::string& host, std::uint16_t port, Duration limit, const Stop& stop);

/// One request without a body, `method` being GET, POST or PUT; returns what answered, "POST http://…". A status other than 2xx is a
/// Failure, Code::dependent_untold as all of these.
Result<std::string> call(const std::string& method, const std::string& url, const Stop& stop);

/// One GET of `path` at a health endpoint; a status other than 200 is a Failure with the endpoint's reason.
Result<std::string> ask(const std::string& address, const std::string& path, const Stop& stop);

}  // namespace ainit::health
