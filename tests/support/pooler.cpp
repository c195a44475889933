// SPDX-License-Identifier: Apache-2.0
#include "support/pooler.h"

#include <csignal>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/wait.h>

#include "base/child.h"
#include "postgres/session.h"
#include "support/process.h"

namespace ainit::test {
namespace {

using namespace std::chrono_literals;

/// As PgBouncer's userlist wants it: quotes doubled.
std::string listed(const std::string& user, const std::string& password) {
    std::string doubled;
    for (const char c : password) doubled += c == '"' ? "\"\"" : std::string{c};
    return fmt::format("\"{}\" \"{}\"\n", user, doubled);
}

}  // namespace

Pooler::Pooler(const ScratchServer& behind, const std::string& mode)
    : behind_{behind.server()}, port_{free_port()} {
    give_to_postgres(folder_.path());
    const std::string users =
        folder_.write("users", listed("postgres", behind_.maintenance.password.reveal()));
    const std::string settings = folder_.write(
        "pgbouncer.ini",
        fmt::format("[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
                    "listen_port = {}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\n"
                    "pool_mode = {}\nlogfile = {}/log\nignore_startup_parameters = extra_float_digits\n",
                    behind.port(), port_, users, mode, folder_.path()));
    give_to_postgres(users);
    give_to_postgres(settings);
    auto child = spawn({unprivileged({"pgbouncer", "--quiet", settings}), {"PATH=/usr/sbin:/usr/bin:/bin"}, "/"},
                       Output::inherit);
    if (!child) throw std::runtime_error{child.error().block()};
    pid_ = child->pid;
    const Stop stop = Stop{}.within(20s);
    while (stop.sleep(10ms)) {
        if (postgres::Session::open(server(), behind_.maintenance, stop)) return;
        if (::waitpid(pid_, nullptr, WNOHANG) != 0) break;
    }
    throw std::runtime_error{"cannot start pgbouncer"};
}

Pooler::~Pooler() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

postgres::Server Pooler::server() const {
    postgres::Server server = behind_;
    server.parameters = {{"host", "127.0.0.1"}, {"port", std::to_string(port_)}, {"sslmode", "disable"}};
    return server;
}

}  // namespace ainit::test
