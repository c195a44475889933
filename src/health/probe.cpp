// SPDX-License-Identifier: Apache-2.0
#include "health/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <optional>

#include "base/address.h"
#include "base/log.h"
#include "base/target.h"
#include "base/text.h"
#include "health/reach.h"

namespace ainit::health {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::use_awaitable;
using tcp = asio::ip::tcp;
using Protocol = asio::generic::stream_protocol;

constexpr Duration kAttempt{5'000};
constexpr Duration kFirstPause{10};
constexpr Duration kLongestPause{500};

/// Every address the host has, also of a family that only the loopback device knows.
asio::awaitable<Reply> reach_one_of(std::string host, std::string port, Duration limit) {
    const auto executor = co_await asio::this_coro::executor;
    const std::vector<tcp::endpoint> endpoints = co_await endpoints_of(std::move(host), std::move(port));
    boost::system::error_code error = asio::error::host_not_found;
    for (const auto& endpoint : endpoints) {
        beast::tcp_stream stream{executor};
        stream.expires_after(limit);
        co_await stream.async_connect(endpoint, asio::redirect_error(use_awaitable, error));
        if (!error) co_return Reply{};
    }
    throw boost::system::system_error{error};
}

asio::awaitable<Reply> reach_local(std::string path, std::string what) {
    beast::basic_stream<Protocol> stream{co_await asio::this_coro::executor};
    const Protocol::endpoint endpoint{asio::local::stream_protocol::endpoint{path}};
    co_await stream.socket().async_connect(endpoint, use_awaitable);
    co_return co_await request(stream, "localhost", what);
}

/// Runs one exchange until it ends, the deadline passes or a stop is requested.
Result<Reply> drive(asio::awaitable<Reply> exchange, const Stop& stop) {
    asio::io_context context{1};
    std::optional<Result<Reply>> result;
    asio::co_spawn(context, std::move(exchange), [&](const std::exception_ptr& error, Reply reply) {
        if (error) {
            Failure failure;
            failure.because = reason_of(error);
            result = std::move(failure);
        } else {
            result = std::move(reply);
        }
        context.stop();
    });
    asio::posix::stream_descriptor asked{context};
    if (stop.fd() >= 0) {
        asked.assign(stop.fd());
        asked.async_wait(asio::posix::stream_descriptor::wait_read, [&](const auto&) { context.stop(); });
    }
    context.run_for(stop.remaining());
    if (stop.fd() >= 0) asked.release();
    if (result) return std::move(*result);
    return stop.failure(Code::wait_timeout, "cannot get an answer");
}

Failure no_target(const std::string& text, std::string because) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot wait for \"{}\"", text);
    failure.because = std::move(because);
    failure.state = "Nothing was waited for.";
    return failure;
}

/// One attempt; empty when it succeeded, else why not.
std::string attempt(const Target& target, const Stop& stop) {
    if (target.scheme == "file") return why_not(target.path);
    const Result<Reply> reply = drive(reach(target), stop.within(kAttempt));
    return reply ? why_not(*reply) : reply.error().because;
}

}  // namespace

Result<std::string> wait_for(const std::string& text, const Stop& stop) {
    const auto target = parse_target(text);
    if (!target) return no_target(text, "it is no tcp://HOST:PORT, http(s)://HOST/PATH or file:PATH");
    if (target->has_user()) return no_target(without_password(text), "a user and password would not be sent");
    const auto began = Clock::now();
    std::string last;
    for (Duration pause = kFirstPause; !stop.over(); pause = std::min(pause * 2, kLongestPause)) {
        const std::string why = attempt(*target, stop);
        if (why.empty()) return fmt::format("ready after {}", show(std::chrono::duration_cast<Duration>(Clock::now() - began)));
        if (why != last && !stop.over()) log::info("wait", fmt::format("{}: {}", text, why));
        if (!stop.over()) last = why;
        if (!stop.sleep(pause)) break;
    }
    Failure failure = stop.failure(Code::wait_timeout, fmt::format("cannot wait any longer for {}", text));
    if (failure.signal == 0) failure.because = last;
    failure.state = "Nothing was changed.";
    return failure;
}

Result<void> connect_once(const std::string& host, std::uint16_t port, Duration limit, const Stop& stop) {
    auto reply = drive(reach_one_of(host, std::to_string(port), limit), stop);
    if (!reply) return std::move(reply).error();
    return ok();
}

Result<std::string> call(const std::string& method, const std::string& url, const Stop& stop) {
    const auto target = parse_target(url);
    if (!target) return no_target(url, "it is no http(s)://HOST/PATH");
    const Result<Reply> reply = drive(reach(*target, beast::http::string_to_verb(method)), stop);
    if (reply && reply->status >= 200 && reply->status < 300) return fmt::format("{} {}", method, url);
    Failure failure;
    failure.code = Code::dependent_untold;
    failure.because = fmt::format("{}: {}", url, reply ? fmt::format("it answered {}", reply->status) : reply.error().because);
    return failure;
}

Result<std::string> ask(const std::string& address, const std::string& path, const Stop& stop) {
    auto parsed = parse_address(address);
    if (!parsed) return std::move(parsed).error();
    const std::string host = parsed->host.empty() || parsed->host == "0.0.0.0" ? "127.0.0.1" : parsed->host;
    const Result<Reply> reply = drive(parsed->local ? reach_local(parsed->path, path) : reach({"http", host, parsed->port, path}), stop);
    if (reply && reply->status == 200) return reply->body;
    Failure failure;
    failure.code = Code::unhealthy;
    failure.what = fmt::format("cannot call {} healthy at {}", path, address);
    failure.because = reply ? std::string{trim(reply->body)} : reply.error().because;
    return failure;
}

}  // namespace ainit::health
