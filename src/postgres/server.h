// SPDX-License-Identifier: Apache-2.0
// How to reach one PostgreSQL: libpq's settings as pairs, never as one string; and sessions on it.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/stop.h"

namespace ainit::postgres {

/// Who logs in to which database.
struct Login {
    std::string user{};
    Secret password{};
    std::string database{};
    /// Whose rights the session has, as by SET ROLE; empty: the user's.
    std::string as{};

    using Key = std::tuple<std::string, std::string, std::string>;
    Key key() const { return {user, database, as}; }
    /// As whoever this one acts for would log in, of whom no password is known. Itself if it acts for nobody.
    Login in_person() const { return as.empty() ? *this : Login{as, {}, database}; }
};

/// One of the places where a server may be: a name, an address, or the folder of a Unix socket.
struct Host {
    std::string name{};
    std::string port{};

    bool is_socket() const { return name.starts_with('/') || name.starts_with('@'); }
};

/// One server (or several hosts of which one is meant), with everything but user, password and database.
struct Server {
    /// libpq keyword and value: host, port, sslmode, sslrootcert, options …
    std::vector<std::pair<std::string, std::string>> parameters{};
    Secret sslpassword{};
    Login maintenance{};
    Duration connect_timeout{5'000};
    /// The one of several hosts that was found to serve; without a name: none was asked yet.
    Host serving{};

    /// The same for another user or database: `maintenance` with these in its place.
    Login login(std::string database) const { return {maintenance.user, maintenance.password, std::move(database), {}}; }
    /// All hosts, each with its port; at least one.
    std::vector<Host> hosts() const;
    /// The host that serves, as far as that is known, else the first.
    Host host() const;
    /// `postgres:5432`, of all hosts, for messages.
    std::string address() const;
    /// host(), its port and the TLS settings as a URL for a tool; user and password percent-encoded. A secret.
    Secret url(const Login& login) const;
};

/// `-c name=value` for libpq's `options`: blanks and backslashes within the value escaped.
std::string start_option(std::string_view name, std::string_view value);

}  // namespace ainit::postgres
