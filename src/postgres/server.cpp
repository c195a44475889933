// SPDX-License-Identifier: Apache-2.0
#include "postgres/server.h"

#include <algorithm>
#include <filesystem>

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

/// An IPv6 address stands in brackets before a colon.
std::string bracketed(const Host& host) {
    const bool ipv6 = !host.is_socket() && host.name.find(':') != std::string::npos;
    return ipv6 ? "[" + host.name + "]" : host.name;
}

/// A tool may work in another folder than we do.
bool is_file(std::string_view keyword, std::string_view value) {
    return keyword != "sslmode" && !value.empty() && value != "system";
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
    for (const Host& one : hosts()) parts.push_back(bracketed(one) + ":" + one.port);
    return join(parts, ",");
}

Host Server::host() const {
    return serving.name.empty() ? hosts().front() : serving;
}

Secret Server::url(const Login& login) const {
    std::vector<std::string> options;
    std::string place;
    const Host at = host();
    if (at.is_socket()) {
        options.push_back("host=" + percent_encode(at.name));
        options.push_back("port=" + at.port);
    } else {
        place = bracketed(at) + ":" + at.port;
    }
    for (const char* keyword : {"sslmode", "sslrootcert", "sslcert", "sslkey"}) {
        const std::string value = value_of(*this, keyword);
        // What is not demanded is left to the tool: not every driver knows "prefer" and "allow".
        const bool vague = value.empty() || value == "prefer" || value == "allow";
        const std::string known = is_file(keyword, value) ? std::filesystem::absolute(value).string() : value;
        if (!vague) options.push_back(fmt::format("{}={}", keyword, percent_encode(known)));
    }
    std::string account = percent_encode(login.user);
    if (!login.password.empty()) account += ":" + percent_encode(login.password.reveal());
    std::string text =
        fmt::format("postgres://{}@{}/{}", account, place, percent_encode(login.database));
    if (!options.empty()) text += "?" + join(options, "&");
    return Secret{std::move(text)};
}

std::string start_option(std::string_view name, std::string_view value) {
    std::string text = fmt::format("-c {}=", name);
    for (const char c : value) {
        if (c == ' ' || c == '\\') text += '\\';
        text += c;
    }
    return text;
}

}  // namespace ainit::postgres
