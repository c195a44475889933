// SPDX-License-Identifier: Apache-2.0
#include "config/url.h"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::config {
namespace {

Failure bad_url(std::string because) {
    Failure failure;
    failure.code = Code::config_type;
    failure.what = "cannot use the URL of the server";
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint =
        "write postgres://user:password@host:port/database?sslmode=…; special characters as %XX";
    return failure;
}

Failure bad_escape(std::string_view part) {
    return bad_url(fmt::format("a % in the {} is not followed by two hexadecimal digits", part));
}

/// Decoded, and without a NUL that would end it early for libpq.
std::optional<std::string> decoded(std::string_view text) {
    auto result = percent_decode(text);
    if (result && result->find('\0') != std::string::npos) return {};
    return result;
}

Result<void> take_account(std::string_view text, Url& url) {
    const std::size_t colon = text.find(':');
    const auto user = decoded(text.substr(0, colon));
    if (!user) return bad_escape("user name");
    if (!user->empty()) url.values["user"] = *user;
    if (colon == std::string_view::npos) return ok();
    auto password = decoded(text.substr(colon + 1));
    if (!password) return bad_escape("password");
    url.password = Secret{std::move(*password)};
    return ok();
}

struct HostAndPort {
    std::string_view host{};
    std::string_view port{};
};

/// Takes `host`, `host:port`, `[::1]` or `[::1]:port` apart; empty if a bracket is not closed.
std::optional<HostAndPort> take_apart(std::string_view text) {
    if (!text.starts_with('[')) {
        const std::size_t colon = text.rfind(':');
        if (colon == std::string_view::npos) return HostAndPort{text, {}};
        return HostAndPort{text.substr(0, colon), text.substr(colon + 1)};
    }
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return {};
    const std::string_view rest = text.substr(bracket + 1);
    if (!rest.empty() && rest.front() != ':') return {};
    return HostAndPort{text.substr(1, bracket - 1), rest.empty() ? rest : rest.substr(1)};
}

Result<void> take_hosts(std::string_view text, Url& url) {
    std::vector<std::string> hosts;
    std::vector<std::string> ports;
    bool named_host = false;
    bool named_port = false;
    for (const std::string& part : split(text, ',')) {
        const auto one = take_apart(part);
        if (!one) return bad_url("a [ in the host has no ] that fits");
        const auto host = decoded(one->host);
        if (!host) return bad_escape("host");
        named_host = named_host || !host->empty();
        named_port = named_port || !one->port.empty();
        hosts.push_back(*host);
        ports.push_back(one->port.empty() ? "5432" : std::string{one->port});
    }
    if (named_host) url.values["host"] = join(hosts, ",");
    if (named_port) url.values["port"] = join(ports, ",");
    return ok();
}

Result<void> take_parameter(std::string_view text, Url& url) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return bad_url("a parameter after the ? has no =");
    const std::string key{text.substr(0, equals)};
    auto value = decoded(text.substr(equals + 1));
    if (!value) return bad_escape(fmt::format("parameter {}", key));
    if (key == "password") {
        url.password = Secret{std::move(*value)};
    } else if (key == "sslpassword") {
        url.sslpassword = Secret{std::move(*value)};
    } else if (key == "dbname") {
        url.values["database"] = std::move(*value);
    } else if (key == "ssl" && *value == "true") {
        url.values["sslmode"] = "require";  // as libpq does for JDBC's URLs
    } else {
        url.values[key] = std::move(*value);
    }
    return ok();
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    Url url;
    const std::size_t scheme = text.find("://");
    if (!text.starts_with("postgres://") && !text.starts_with("postgresql://")) {
        return bad_url("it does not begin with postgres:// or postgresql://");
    }
    text.remove_prefix(scheme + 3);
    const std::size_t end = text.find_first_of("/?");
    std::string_view authority = text.substr(0, end);
    text = end == std::string_view::npos ? "" : text.substr(end);
    // A password with a / or ? of its own would be taken for a database or a parameter, and shown.
    if (text.find('@') != std::string_view::npos) {
        return bad_url(
            "there is an @ after the first / or ?; a password must have them as %2F and %3F, other "
            "text an @ as %40");
    }
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        if (auto taken = take_account(authority.substr(0, at), url); !taken)
            return std::move(taken).error();
        authority.remove_prefix(at + 1);
    }
    if (auto taken = take_hosts(authority, url); !taken) return std::move(taken).error();
    const std::size_t question = text.find('?');
    if (text.starts_with('/') && text.substr(1, question - 1) != "") {
        const auto database =
            decoded(text.substr(1, question == std::string_view::npos ? question : question - 1));
        if (!database) return bad_escape("database");
        url.values["database"] = *database;
    }
    if (question == std::string_view::npos || question + 1 == text.size()) return url;
    for (const std::string& parameter : split(text.substr(question + 1), '&')) {
        if (auto taken = take_parameter(parameter, url); !taken) return std::move(taken).error();
    }
    return url;
}

}  // namespace ainit::config
