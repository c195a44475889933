// SPDX-License-Identifier: Apache-2.0
#include "base/lookup.h"

#include <array>
#include <csignal>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/file.h"

namespace ainit {

/// Of the thread until `answered` is readable, then of the Lookup.
struct Lookup::State {
    std::string host{};
    UniqueFd answered{};
    int error{0};  ///< of getaddrinfo
    std::string reason{};
    std::vector<std::string> addresses{};
};

void Lookup::work(State& state) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    state.error = ::getaddrinfo(state.host.c_str(), nullptr, &hints, &found);
    if (state.error != 0) {
        state.reason = state.error == EAI_SYSTEM ? errno_text(errno) : ::gai_strerror(state.error);
    } else {
        for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
            std::array<char, INET6_ADDRSTRLEN + 20> text{};  // with a zone
            if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
                state.addresses.emplace_back(text.data());
            }
        }
        ::freeaddrinfo(found);
    }
    ::eventfd_write(state.answered.get(), 1);
}

Lookup::Lookup(const std::string& host) : state_{std::make_shared<State>()} {
    state_->host = host;
    state_->answered = UniqueFd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    // Signals are for the threads that wait for them.
    sigset_t all{};
    sigset_t before{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread{[state = state_] { work(*state); }}.detach();
    } catch (const std::system_error&) {
        // No thread is to be had: then it blocks, as it would in libpq.
        work(*state_);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

int Lookup::fd() const {
    return state_->answered.get();
}

Result<std::vector<std::string>> Lookup::take() {
    eventfd_t count = 0;
    ::eventfd_read(state_->answered.get(), &count);
    if (!state_->addresses.empty()) return std::move(state_->addresses);
    Failure failure;
    failure.code = Code::not_ready;
    failure.transient = true;
    failure.what = fmt::format("cannot find the host \"{}\"", state_->host);
    failure.because = state_->reason.empty() ? "it has no address" : state_->reason;
    return failure;
}

bool is_name(const std::string& host) {
    if (host.starts_with('/') || host.starts_with('@')) return false;
    std::array<unsigned char, sizeof(in6_addr)> address{};
    // An address with a zone (fe80::1%eth0) has a colon, as no name has.
    return ::inet_pton(AF_INET, host.c_str(), address.data()) != 1 && host.find(':') == std::string::npos;
}

Result<std::vector<std::string>> addresses_of(const std::string& host, const Stop& stop) {
    if (!is_name(host)) return std::vector<std::string>{host};
    Lookup lookup{host};
    if (stop.wait_fd(lookup.fd(), POLLIN) <= 0) {
        Failure failure = stop.failure(Code::not_ready, fmt::format("cannot find the host \"{}\"", host));
        failure.transient = failure.code == Code::not_ready;
        return failure;
    }
    return lookup.take();
}

}  // namespace ainit
