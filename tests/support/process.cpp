// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <stdexcept>

#include <arpa/inet.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

namespace ainit::test {

std::vector<std::string> unprivileged(std::vector<std::string> arguments) {
    if (::geteuid() != 0) return arguments;
    std::vector<std::string> all{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
                                 "--pdeathsig=QUIT"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

void give_to_postgres(const std::string& path) {
    if (::geteuid() != 0) return;
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) throw std::runtime_error{"there is no user postgres to run a server as"};
    if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
        throw std::runtime_error{"cannot chown " + path};
    }
}

int free_port() {
    const UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"no free port on the loopback"};
    }
    return ntohs(address.sin_port);
}

}  // namespace ainit::test
