// SPDX-License-Identifier: Apache-2.0
// Asking on a loop, with real listeners that answer, refuse, say nothing and say nonsense.
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "health/prober.h"
#include "support/scratch.h"

using namespace ainit;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;

namespace {

/// Accepts one after the other and gives each this answer, once it has asked.
class Listener {
  public:
    explicit Listener(std::string answer)
        : answer_{std::move(answer)}, acceptor_{context_, {boost::asio::ip::make_address("127.0.0.1"), 0}}, thread_{[this] { serve(); }} {}

    ~Listener() {
        boost::system::error_code ignored;
        tcp::socket last{context_};
        ending_ = true;
        last.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }

    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    unsigned port() const { return acceptor_.local_endpoint().port(); }

  private:
    void serve() {
        while (true) {
            boost::system::error_code error;
            tcp::socket peer = acceptor_.accept();
            if (ending_) return;
            std::string request;
            boost::asio::read_until(peer, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
            if (error) continue;
            boost::asio::write(peer, boost::asio::buffer(answer_), error);
        }
    }

    std::string answer_;
    std::atomic<bool> ending_{false};
    boost::asio::io_context context_{1};
    tcp::acceptor acceptor_;
    std::thread thread_;
};

std::string ask(const std::string& target) {
    system::Loop loop;
    std::optional<std::string> answer;
    health::probe(loop, target, [&](const std::string& why) {
        answer = why;
        loop.quit();
    });
    // Never before probe() has come back.
    CHECK_FALSE(answer.has_value());
    loop.run();
    REQUIRE(answer.has_value());
    return *answer;
}

std::string reply(int status) { return fmt::format("HTTP/1.1 {} Whatever\r\nContent-Length: 0\r\n\r\n", status); }

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("prober: what is there is there, by address and by name") {
    const Listener listener{reply(204)};
    CHECK(ask(fmt::format("tcp://127.0.0.1:{}", listener.port())) == "");
    CHECK(ask(fmt::format("tcp://localhost:{}", listener.port())) == "");
    CHECK(ask(fmt::format("http://localhost:{}/health?a=b", listener.port())) == "");
    const test::Scratch scratch;
    CHECK(ask("file:" + scratch.folder()) == "");
}

TEST_CASE("prober: any status from 200 to 399 is ready, and no other is") {
    for (const int status : {200, 204, 301, 399}) {
        const Listener listener{reply(status)};
        CHECK(ask(fmt::format("http://127.0.0.1:{}", listener.port())) == "");
    }
    for (const int status : {400, 404, 500, 503}) {
        const Listener listener{reply(status)};
        CHECK(ask(fmt::format("http://127.0.0.1:{}/x", listener.port())) == fmt::format("it answered {}", status));
    }
}

TEST_CASE("prober: why something is not there") {
    unsigned free = 0;
    {
        const Listener gone{""};
        free = gone.port();
    }
    CHECK(ask(fmt::format("tcp://127.0.0.1:{}", free)) == "Connection refused");
    CHECK(ask("file:/nowhere/to/be/found") == "No such file or directory");
    CHECK(ask("nonsense") == "there is no such target");
    CHECK(ask("tcp://no such name:80").starts_with("cannot find the host \"no such name\": "));
    const Listener other{"-ERR unknown command\r\n"};
    CHECK(ask(fmt::format("http://127.0.0.1:{}/", other.port())) == "it does not answer HTTP");
}

TEST_CASE("prober: who says nothing is not waited for for long, and holds up nothing") {
    boost::asio::io_context context{1};
    // It is connected to by the kernel, and nobody accepts.
    const tcp::acceptor silent{context, {boost::asio::ip::make_address("127.0.0.1"), 0}};
    system::Loop loop;
    std::optional<std::string> answer;
    int ticks = 0;
    system::Timer timer{loop.timer()};
    std::function<void()> tick = [&] {
        ++ticks;
        timer.set(10ms, tick);
    };
    tick();
    health::probe(loop, fmt::format("http://127.0.0.1:{}/", silent.local_endpoint().port()), [&](const std::string& why) {
        answer = why;
        loop.quit();
    });
    loop.run();
    CHECK(answer.value_or("") == "no answer within 3.0 s");
    CHECK(ticks > 10);
}

TEST_CASE("prober: a loop may go while it asks") {
    boost::asio::io_context context{1};
    const tcp::acceptor silent{context, {boost::asio::ip::make_address("127.0.0.1"), 0}};
    bool told = false;
    {
        system::Loop loop;
        const auto heard = [&](const std::string&) { told = true; };
        health::probe(loop, fmt::format("http://127.0.0.1:{}/", silent.local_endpoint().port()), heard);
        health::probe(loop, fmt::format("http://localhost:{}/", silent.local_endpoint().port()), heard);
        system::Timer timer{loop.timer()};
        timer.set(100ms, [&] { loop.quit(); });
        loop.run();
    }
    CHECK_FALSE(told);
}

TEST_SUITE_END();
