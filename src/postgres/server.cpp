// SPDX-License-Identifier: Apache-2.0
#include "postgres/server.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::postgres {
namespace {

constexpr std::string_view kDefaultPort = "5432";

std::string value_of(const Server& server, std::string_view keyword) {
    const auto found = std::ranges::find(
        server.parameters, keyword, [](const auto& pair) { return std::string_view{pair.first}; });
    return found == server.parameters.end() ? std::string{} : found->second;
}

bool is_socket(std::string_view host) {
    return host.starts_with('/') || host.starts_with('@');
}

/// An IPv6 address stands in brackets before a colon.
std::string bracketed(const std::string& host) {
    const bool ipv6 = !is_socket(host) && host.find(':') != std::string::npos;
    return ipv6 ? "[" + host + "]" : host;
}

}  // namespace

std::vector<Host> Server::hosts() const {
    const std::vector<std::string> names = split(value_of(*this, "host"), ',');
    const std::vector<std::string> ports = split(value_of(*this, "port"), ',');
    std::vector<Host> all;
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::string port = ports.size() == names.size() ? ports[i] : ports.front();
        if (port.empty()) port = kDefaultPort;
        all.push_back({names[i].empty() ? "localhost" : names[i], std::move(port)});
    }
    return all;
}

std::string Server::address() const {
    std::vector<std::string> parts;
    for (const Host& one : hosts()) parts.push_back(bracketed(one.name) + ":" + one.port);
    return join(parts, ",");
}

std::string Server::host() const {
    return hosts().front().name;
}

std::string Server::port() const {
    return hosts().front().port;
}

bool Server::by_socket() const {
    return is_socket(host());
}

Secret Server::url(const Login& login) const {
    std::vector<std::string> options;
    std::string place;
    if (by_socket()) {
        options.push_back("host=" + percent_encode(host()));
        options.push_back("port=" + port());
    } else {
        place = bracketed(host()) + ":" + port();
    }
    for (const char* keyword : {"sslmode", "sslrootcert", "sslcert", "sslkey"}) {
        const std::string value = value_of(*this, keyword);
        // What is not demanded is left to the tool: not every driver knows "prefer" and "allow".
        const bool vague = value.empty() || value == "prefer" || value == "allow";
        if (!vague) options.push_back(fmt::format("{}={}", keyword, percent_encode(value)));
    }
    std::string account = percent_encode(login.user);
    if (!login.password.empty()) account += ":" + percent_encode(login.password.reveal());
    std::string text =
        fmt::format("postgres://{}@{}/{}", account, place, percent_encode(login.database));
    if (!options.empty()) text += "?" + join(options, "&");
    return Secret{std::move(text)};
}

}  // namespace ainit::postgres
