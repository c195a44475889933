// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <charconv>

#include <fmt/format.h>

namespace ainit {

Result<Address> parse_address(const std::string& text) {
    Address address;
    if (text.starts_with("unix:")) {
        address.local = true;
        address.path = text.substr(5);
        if (address.path.starts_with('@')) address.path[0] = '\0';
        constexpr std::size_t kLongest = 107;  // sun_path
        if (!address.path.empty() && address.path.size() <= kLongest) return address;
    } else if (const std::size_t colon = text.rfind(':');
               colon != std::string::npos && colon + 1 < text.size()) {
        address.host = text.substr(0, colon);
        address.port = text.substr(colon + 1);
        if (address.host.starts_with('[') && address.host.ends_with(']')) {
            address.host = address.host.substr(1, address.host.size() - 2);
        }
        int port = 0;
        const char* end = address.port.data() + address.port.size();
        const auto [read, error] = std::from_chars(address.port.data(), end, port);
        if (error == std::errc{} && read == end && port >= 1 && port <= 65'535) return address;
    }
    Failure failure;
    failure.code = Code::health_listen;
    failure.what = fmt::format("cannot use \"{}\" as the address of the health endpoint", text);
    failure.because = "it is neither HOST:PORT nor unix:PATH nor unix:@NAME";
    failure.state = "Nothing was done.";
    return failure;
}

}  // namespace ainit
