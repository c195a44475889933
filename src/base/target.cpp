// SPDX-License-Identifier: Apache-2.0
#include "base/target.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit {
namespace {

constexpr long long kLargestPort = 65'535;

bool is_port(const std::string& text) {
    const auto number = parse_integer(text);
    return number && *number >= 1 && *number <= kLargestPort;
}

/// Whether it begins as a target does, however it goes on.
bool looks_like_a_target(std::string_view how) {
    constexpr std::array<std::string_view, 5> kPrefixes{"tcp:", "http:", "https:", "file:", "unix:"};
    return std::ranges::any_of(kPrefixes, [&](std::string_view one) { return how.starts_with(one); });
}

std::optional<Target> parse_file(std::string_view path) {
    Target target;
    target.scheme = "file";
    target.path = path.starts_with("//") ? path.substr(2) : path;
    return target.path.empty() ? std::nullopt : std::optional{target};
}

}  // namespace

std::optional<Target> parse_target(const std::string& text) {
    if (text.starts_with("file:")) return parse_file(std::string_view{text}.substr(5));
    const std::size_t colons = text.find("://");
    if (colons == std::string::npos) return {};
    Target target;
    target.scheme = text.substr(0, colons);
    if (target.scheme != "tcp" && target.scheme != "http" && target.scheme != "https") return {};
    std::string rest = text.substr(colons + 3);
    if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
        target.path = rest.substr(slash);
        rest.resize(slash);
    }
    const std::size_t colon = rest.rfind(':');
    // Behind a user and password there may be none.
    const bool has_port = colon != std::string::npos && rest.find_first_of("]@", colon) == std::string::npos;
    target.host = rest.substr(0, has_port ? colon : std::string::npos);
    target.port = has_port ? rest.substr(colon + 1) : target.scheme == "https" ? "443" : "80";
    if (target.host.starts_with('[') && target.host.ends_with(']')) target.host = target.host.substr(1, target.host.size() - 2);
    if (target.host.empty() || !is_port(target.port) || (target.scheme == "tcp" && !has_port)) return {};
    return target;
}

std::optional<std::string_view> rest_after(std::string_view text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return {};
    return text.substr(prefix.size());
}

std::optional<int> readiness_descriptor(std::string_view text) {
    constexpr long long kMost = 255;
    const auto number = parse_integer(text);
    if (!number || *number < 3 || *number > kMost) return {};
    return static_cast<int>(*number);
}

std::optional<std::string> trouble_with_readiness(const std::string& how) {
    if (how.empty() || how == "started" || how == "notify") return {};
    if (const auto time = rest_after(how, "alive:")) {
        if (parse_duration(*time)) return {};
        return fmt::format("\"{}\" is no duration", *time);
    }
    if (const auto number = rest_after(how, "fd:")) {
        if (readiness_descriptor(*number)) return {};
        return fmt::format("\"{}\" is no descriptor from 3 to 255", *number);
    }
    if (const auto text = rest_after(how, "log:")) {
        if (!text->empty()) return {};
        return "there is no text to look for";
    }
    const auto target = parse_target(how);
    if (target && !target->has_user()) return {};
    if (target) return "a user and password would not be sent";
    if (looks_like_a_target(how)) return "it is no tcp://HOST:PORT, http(s)://HOST/PATH or file:PATH";
    return "it is none of started, alive:DURATION, notify, fd:N, log:TEXT, tcp://HOST:PORT, http(s)://…, file:PATH";
}

}  // namespace ainit
