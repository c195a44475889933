// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/text.h"
#include "postgres/session.h"
#include "postgres/sessions.h"
#include "support/scratch_server.h"

using namespace ainit;
using namespace ainit::postgres;
using namespace std::chrono_literals;
using ainit::test::ScratchServer;
using ainit::test::soon;

namespace {

/// The failure of a login that must fail.
Failure refused(const Server& server, const Login& login) {
    auto session = Session::open(server, login, soon());
    if (session) FAIL("the login succeeded");
    return std::move(session).error();
}

Login as(const std::string& role, const std::string& password, const std::string& database = "postgres") {
    return {role, Secret{password}, database};
}

void set(Server& server, const std::string& keyword, const std::string& value) {
    std::erase_if(server.parameters, [&](const auto& pair) { return pair.first == keyword; });
    server.parameters.emplace_back(keyword, value);
}

/// A port that accepts connections and never says a word.
class Mute {
  public:
    Mute() : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(fd_.get(), 8) == 0);
        REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }

    std::string port() const { return std::to_string(port_); }

  private:
    UniqueFd fd_;
    int port_{0};
};

/// A port of the loopback at which nobody listens.
std::string closed_port() {
    std::string port;
    {
        port = Mute{}.port();
    }
    return port;
}

}  // namespace

TEST_SUITE_BEGIN("postgres");

TEST_CASE("login: a password with quotes, blanks, backslashes and percent signs works, by TCP and socket") {
    const ScratchServer& scratch = ScratchServer::shared();
    for (const Server& server : {scratch.server(), scratch.socket_server()}) {
        auto session = Session::open(server, server.maintenance, soon());
        if (!session) FAIL(session.error().block());
        CHECK(session->server_version() / 10000 == scratch.version());
        CHECK(session->login().user == "postgres");
    }
}

TEST_CASE("login: each refusal has its SQLSTATE, its code and a remedy") {
    ScratchServer& scratch = ScratchServer::shared();
    const std::string role = ScratchServer::unique("login");
    scratch.run(fmt::format("CREATE ROLE {0} LOGIN PASSWORD 'right'; CREATE ROLE {0}_nologin PASSWORD 'right'", role));
    const std::string database = ScratchServer::unique("closed");
    scratch.run(fmt::format("CREATE DATABASE {}", database));
    scratch.run(fmt::format("REVOKE CONNECT ON DATABASE {} FROM PUBLIC", database));
    const Server server = scratch.server();
    struct Row {
        Login login;
        std::string sqlstate;
        Code code;
        int exit;
    };
    for (const Row& row : std::vector<Row>{
             {as(role, "wrong"), "28P01", Code::authentication, 12},
             {as("nobody_of_that_name", "x"), "28P01", Code::authentication, 12},
             {as(role + "_nologin", "right"), "28000", Code::authentication, 12},
             {as(role, "right", "no_such_database"), "3D000", Code::no_database, 12},
             {as(role, "right", database), "42501", Code::privilege, 12},
         }) {
        const Failure failure = refused(server, row.login);
        CAPTURE(failure.block());
        CHECK(failure.sqlstate == row.sqlstate);
        CHECK(failure.code == row.code);
        CHECK(failure.exit_code() == row.exit);
        CHECK_FALSE(failure.transient);
        CHECK_FALSE(failure.hint.empty());
        CHECK(failure.what == fmt::format("cannot log in to database \"{}\" at 127.0.0.1:{} as role \"{}\"",
                                          row.login.database, scratch.port(), row.login.user));
    }
}

TEST_CASE("login: without a password where one is asked for") {
    const Failure failure = refused(ScratchServer::shared().server(), as("postgres", ""));
    CHECK(failure.code == Code::authentication);
    CHECK(failure.because == "the server asks for a password, and none is configured");
}

TEST_CASE("login: an authentication method that require_auth forbids is a refusal of ours") {
    Server server = ScratchServer::shared().server();
    set(server, "require_auth", "md5");
    const Failure failure = refused(server, server.maintenance);
    CHECK(failure.code == Code::authentication);
    CHECK(failure.sqlstate.empty());
}

TEST_CASE("login: a setting that libpq does not take is found before anything is sent") {
    for (const auto& [keyword, value] : std::vector<std::pair<std::string, std::string>>{
             {"sslmode", "verify-everything"}, {"no_such_keyword", "x"}, {"require_auth", "md5,md5"}}) {
        Server server = ScratchServer::shared().server();
        set(server, keyword, value);
        const Failure failure = refused(server, server.maintenance);
        CAPTURE(failure.block());
        CHECK(failure.code == Code::connection_option);
        CHECK(failure.exit_code() == 10);
    }
}

TEST_CASE("login: a setting that the server does not know is named by it") {
    Server server = ScratchServer::shared().server();
    set(server, "options", "-c no_such_setting=1");
    const Failure failure = refused(server, server.maintenance);
    CHECK(failure.code == Code::connection_option);
    CHECK(failure.sqlstate == "42704");
}

TEST_CASE("login: nobody listening is transient, and so is a server that says nothing") {
    Server server = ScratchServer::shared().server();
    set(server, "port", closed_port());
    const Failure nobody = refused(server, server.maintenance);
    CHECK(nobody.code == Code::not_ready);
    CHECK(nobody.transient);

    const Mute mute;
    set(server, "port", mute.port());
    server.connect_timeout = 200ms;
    const auto began = Clock::now();
    const Failure silent = refused(server, server.maintenance);
    CHECK(silent.transient);
    CHECK(silent.because == "no answer within 200 ms");
    CHECK(Clock::now() - began < 5s);
}

TEST_CASE("login: a stop ends it while the server says nothing") {
    const Mute mute;
    Server server = ScratchServer::shared().server();
    set(server, "port", mute.port());
    StopSource source;
    std::thread later{[&] {
        std::this_thread::sleep_for(100ms);
        source.request(SIGTERM);
    }};
    const auto began = Clock::now();
    const auto session = Session::open(server, server.maintenance, Stop{source});
    later.join();
    CHECK(Clock::now() - began < 3s);
    REQUIRE_FALSE(session.has_value());
    CHECK(session.error().exit_code() == 143);
}

TEST_CASE("login: of several hosts the first that serves is taken, silent and closed ones passed over") {
    const Mute mute;
    Server server = ScratchServer::shared().server();
    const std::string port = std::to_string(ScratchServer::shared().port());
    set(server, "host", "127.0.0.1,127.0.0.1,127.0.0.1");
    set(server, "port", closed_port() + "," + mute.port() + "," + port);
    server.connect_timeout = 300ms;
    auto session = Session::open(server, server.maintenance, soon());
    REQUIRE(session.has_value());
    CHECK(session->host().port == port);

    // That one is what others are told.
    Sessions sessions{server};
    CHECK(sessions.server().host().port != port);
    sessions.adopt(std::move(*session));
    CHECK(sessions.server().host().port == port);
    CHECK(sessions.server().url(server.maintenance).reveal().find(":" + port + "/") != std::string::npos);

    // A refused password is the same everywhere, so the others are not asked.
    set(server, "port", port + "," + mute.port() + "," + port);
    CHECK(refused(server, as("postgres", "wrong")).code == Code::authentication);
}

TEST_CASE("login: target_session_attrs chooses between a primary and a standby") {
    ScratchServer standby{{.start = false}};
    standby.become_standby();
    const ScratchServer& primary = ScratchServer::shared();
    Server server = primary.server();
    set(server, "host", "127.0.0.1,127.0.0.1");
    set(server, "port", fmt::format("{},{}", standby.port(), primary.port()));
    const auto recovering = [&](const std::string& attributes) {
        set(server, "target_session_attrs", attributes);
        auto session = Session::open(server, server.maintenance, soon());
        if (!session) FAIL(session.error().block());
        return session->query("SELECT pg_is_in_recovery()", soon())->boolean(0, 0);
    };
    CHECK(recovering("any"));
    CHECK(recovering("standby"));
    CHECK(recovering("prefer-standby"));
    CHECK(recovering("read-only"));
    CHECK_FALSE(recovering("read-write"));
    CHECK_FALSE(recovering("primary"));

    set(server, "host", "127.0.0.1");
    set(server, "port", std::to_string(primary.port()));
    CHECK_FALSE(recovering("prefer-standby"));
    set(server, "target_session_attrs", "standby");
    const Failure failure = refused(server, server.maintenance);
    CHECK(failure.code == Code::standby);
    CHECK(failure.because == "it is not standby, as target_session_attrs demands");
}

TEST_CASE("login: many at once share one poll, and each has its own result") {
    const ScratchServer& scratch = ScratchServer::shared();
    const Login good = scratch.server().maintenance;
    const auto sessions = Session::open_all(
        scratch.server(), {good, as("postgres", "wrong"), good, as("postgres", "x", "nowhere"), good}, soon());
    REQUIRE(sessions.size() == 5);
    CHECK(sessions[0].has_value());
    CHECK(sessions[1].error().sqlstate == "28P01");
    CHECK(sessions[2].has_value());
    CHECK_FALSE(sessions[3].has_value());
    CHECK(sessions[4].has_value());
}

TEST_CASE("login: out of slots is transient") {
    ScratchServer scratch{{.settings = {{"max_connections", "4"}, {"superuser_reserved_connections", "0"}}}};
    const Server server = scratch.server();
    std::vector<Session> held;
    std::optional<Failure> failure;
    while (!failure && held.size() < 10) {
        auto session = Session::open(server, server.maintenance, soon());
        if (session) {
            held.push_back(std::move(*session));
        } else {
            failure = std::move(session).error();
        }
    }
    REQUIRE(failure.has_value());
    CHECK(failure->sqlstate == "53300");
    CHECK(failure->transient);
    CHECK(failure->code == Code::not_ready);
}

TEST_CASE("sessions: are kept by user and database, made again when lost, and dropped when asked") {
    ScratchServer& scratch = ScratchServer::shared();
    const std::string database = ScratchServer::unique("kept");
    scratch.run(fmt::format("CREATE DATABASE {}", database));
    Sessions sessions{scratch.server()};
    auto first = sessions.maintenance(soon());
    REQUIRE(first.has_value());
    const int pid = (*first)->backend_pid();
    CHECK((*sessions.maintenance(soon()))->backend_pid() == pid);

    const auto all = sessions.get_all({scratch.server().maintenance, scratch.server().login(database),
                                       as("postgres", "wrong", "template1"), scratch.server().login(database)},
                                      soon());
    CHECK((*all[0])->backend_pid() == pid);
    CHECK(*all[1] == *all[3]);
    CHECK(all[2].error().sqlstate == "28P01");

    scratch.run(fmt::format("SELECT pg_terminate_backend({})", pid));
    std::this_thread::sleep_for(100ms);
    auto again = sessions.maintenance(soon());
    REQUIRE(again.has_value());
    CHECK((*again)->backend_pid() != pid);

    sessions.drop(database);
    scratch.run(fmt::format("DROP DATABASE {}", database));
}

TEST_CASE("url: a DSN for a tool holds what was percent-encoded, and works over socket and TCP") {
    Server server;
    server.parameters = {{"host", "db"}, {"port", "5433"}, {"sslmode", "verify-full"}, {"sslrootcert", "/ca dir/ca.pem"}};
    const Login login = as("us er", "p@ss:w/rd%?#", "da/ta");
    CHECK(server.url(login).reveal() ==
          "postgres://us%20er:p%40ss%3Aw%2Frd%25%3F%23@db:5433/da%2Fta?sslmode=verify-full&sslrootcert=%2Fca%20dir%2Fca.pem");
    server.parameters = {{"host", "::1"}, {"port", "5432"}, {"sslmode", "prefer"}};
    CHECK(server.url(login).reveal() == "postgres://us%20er:p%40ss%3Aw%2Frd%25%3F%23@[::1]:5432/da%2Fta");
    server.parameters = {{"host", "/run/pg"}, {"port", "5432"}, {"sslmode", "disable"}};
    CHECK(server.url(login).reveal() ==
          "postgres://us%20er:p%40ss%3Aw%2Frd%25%3F%23@/da%2Fta?host=%2Frun%2Fpg&port=5432&sslmode=disable");
    CHECK(server.address() == "/run/pg:5432");
    // A tool may work in another folder.
    server.parameters = {{"host", "db"}, {"port", "5432"}, {"sslmode", "verify-full"}, {"sslrootcert", "ca.pem"}};
    const std::string here = percent_encode(std::filesystem::current_path().string() + "/ca.pem");
    CHECK(server.url(as("u", "", "d")).reveal() == "postgres://u@db:5432/d?sslmode=verify-full&sslrootcert=" + here);
    server.parameters.back().second = "system";
    CHECK(server.url(as("u", "", "d")).reveal().ends_with("&sslrootcert=system"));
}
