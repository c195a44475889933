// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "postgres/ready.h"
#include "support/certificates.h"
#include "support/process.h"
#include "support/scratch_server.h"

using namespace ainit;
using namespace ainit::postgres;
using namespace std::chrono_literals;
using ainit::test::Authority;
using ainit::test::ScratchFolder;
using ainit::test::ScratchServer;

namespace {

/// A server with a certificate for localhost (and not for 127.0.0.1), that asks the role `certified` for one of its own.
struct Secured {
    ScratchFolder folder{};
    Authority authority{folder, "authority"};
    Authority stranger{folder, "stranger"};
    Authority::Pair own{authority.sign("localhost", "DNS:localhost")};
    std::unique_ptr<ScratchServer> scratch{};

    Secured() {
        std::filesystem::permissions(own.key, std::filesystem::perms{0600});
        test::give_to_postgres(own.key);
        scratch = std::make_unique<ScratchServer>(test::ScratchOptions{
            .settings = {{"ssl", "on"},
                         {"ssl_cert_file", own.certificate},
                         {"ssl_key_file", own.key},
                         {"ssl_ca_file", authority.certificate()}},
            .hba = {"hostssl all certified 127.0.0.1/32 cert"}});
        scratch->run("CREATE ROLE certified LOGIN");
    }

    Server server(const std::string& host, const std::string& sslmode, const std::string& rootcert) const {
        Server server;
        server.parameters = {{"host", host}, {"port", std::to_string(scratch->port())}, {"sslmode", sslmode}};
        if (!rootcert.empty()) server.parameters.emplace_back("sslrootcert", rootcert);
        server.maintenance = scratch->server().maintenance;
        return server;
    }
};

const Secured& secured() {
    static const Secured one;
    return one;
}

Result<Session> open(const Server& server, const Login& login) {
    return Session::open(server, login, Stop{}.within(30s));
}

void check_refused(const Server& server) {
    const auto session = open(server, server.maintenance);
    REQUIRE_FALSE(session.has_value());
    CAPTURE(session.error().block());
    CHECK(session.error().code == Code::tls);
    CHECK(session.error().exit_code() == 12);
    CHECK_FALSE(session.error().transient);
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("tls: verify-full accepts the right certificate, and the session is encrypted") {
    const Server server = secured().server("localhost", "verify-full", secured().authority.certificate());
    auto session = open(server, server.maintenance);
    if (!session) FAIL(session.error().block());
    const auto rows = session->query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", Stop{}.within(10s));
    CHECK(rows->boolean(0, 0));
}

TEST_CASE("tls: verify-full refuses another host's name and another authority's certificate") {
    check_refused(secured().server("127.0.0.1", "verify-full", secured().authority.certificate()));
    check_refused(secured().server("localhost", "verify-full", secured().stranger.certificate()));
    check_refused(secured().server("localhost", "verify-ca", secured().stranger.certificate()));
    check_refused(secured().server("localhost", "verify-full", secured().folder.path() + "/missing.crt"));
    const Server missing = secured().server("localhost", "verify-full", secured().folder.path() + "/missing.crt");
    CHECK(open(missing, missing.maintenance).error().because.find("missing.crt") != std::string::npos);
    // verify-ca looks at the authority alone.
    const Server server = secured().server("127.0.0.1", "verify-ca", secured().authority.certificate());
    CHECK(open(server, server.maintenance).has_value());
}

TEST_CASE("tls: a server without it is refused where it is demanded, and used where it is only preferred") {
    const ScratchServer& plain = ScratchServer::shared();
    Server server = plain.server();
    for (const char* mode : {"require", "verify-ca", "verify-full"}) {
        server.parameters = {{"host", "127.0.0.1"}, {"port", std::to_string(plain.port())}, {"sslmode", mode},
                             {"sslrootcert", secured().authority.certificate()}};
        check_refused(server);
    }
    server.parameters = {{"host", "127.0.0.1"}, {"port", std::to_string(plain.port())}, {"sslmode", "prefer"}};
    CHECK(open(server, server.maintenance).has_value());
}

TEST_CASE("tls: a client certificate logs in where the server asks for one") {
    Server server = secured().server("127.0.0.1", "require", "");
    const Login login{"certified", Secret{}, "postgres"};
    const auto without = open(server, login);
    REQUIRE_FALSE(without.has_value());
    CHECK(without.error().exit_code() == 12);

    const Authority::Pair pair = secured().authority.sign("certified", "");
    std::filesystem::permissions(pair.key, std::filesystem::perms{0600});
    server.parameters.emplace_back("sslcert", pair.certificate);
    server.parameters.emplace_back("sslkey", pair.key);
    const auto with = open(server, login);
    if (!with) FAIL(with.error().block());

    std::filesystem::permissions(pair.key, std::filesystem::perms{0644});
    check_refused(server);
}

TEST_CASE("tls: a wrong certificate fails after the grace, not at the deadline") {
    const Server server = secured().server("localhost", "verify-full", secured().stranger.certificate());
    ReadyRules rules;
    rules.refusal_grace = 200ms;
    const auto began = Clock::now();
    const auto ready = wait_ready(server, server.maintenance, rules, Stop{}.within(30s));
    CHECK(Clock::now() - began < 15s);
    REQUIRE_FALSE(ready.has_value());
    CHECK(ready.error().code == Code::tls);
}

TEST_CASE("tls: a statement over it is cancelled as well") {
    const Server server = secured().server("localhost", "verify-full", secured().authority.certificate());
    auto session = open(server, server.maintenance);
    REQUIRE(session.has_value());
    const auto rows = session->query("SELECT pg_sleep(30)", Stop{}.within(200ms));
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().state == "The statement was cancelled.");
    CHECK(session->query("SELECT 1", Stop{}.within(5s)).has_value());
}
