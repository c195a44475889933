// SPDX-License-Identifier: Apache-2.0
#include "postgres/silence.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/lookup.h"

namespace ainit::postgres {
namespace {

constexpr int kPatience = 100;  // ms

std::string text_of(int error) {
    switch (error) {
        case 0: return "closed without a word";
        case ECONNREFUSED: return "refused";
        case ENOENT: return "no socket";
        case EHOSTUNREACH:
        case ENETUNREACH: return "unreachable";
        case ETIMEDOUT:
        case EINPROGRESS: return "no answer";
        default: return errno_text(error);
    }
}

/// The errno of connecting, 0 if it succeeds.
int try_connect(int family, const sockaddr* address, socklen_t size) {
    const UniqueFd fd{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return errno;
    if (::connect(fd.get(), address, size) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd polled{fd.get(), POLLOUT, 0};
    if (::poll(&polled, 1, kPatience) <= 0) return EINPROGRESS;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

int try_socket(const std::string& folder, const std::string& port) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder + "/.s.PGSQL." + port;
    if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path.data(), path.size());
    // An abstract name begins with a NUL and ends where the address ends.
    const bool abstract = path.front() == '@';
    if (abstract) address.sun_path[0] = '\0';
    const std::size_t size =
        abstract ? offsetof(sockaddr_un, sun_path) + path.size() : sizeof address;
    return try_connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&address),
                       static_cast<socklen_t>(size));
}

constexpr int kUnknownHost = -1;

/// The errno of connecting to an address, which is numeric.
int try_address(const std::string& text, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(text.c_str(), port.c_str(), &hints, &found) != 0) return kUnknownHost;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address{found, &::freeaddrinfo};
    return try_connect(address->ai_family, address->ai_addr, address->ai_addrlen);
}

/// The errno of connecting to a host's addresses one after the other; 0 when one takes the connection.
int try_host(const Host& host, const Stop& stop) {
    const bool is_socket = host.name.starts_with('/') || host.name.starts_with('@');
    if (is_socket) return try_socket(host.name, host.port);
    const auto addresses = addresses_of(host.name, stop);
    if (!addresses) return kUnknownHost;
    int error = ECONNREFUSED;
    for (const std::string& address : *addresses) {
        error = try_address(address, host.port);
        if (error == 0) break;
    }
    return error;
}

}  // namespace

std::string reason_of_silence(const Server& server, const Stop& stop) {
    const int error = try_host(server.hosts().front(), stop);
    return error == kUnknownHost ? "unknown host" : text_of(error);
}

bool somebody_listens(const Server& server, const Stop& stop) {
    return std::ranges::any_of(server.hosts(), [&](const Host& host) {
        const int error = try_host(host, stop);
        return error == 0 || error == EINPROGRESS;
    });
}

}  // namespace ainit::postgres
