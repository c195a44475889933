// SPDX-License-Identifier: Apache-2.0
// What can be waited for outside of PostgreSQL: a port, an HTTP answer, a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ainit {

struct Target {
    std::string scheme{};  ///< "tcp", "http", "https", "file"
    std::string host{};    ///< a name or an address, without brackets; what stands before it with an @, too
    std::string port{};    ///< 1 to 65535
    std::string path{"/"}; ///< of HTTP, or the file's

    /// `http://user@host`, with a password or without: nothing here sends one, and what logs a target would show it.
    bool has_user() const { return host.find('@') != std::string::npos; }
};

/// `tcp://HOST:PORT`, `http://HOST[:PORT][/PATH]`, `https://…`, `file:PATH`; empty if it is none of these.
std::optional<Target> parse_target(const std::string& text);

/// What is wrong with `how` as the way in which a service tells that it is ready; empty if nothing is. `started`, `alive:5s`, `notify`
/// (sd_notify(3)), `fd:N` (s6: a newline on descriptor N), `log:TEXT`, or a target.
std::optional<std::string> trouble_with_readiness(const std::string& how);

/// The rest of `text` behind `prefix`; empty if it begins otherwise.
std::optional<std::string_view> rest_after(std::string_view text, std::string_view prefix);
/// N of `fd:N`: from 3 to 255.
std::optional<int> readiness_descriptor(std::string_view number);

}  // namespace ainit
