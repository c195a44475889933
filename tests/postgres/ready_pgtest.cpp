// SPDX-License-Identifier: Apache-2.0
#include "postgres/ready.h"

#include <array>
#include <csignal>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "support/pooler.h"
#include "support/scratch_server.h"

using namespace ainit;
using namespace ainit::postgres;
using namespace std::chrono_literals;
using ainit::test::Pooler;
using ainit::test::ScratchServer;
using ainit::test::soon;

namespace {

ReadyRules quick() {
    ReadyRules rules;
    rules.refusal_grace = 300ms;
    return rules;
}

Result<Ready> wait(const Server& server, const ReadyRules& rules, const Stop& stop = soon()) {
    return wait_ready(server, server.maintenance, rules, stop);
}

Failure refused(const Server& server, const ReadyRules& rules, const Stop& stop = soon()) {
    auto ready = wait(server, rules, stop);
    if (ready) FAIL("the server was found ready");
    return std::move(ready).error();
}

std::vector<std::string> states(const Ready& ready) {
    std::vector<std::string> names;
    for (const ReadyPhase& phase : ready.phases) names.push_back(phase.state);
    return names;
}

Duration since(Deadline began) {
    return std::chrono::duration_cast<Duration>(Clock::now() - began);
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("ready: a server that serves is found at once") {
    const auto ready = wait(ScratchServer::shared().server(), quick());
    if (!ready) FAIL(ready.error().block());
    CHECK(ready->phases.empty());
    CHECK(ready->story() == fmt::format("ready after {}", show(ready->waited)));
}

TEST_CASE("ready: a server that starts later is waited for, and the states on the way are told") {
    ScratchServer scratch{{.start = false}};
    auto waiting = std::async(std::launch::async, [&] { return wait(scratch.server(), quick()); });
    std::this_thread::sleep_for(400ms);
    scratch.launch();
    const auto ready = waiting.get();
    if (!ready) FAIL(ready.error().block());
    CHECK(states(*ready).front() == "refused");
    CHECK(states(*ready).back() == "ready");
    CHECK(ready->phases.front().lasted >= 300ms);
    CHECK(ready->story().starts_with("refused for "));
}

TEST_CASE("ready: a server in recovery that takes no login yet is starting up") {
    ScratchServer scratch{{.settings = {{"hot_standby", "off"}}, .start = false}};
    auto waiting = std::async(std::launch::async, [&] { return wait(scratch.server(), quick()); });
    scratch.begin_recovery();
    std::this_thread::sleep_for(1s);
    scratch.stop();
    scratch.end_recovery();
    scratch.start();
    const auto ready = waiting.get();
    if (!ready) FAIL(ready.error().block());
    const auto names = states(*ready);
    CHECK(std::ranges::find(names, "starting up") != names.end());
    const auto phase = std::ranges::find(ready->phases, "starting up", &ReadyPhase::state);
    REQUIRE(phase != ready->phases.end());
    CHECK(phase->sqlstate == "57P03");
}

TEST_CASE("ready: nobody there until the deadline is exit 11, with what was seen last") {
    ScratchServer scratch{{.start = false}};
    const Failure failure = refused(scratch.server(), quick(), Stop{}.within(250ms));
    CHECK(failure.code == Code::not_ready);
    CHECK(failure.exit_code() == 11);
    CHECK(failure.what.starts_with(fmt::format("cannot reach PostgreSQL at 127.0.0.1:{} within 2", scratch.port())));
    CHECK(failure.state == "Nothing was changed; the server was last seen as: refused.");
}

TEST_CASE("ready: silence has its reason: no socket, unknown host") {
    ScratchServer scratch{{.start = false}};
    CHECK(refused(scratch.socket_server(), quick(), Stop{}.within(100ms)).state ==
          "Nothing was changed; the server was last seen as: no socket.");
    Server server = scratch.server();
    server.parameters.front().second = "no-such-host.invalid";
    // The machine's name service is asked, which may take a while.
    CHECK(refused(server, quick(), Stop{}.within(2s)).state ==
          "Nothing was changed; the server was last seen as: unknown host.");
}

TEST_CASE("ready: a wrong password fails after the grace, long before the deadline") {
    Server server = ScratchServer::shared().server();
    server.maintenance.password = Secret{"wrong-password"};
    const auto began = Clock::now();
    const Failure failure = refused(server, quick());
    CHECK(since(began) >= 300ms);
    CHECK(since(began) < 10s);
    CHECK(failure.code == Code::authentication);
    CHECK(failure.exit_code() == 12);
    CHECK(failure.block().find("wrong-password") == std::string::npos);
}

TEST_CASE("ready: a role that an image makes after its port is open is waited for within the grace") {
    ScratchServer& scratch = ScratchServer::shared();
    const std::string role = ScratchServer::unique("late");
    std::thread later{[&] {
        std::this_thread::sleep_for(300ms);
        scratch.run(fmt::format("CREATE ROLE {} LOGIN PASSWORD 'late'", role));
    }};
    ReadyRules rules = quick();
    rules.refusal_grace = 20s;
    const Server server = scratch.server();
    const auto ready = wait_ready(server, {role, Secret{"late"}, "postgres"}, rules, soon());
    later.join();
    if (!ready) FAIL(ready.error().block());
    CHECK(states(*ready) == std::vector<std::string>{"password refused", "ready"});
}

TEST_CASE("ready: a missing maintenance database is exit 12") {
    Server server = ScratchServer::shared().server();
    server.maintenance.database = "no_such_database";
    const Failure failure = refused(server, quick());
    CHECK(failure.code == Code::no_database);
    CHECK(failure.exit_code() == 12);
}

TEST_CASE("ready: without a free slot it waits until there is one") {
    ScratchServer scratch{{.settings = {{"max_connections", "4"}, {"superuser_reserved_connections", "0"}}}};
    const Server server = scratch.server();
    std::vector<Session> held;
    while (true) {
        auto session = Session::open(server, server.maintenance, soon());
        if (!session) break;
        held.push_back(std::move(*session));
    }
    std::thread later{[&] {
        std::this_thread::sleep_for(300ms);
        held.clear();
    }};
    const auto ready = wait(server, quick());
    later.join();
    if (!ready) FAIL(ready.error().block());
    CHECK(states(*ready) == std::vector<std::string>{"no free slot", "ready"});
}

TEST_CASE("ready: a standby is exit 13, unless it becomes a primary within the grace") {
    ScratchServer standby{{.start = false}};
    standby.become_standby();
    const Failure failure = refused(standby.server(), quick());
    CHECK(failure.code == Code::standby);
    CHECK(failure.exit_code() == 13);

    std::thread later{[&] {
        std::this_thread::sleep_for(200ms);
        standby.run("SELECT pg_promote(false)");
    }};
    ReadyRules rules = quick();
    rules.refusal_grace = 20s;
    const auto ready = wait(standby.server(), rules);
    later.join();
    if (!ready) FAIL(ready.error().block());
    CHECK(states(*ready) == std::vector<std::string>{"a standby", "ready"});
}

TEST_CASE("ready: what is no PostgreSQL is exit 13 after the grace, with TLS asked for or not") {
    namespace asio = boost::asio;
    using asio::ip::tcp;
    asio::io_context context;
    tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    std::jthread web{[&] {
        boost::system::error_code error;
        while (true) {
            tcp::socket client{context};
            if (acceptor.accept(client, error)) return;
            std::array<char, 64> request{};
            client.read_some(asio::buffer(request), error);
            if (request[0] == 'q') return;
            asio::write(client, asio::buffer("HTTP/1.1 400 Bad Request\r\n\r\n", 28), error);
        }
    }};
    for (const std::string sslmode : {"disable", "prefer", "require"}) {
        CAPTURE(sslmode);
        Server server = ScratchServer::shared().server();
        for (auto& [keyword, value] : server.parameters) {
            if (keyword == "host") value = "127.0.0.1";
            if (keyword == "port") value = std::to_string(acceptor.local_endpoint().port());
        }
        std::erase_if(server.parameters, [](const auto& one) { return one.first == "sslmode"; });
        server.parameters.emplace_back("sslmode", sslmode);
        const Failure failure = refused(server, quick());
        CHECK(failure.code == Code::not_postgres);
        CHECK(failure.exit_code() == 13);
    }
    tcp::socket last{context};
    last.connect(acceptor.local_endpoint());
    asio::write(last, asio::buffer("quit", 4));
}

TEST_CASE("ready: a server below the minimum is exit 13 at once") {
    ReadyRules rules = quick();
    rules.minimum_version = ScratchServer::shared().version() + 1;
    rules.refusal_grace = 60s;
    const Failure failure = refused(ScratchServer::shared().server(), rules);
    CHECK(failure.code == Code::too_old);
    CHECK(failure.exit_code() == 13);
    CHECK(failure.because.ends_with(fmt::format("and {} is the oldest that will do", rules.minimum_version)));
}

TEST_CASE("ready: a pooler in transaction mode is exit 13 at once") {
    const Pooler pooler{ScratchServer::shared(), "transaction"};
    ReadyRules rules = quick();
    rules.refusal_grace = 60s;
    const Failure failure = refused(pooler.server(), rules);
    CAPTURE(failure.block());
    CHECK(failure.code == Code::pooler);
    CHECK(failure.exit_code() == 13);
}

TEST_CASE("ready: the temporary server of an image's init scripts does not count") {
    ScratchServer temporary{{.arguments = {"-c", "listen_addresses="}, .start = false}};
    temporary.launch();
    const Failure failure = refused(temporary.socket_server(), quick(), Stop{}.within(2s));
    CAPTURE(failure.block());
    CHECK(failure.code == Code::not_ready);
    CHECK(failure.state == "Nothing was changed; the server was last seen as: initializing.");

    // One that its configuration file keeps off the network is as real as any.
    ScratchServer quiet{{.settings = {{"listen_addresses", ""}}, .start = false}};
    quiet.launch();
    CHECK(wait(quiet.socket_server(), quick()).has_value());
}

TEST_CASE("ready: a deadline in the middle of a question tells what was seen before it") {
    ScratchServer temporary{{.arguments = {"-c", "listen_addresses=", "-c", "allow_system_table_mods=on"}, .start = false}};
    temporary.launch();
    const Server server = temporary.socket_server();
    Result<Session> held = Session::open(server, server.maintenance, soon());
    while (!held) held = Session::open(server, server.maintenance, soon());
    // The question whether the server is a temporary one reads this view.
    REQUIRE(held->query("BEGIN", soon()).has_value());
    std::jthread later{[&] {
        std::this_thread::sleep_for(500ms);
        const auto locked = held->query("LOCK TABLE pg_settings IN ACCESS EXCLUSIVE MODE", soon());
        CHECK(locked.has_value());
    }};
    const Failure failure = refused(server, quick(), Stop{}.within(3s));
    CAPTURE(failure.block());
    CHECK(failure.code == Code::not_ready);
    CHECK(failure.sqlstate != "57014");
    CHECK(failure.what.starts_with("cannot reach PostgreSQL at "));
    CHECK(failure.state == "Nothing was changed; the server was last seen as: initializing.");
}

TEST_CASE("ready: a signal ends the wait with 128 and its number") {
    ScratchServer scratch{{.start = false}};
    StopSource source;
    std::thread later{[&] {
        std::this_thread::sleep_for(150ms);
        source.request(SIGTERM);
    }};
    const Failure failure = refused(scratch.server(), quick(), Stop{source});
    later.join();
    CHECK(failure.exit_code() == 143);
    CHECK(failure.because == "asked to stop by SIGTERM");
}
