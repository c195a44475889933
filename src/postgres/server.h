// SPDX-License-Identifier: Apache-2.0
// How to reach one PostgreSQL: libpq's settings as pairs, never as one string; and sessions on it.
#pragma once

#include <string>
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
    auto key() const { return std::pair{user, database}; }
};

/// One of the places where a server may be: a name, an address, or the folder of a Unix socket.
struct Host {
    std::string name{};
    std::string port{};
};

/// One server (or several hosts of which one is meant), with everything but user, password and database.
struct Server {
    /// libpq keyword and value: host, port, sslmode, sslrootcert, options …
    std::vector<std::pair<std::string, std::string>> parameters{};
    Secret sslpassword{};
    Login maintenance{};
    Duration connect_timeout{5'000};

    /// The same for another user or database: `maintenance` with these in its place.
    Login login(std::string database) const { return {maintenance.user, maintenance.password, std::move(database)}; }
    /// All hosts, each with its port; at least one.
    std::vector<Host> hosts() const;
    /// Whether the first host is a Unix socket.
    bool by_socket() const;
    /// `postgres:5432`, for messages.
    std::string address() const;
    /// The first host, port and the TLS settings as a URL for a tool; user and password percent-encoded. A secret.
    Secret url(const Login& login) const;
    /// host, port, user, database of a login, as DSN pieces for ${host} and the like.
    std::string host() const;
    std::string port() const;
};

}  // namespace ainit::postgres
