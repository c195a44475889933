// SPDX-License-Identifier: Apache-2.0
// The endpoint for probes and its client, over real sockets, with clients that do not behave.
#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "health/probe.h"
#include "health/server.h"
#include "support/scratch.h"

using namespace ainit;
using namespace std::chrono_literals;

namespace {

int free_port() {
    const UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
}

/// An endpoint on a loop in a thread of its own.
class Endpoint {
  public:
    explicit Endpoint(std::string listen) : listen_{std::move(listen)} {
        auto opened = health::Server::open(loop_, listen_, status);
        REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().line()));
        server_ = std::move(*opened);
        thread_ = std::thread{[this] { loop_.run(); }};
    }

    ~Endpoint() {
        loop_.quit();
        thread_.join();
    }

    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    /// The body of the answer, or "no: " and why not.
    std::string ask(const std::string& path) const {
        const auto answer = health::ask(listen_, path, Stop{}.within(20s));
        return answer ? *answer : "no: " + answer.error().because;
    }

    /// As the run tells it.
    void tell(health::Facts facts) {
        loop_.post([this, facts = std::move(facts)]() mutable {
            status.set(std::move(facts));
            server_->changed();
        });
    }

    health::Status status;

  private:
    std::string listen_;
    system::Loop loop_;
    std::unique_ptr<health::Server> server_;
    std::thread thread_;
};

UniqueFd connect_to(int port) {
    UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

/// What comes until the other side closes; "hangs" if it does not within the patience.
std::string read_all(int fd, Duration patience = 20s) {
    const Stop stop = Stop{}.within(patience);
    std::string out;
    while (stop.wait_fd(fd, POLLIN) == 1) {
        char buffer[4096];
        const ssize_t size = ::read(fd, buffer, sizeof buffer);
        if (size <= 0) return out;
        out.append(buffer, static_cast<std::size_t>(size));
    }
    return "hangs";
}

std::string exchange(int port, const std::string& request) {
    const UniqueFd fd = connect_to(port);
    REQUIRE(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size()));
    return read_all(fd.get());
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find("\r\n"));
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("health: probes are answered on every kind of address") {
    const test::Scratch scratch;
    const std::string listen[] = {fmt::format("127.0.0.1:{}", free_port()),
                                  fmt::format(":{}", free_port()),
                                  fmt::format("localhost:{}", free_port()),
                                  "unix:" + scratch.folder() + "/health.sock",
                                  fmt::format("unix:@alkemio-init-test-{}", ::getpid())};
    for (const std::string& address : listen) {
        CAPTURE(address);
        Endpoint endpoint{address};
        endpoint.status.set({false, false, "waiting for the server", R"({"a":1})"});
        CHECK(endpoint.ask("/livez") == "ok\n");
        CHECK(endpoint.ask("/readyz") == "no: not ready: waiting for the server");
        CHECK(endpoint.ask("/startupz") == "no: not ready: waiting for the server");
        CHECK(endpoint.ask("/status").starts_with(R"({"a":1,"started":false,"ready":false,"reason":"waiting for the server")"));
        endpoint.status.set({true, false, "kratos: 2 pending", "{}"});
        CHECK(endpoint.ask("/startupz") == "ok\n");
        CHECK(endpoint.ask("/readyz?verbose") == "no: not ready: kratos: 2 pending");
        endpoint.status.set({true, true, "", "{}"});
        CHECK(endpoint.ask("/readyz") == "ok\n");
        CHECK(endpoint.ask("/nothing").starts_with("no: there are /livez, /readyz"));
    }
}

TEST_CASE(
    "health: requests are answered by the rules of HTTP, without a body where none is wanted") {
    const int port = free_port();
    const Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    const std::string get = exchange(port, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(first_line(get) == "HTTP/1.1 200 OK");
    CHECK(get.ends_with("\r\n\r\nok\n"));
    CHECK(get.find("Connection: close\r\n") != std::string::npos);
    CHECK(get.find("Cache-Control: no-store\r\n") != std::string::npos);
    const std::string head = exchange(port, "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(first_line(head) == "HTTP/1.1 200 OK");
    CHECK(head.find("Content-Length: 3\r\n") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(first_line(
              exchange(port, "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")) ==
          "HTTP/1.1 405 Method Not Allowed");
    CHECK(first_line(exchange(port, "GET /livez HTTP/1.0\r\n\r\n")) == "HTTP/1.0 200 OK");
    CHECK(first_line(exchange(port, "GET /nothing HTTP/1.1\r\n\r\n")) == "HTTP/1.1 404 Not Found");
}

TEST_CASE("health: malformed and endless requests end their own connection only") {
    const int port = free_port();
    const Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    const std::string requests[] = {
        "\x16\x03\x01\x02" + std::string(200, '\0'),
        "nonsense\r\n\r\n",
        "GET /livez HTTP/9.9\r\n\r\n",
        "GET /livez HTTP/1.1\r\nX: " + std::string(16 * 1024, 'x') + "\r\n\r\n",
        "POST /livez HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(5'000, 'x'),
        std::string(64 * 1024, '\n')};
    for (const std::string& request : requests) {
        CAPTURE(first_line(request).substr(0, 40));
        const UniqueFd fd = connect_to(port);
        // It may hang up before all is sent.
        [[maybe_unused]] const auto sent =
            ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
        const std::string answer = read_all(fd.get());
        CHECK(answer.find(" 200 ") == std::string::npos);
        CHECK(answer != "hangs");
        CHECK(endpoint.ask("/livez") == "ok\n");
    }
}

TEST_CASE("health: slow clients hold nobody up and are hung up on") {
    const int port = free_port();
    const Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    const UniqueFd silent = connect_to(port);
    const UniqueFd slow = connect_to(port);
    REQUIRE(::send(slow.get(), "GET /li", 7, MSG_NOSIGNAL) == 7);
    const auto began = Clock::now();
    CHECK(endpoint.ask("/livez") == "ok\n");
    CHECK(Clock::now() - began < 3s);
    CHECK(read_all(silent.get()) == "");
    CHECK(read_all(slow.get()) == "");
    CHECK(Clock::now() - began >= 4s);
    CHECK(Clock::now() - began < 15s);
}

TEST_CASE("health: idle clients beyond 64 keep no probe out, the oldest of them goes") {
    const int port = free_port();
    const Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    std::vector<UniqueFd> idle;
    for (int i = 0; i < 100; ++i) idle.push_back(connect_to(port));
    const auto began = Clock::now();
    for (int i = 0; i < 10; ++i) CHECK(endpoint.ask("/livez") == "ok\n");
    CHECK(Clock::now() - began < 3s);
    // The first has been closed; the last still waits.
    CHECK(read_all(idle.front().get()) == "");
    pollfd last{idle.back().get(), POLLIN, 0};
    CHECK(::poll(&last, 1, 0) == 0);
}

std::ptrdiff_t descriptors() {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, std::filesystem::directory_iterator{});
}

/// A page that is open: what the server sends it.
class Page {
  public:
    explicit Page(int port) : fd_{connect_to(port)} {
        const std::string_view request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
        REQUIRE(::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    }

    /// Whether this comes, in what was not read yet, within the patience.
    bool gets(std::string_view what, Duration patience = 20s) {
        const Stop stop = Stop{}.within(patience);
        while (come_.find(what) == std::string::npos) {
            if (stop.wait_fd(fd_.get(), POLLIN) != 1) return false;
            char buffer[4096];
            const ssize_t size = ::read(fd_.get(), buffer, sizeof buffer);
            if (size <= 0) return false;
            come_.append(buffer, static_cast<std::size_t>(size));
        }
        come_.erase(0, come_.find(what) + what.size());
        return true;
    }
    int fd() const { return fd_.get(); }

  private:
    UniqueFd fd_;
    std::string come_{};
};

TEST_CASE("health: an open page is sent what changes, and nothing while nothing does") {
    const int port = free_port();
    Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    endpoint.tell({.reason = "waiting for the server", .looking = true});
    Page page{port};
    CHECK(page.gets("Content-Type: text/event-stream\r\n"));
    CHECK(page.gets("retry: 2000\n\n"));
    CHECK(page.gets("data: <h1 class=\"busy\">Provisioning</h1>"));
    CHECK(page.gets("\n\n"));
    endpoint.tell({.started = true, .ready = true});
    CHECK(page.gets("data: <h1 class=\"good\">Ready</h1>"));
    CHECK(page.gets("\n\n"));
    endpoint.tell({.started = true, .ready = true});
    CHECK_FALSE(page.gets("data:", 1'000ms));
}

TEST_CASE("health: open pages keep no probe out, the oldest beyond 16 goes, and one that does not read is hung up on") {
    const int port = free_port();
    Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    // Much to draw, and other each time, so that who does not read is soon behind.
    std::string long_text(500'000, 'x');
    endpoint.tell({.reason = long_text, .looking = true});
    const auto before = descriptors();
    std::vector<std::unique_ptr<Page>> pages;
    for (int i = 0; i < 20; ++i) {
        pages.push_back(std::make_unique<Page>(port));
        CHECK(pages.back()->gets("retry: 2000\n\n"));
    }
    CHECK(read_all(pages.front()->fd()) != "hangs");
    CHECK(endpoint.ask("/livez") == "ok\n");
    // Our ends alone are left in the end.
    const auto ours = before + std::ssize(pages);
    const Stop stop = Stop{}.within(60s);
    // What it does not read stays in the sockets' buffers first.
    while (descriptors() > ours && stop.sleep(100ms)) {
        std::ranges::reverse(long_text);
        long_text.push_back('y');
        endpoint.tell({.reason = long_text, .looking = true});
    }
    CHECK(descriptors() == ours);
    CHECK(endpoint.ask("/livez") == "ok\n");
}

TEST_CASE("health: pages that are closed are forgotten") {
    const int port = free_port();
    Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    endpoint.tell({.started = true, .ready = true});
    const auto before = descriptors();
    for (int i = 0; i < 50; ++i) {
        Page page{port};
        CHECK(page.gets("Ready"));
    }
    const Stop stop = Stop{}.within(20s);
    while (descriptors() > before && stop.sleep(20ms)) {}
    CHECK(descriptors() == before);
}

TEST_CASE("health: the socket of a run that was killed is taken over, and one's own is removed") {
    const test::Scratch scratch;
    const std::string path = scratch.folder() + "/health.sock";
    {
        boost::asio::io_context context;
        boost::asio::local::stream_protocol::acceptor{context, boost::asio::local::stream_protocol::endpoint{path}};
    }
    REQUIRE(std::filesystem::is_socket(path));
    {
        const Endpoint first{"unix:" + path};
        CHECK(first.ask("/livez") == "ok\n");
        system::Loop loop;
        const auto second = health::Server::open(loop, "unix:" + path, first.status);
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().line() == fmt::format("cannot listen on \"unix:{}\": Address already in use", path));
        CHECK(first.ask("/livez") == "ok\n");
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("health: where the address is taken the failure says so, and no file is removed for it") {
    const test::Scratch scratch;
    const std::string file = scratch.write("precious", "data");
    system::Loop loop;
    const health::Status status;
    const auto on_file = health::Server::open(loop, "unix:" + file, status);
    REQUIRE_FALSE(on_file.has_value());
    CHECK(on_file.error().line() ==
          fmt::format("cannot listen on \"unix:{}\": Address already in use", file));
    CHECK(on_file.error().id() == "E604");
    CHECK(std::filesystem::exists(file));

    const std::string listen = fmt::format("127.0.0.1:{}", free_port());
    const auto first = health::Server::open(loop, listen, status);
    REQUIRE(first.has_value());
    const auto second = health::Server::open(loop, listen, status);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().line() ==
          fmt::format("cannot listen on \"{}\": Address already in use", listen));
    CHECK(health::Server::open(loop, "no such host:80", status).error().what ==
          "cannot listen on \"no such host:80\"");
}

TEST_CASE("health: asking where nobody is, or where nobody answers, ends with the reason") {
    const std::string nobody = fmt::format("127.0.0.1:{}", free_port());
    const auto refused = health::ask(nobody, "/readyz", Stop{}.within(5s));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().line() ==
          fmt::format("cannot call /readyz healthy at {}: Connection refused", nobody));
    CHECK(refused.error().id() == "E605");

    // Listens, so the kernel accepts, but nobody reads.
    const UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd.get(), 5) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const auto began = Clock::now();
    const auto mute = health::ask(
        fmt::format("127.0.0.1:{}", ntohs(address.sin_port)), "/readyz", Stop{}.within(300ms));
    REQUIRE_FALSE(mute.has_value());
    CHECK(mute.error().because == "the deadline has passed");
    CHECK(Clock::now() - began < 5s);
}

TEST_CASE("health: the services stay as they are when the rest changes") {
    health::Status status;
    status.set_services({{.name = "kratos", .state = "ready", .ready = true, .pid = 7}});
    status.set({true, false, "hydra: 2 pending", "{}"});
    REQUIRE(status.get().services.size() == 1);
    CHECK(status.get().services.front().name == "kratos");
    CHECK(status.get().reason == "hydra: 2 pending");
}

TEST_CASE("wait: a file, a port and a status are waited for until they are there") {
    const test::Scratch scratch;
    const int port = free_port();
    const std::string path = scratch.folder() + "/flag";
    std::unique_ptr<Endpoint> endpoint;
    std::thread later{[&] {
        Stop{}.sleep(150ms);
        scratch.write("flag", "");
        endpoint = std::make_unique<Endpoint>(fmt::format("127.0.0.1:{}", port));
        Stop{}.sleep(150ms);
        endpoint->status.set({true, true, "", "{}"});
    }};
    const Stop stop = Stop{}.within(30s);
    for (const std::string& target : {"file:" + path,
                                      "file://" + path,
                                      fmt::format("tcp://127.0.0.1:{}", port),
                                      fmt::format("http://127.0.0.1:{}/livez", port),
                                      fmt::format("http://localhost:{}/readyz", port)}) {
        CAPTURE(target);
        const auto ready = health::wait_for(target, stop);
        REQUIRE(ready.has_value());
        CHECK(ready->starts_with("ready after "));
    }
    later.join();
}

TEST_CASE("wait: what does not come ends with the last reason at the deadline") {
    const int port = free_port();
    const Endpoint endpoint{fmt::format("127.0.0.1:{}", port)};
    const std::pair<std::string, std::string> rows[] = {
        {"file:/nowhere/flag", "No such file or directory"},
        {fmt::format("tcp://127.0.0.1:{}", free_port()), "Connection refused"},
        {fmt::format("http://127.0.0.1:{}/readyz", port), "it answered 503"},
        {fmt::format("http://127.0.0.1:{}/nowhere", port), "it answered 404"},
    };
    for (const auto& [target, because] : rows) {
        const auto waited = health::wait_for(target, Stop{}.within(200ms));
        REQUIRE_FALSE(waited.has_value());
        CHECK(waited.error().line() ==
              fmt::format("cannot wait any longer for {}: {}", target, because));
        CHECK(waited.error().exit_code() == 11);
        CHECK(waited.error().state == "Nothing was changed.");
    }
}

TEST_CASE("wait: what does not speak HTTP is told as such") {
    // The first accepts and hangs up at once, the second says something else.
    for (const std::string& greeting : {std::string{}, std::string{"-ERR unknown command\r\n"}}) {
        CAPTURE(greeting);
        boost::asio::io_context context{1};
        boost::asio::ip::tcp::acceptor acceptor{context, {boost::asio::ip::make_address("127.0.0.1"), 0}};
        std::thread other{[&] {
            auto peer = acceptor.accept();
            std::array<char, 512> request{};
            peer.read_some(boost::asio::buffer(request));
            boost::asio::write(peer, boost::asio::buffer(greeting));
        }};
        const auto answer = health::ask(fmt::format("127.0.0.1:{}", acceptor.local_endpoint().port()), "/", Stop{}.within(5s));
        other.join();
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().because == "it does not answer HTTP");
    }
}

TEST_CASE("wait: a password in a URL is refused without being shown") {
    for (const std::string target : {"http://me:geheim@localhost:80/x", "tcp://me:geheim@localhost:80"}) {
        const auto refused = health::wait_for(target, Stop{}.within(5s));
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().exit_code() == 2);
        CHECK(refused.error().because == "a user and password would not be sent");
        CHECK(refused.error().line().find("geheim") == std::string::npos);
        CHECK(refused.error().line().find("me:<redacted>@localhost:80") != std::string::npos);
    }
}

TEST_CASE("wait: TLS that nobody vouches for is not taken for an answer") {
    const int port = free_port();
    const Endpoint plain{fmt::format("127.0.0.1:{}", port)};
    const auto waited =
        health::wait_for(fmt::format("https://127.0.0.1:{}/livez", port), Stop{}.within(200ms));
    CHECK_FALSE(waited.has_value());
}

TEST_CASE("wait: a request to stop ends it at once with the signal's exit code") {
    StopSource source;
    std::thread later{[&] {
        Stop{}.sleep(100ms);
        source.request(SIGTERM);
    }};
    const auto began = Clock::now();
    const auto waited = health::wait_for("file:/nowhere/flag", Stop{source});
    later.join();
    REQUIRE_FALSE(waited.has_value());
    CHECK(Clock::now() - began < 5s);
    CHECK(waited.error().exit_code() == 143);
    CHECK(waited.error().because == "asked to stop by SIGTERM");
}

TEST_CASE("wait: what is no target is refused as wrong usage") {
    for (const std::string target :
         {"", "redis", "ftp://x", "tcp://x", "tcp://:80", "http://", "file:", "://x"}) {
        CAPTURE(target);
        const auto waited = health::wait_for(target, Stop{}.within(5s));
        REQUIRE_FALSE(waited.has_value());
        CHECK(waited.error().exit_code() == 2);
        CHECK(waited.error().line() ==
              fmt::format("cannot wait for \"{}\": it is no tcp://HOST:PORT, http(s)://HOST/PATH "
                          "or file:PATH",
                          target));
    }
}

TEST_SUITE_END();
