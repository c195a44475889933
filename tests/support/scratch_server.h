// SPDX-License-Identifier: Apache-2.0
// A real PostgreSQL for tests: a cluster of its own in a scratch folder, on a loopback port and a Unix socket of its own,
// gone when the object goes. PG_BIN names the folder of its programs (/usr/lib/postgresql/17/bin), PG_LIB a folder of
// libraries they need. Whatever cannot be done throws, so that a test fails when its server cannot be had.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/stop.h"
#include "postgres/server.h"
#include "postgres/session.h"

namespace ainit::test {

/// Long enough for whatever a server here is asked.
inline Stop soon() {
    return Stop{}.within(Duration{30'000});
}

/// Of a cluster; the defaults are what most tests want.
struct ScratchOptions {
    /// Lines of postgresql.conf: {"max_connections", "5"}.
    std::map<std::string, std::string> settings{};
    /// Lines put before pg_hba.conf's own, which ask everybody for SCRAM by TCP and by the socket.
    std::vector<std::string> hba{};
    /// Of the server's command line: {"-c", "listen_addresses="}.
    std::vector<std::string> arguments{};
    bool start{true};
};

class ScratchServer {
  public:
    explicit ScratchServer(const ScratchOptions& options = {});
    ~ScratchServer();
    ScratchServer(const ScratchServer&) = delete;
    ScratchServer& operator=(const ScratchServer&) = delete;

    /// The one that the cases of a test binary share; made by the first use. Cases keep apart by unique().
    static ScratchServer& shared();
    /// A name for a role or database that no other case uses: `prefix` and a number.
    static std::string unique(const std::string& prefix);

    /// As its superuser `postgres`, by TCP on 127.0.0.1.
    postgres::Server server() const;
    /// The same over the Unix socket.
    postgres::Server socket_server() const;
    /// A session of its superuser.
    postgres::Session login() const;
    int port() const { return port_; }
    std::string folder() const;  ///< holds data/, server.log and the socket
    std::string data() const { return folder() + "/data"; }
    int version() const;         ///< major: 17
    /// The superuser's password.
    static const std::string& password();

    void start();                ///< and waits until it accepts logins
    void launch();               ///< without waiting; the server ends with the thread that launched it
    void stop();                 ///< fast
    void kill();                 ///< SIGQUIT: as if the machine went away
    bool running() const;

    /// Runs SQL as the superuser, by psql's rules: one string may hold several statements. The first column of the last
    /// result's first row, or "".
    std::string run(const std::string& sql, const std::string& database = "postgres") const;
    /// What the server wrote to its log so far.
    std::string log() const;
    /// Starts again as a standby, in recovery until `SELECT pg_promote()`.
    void become_standby();
    /// The same without waiting for logins: with hot_standby = off none is taken until end_recovery() and another start.
    void begin_recovery();
    void end_recovery();

  private:
    struct State;
    std::unique_ptr<State> state_;
    int port_{0};
};

/// A scratch folder, removed at the end; readable by everybody.
class ScratchFolder {
  public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::string& path() const { return path_; }
    /// Writes a file below it, folders included, and returns its whole path.
    std::string write(const std::string& name, const std::string& text) const;

  private:
    std::string path_;
};

}  // namespace ainit::test
