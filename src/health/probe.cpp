// SPDX-License-Identifier: Apache-2.0
#include "health/probe.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cerrno>
#include <optional>

#include "base/address.h"
#include "base/bundle.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

namespace ainit::health {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::use_awaitable;
using tcp = asio::ip::tcp;
using Protocol = asio::generic::stream_protocol;

constexpr Duration kAttempt{5'000};
constexpr Duration kFirstPause{10};
constexpr Duration kLongestPause{500};
constexpr std::size_t kLargestBody = 64 * 1024;

struct Target {
    std::string scheme{};  ///< "tcp", "http", "https", "file"
    std::string host{};
    std::string port{};
    std::string path{"/"};
};

struct Reply {
    unsigned status{};
    std::string body{};
};

std::optional<Target> parse(const std::string& text) {
    Target target;
    if (text.starts_with("file:")) {
        target.scheme = "file";
        target.path = text.substr(5);
        if (target.path.starts_with("//")) target.path.erase(0, 2);
        return target.path.empty() ? std::nullopt : std::optional{target};
    }
    const std::size_t colons = text.find("://");
    if (colons == std::string::npos) return {};
    target.scheme = text.substr(0, colons);
    if (target.scheme != "tcp" && target.scheme != "http" && target.scheme != "https") return {};
    std::string rest = text.substr(colons + 3);
    if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
        target.path = rest.substr(slash);
        rest.resize(slash);
    }
    const std::size_t colon = rest.rfind(':');
    const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
    target.host = rest.substr(0, has_port ? colon : std::string::npos);
    target.port = has_port ? rest.substr(colon + 1) : target.scheme == "https" ? "443" : "80";
    if (target.host.starts_with('[') && target.host.ends_with(']')) target.host = target.host.substr(1, target.host.size() - 2);
    if (target.host.empty() || target.port.empty() || (target.scheme == "tcp" && !has_port)) return {};
    return target;
}

template <class Stream>
asio::awaitable<Reply> request(Stream& stream, std::string host, std::string path) {
    http::request<http::empty_body> request{http::verb::get, path, 11};
    request.set(http::field::host, host);
    request.set(http::field::user_agent, "alkemio-init");
    request.set(http::field::connection, "close");
    co_await http::async_write(stream, request, use_awaitable);
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kLargestBody);
    co_await http::async_read_header(stream, buffer, parser, use_awaitable);
    Reply reply{parser.get().result_int(), {}};
    // The status is the answer; a body that is too long or breaks off is not needed.
    try {
        co_await http::async_read(stream, buffer, parser, use_awaitable);
        reply.body = parser.get().body();
    } catch (const boost::system::system_error&) {
        reply.body.clear();
    }
    co_return reply;
}

asio::awaitable<Reply> reach(Target target) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver{executor};
    const auto endpoints = co_await resolver.async_resolve(target.host, target.port, use_awaitable);
    if (target.scheme == "https") {
        asio::ssl::context tls{asio::ssl::context::tls_client};
        if (const std::string file = authorities(); !file.empty()) tls.load_verify_file(file);
        else tls.set_default_verify_paths();
        tls.set_verify_mode(asio::ssl::verify_peer);
        tls.set_verify_callback(asio::ssl::host_name_verification{target.host});
        beast::ssl_stream<beast::tcp_stream> stream{executor, tls};
        // What the macro SSL_set_tlsext_host_name does, without its cast.
        SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, target.host.data());
        co_await beast::get_lowest_layer(stream).async_connect(endpoints, use_awaitable);
        co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
        co_return co_await request(stream, target.host, target.path);
    }
    beast::tcp_stream stream{executor};
    co_await stream.async_connect(endpoints, use_awaitable);
    if (target.scheme == "tcp") co_return Reply{200, {}};
    co_return co_await request(stream, target.host, target.path);
}

/// Every address the host has, also of a family that only the loopback device knows.
asio::awaitable<Reply> reach_one_of(std::string host, std::string port, Duration limit) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver{executor};
    const auto endpoints = co_await resolver.async_resolve(host, port, tcp::resolver::flags{}, use_awaitable);
    boost::system::error_code error = asio::error::host_not_found;
    for (const auto& endpoint : endpoints) {
        beast::tcp_stream stream{executor};
        stream.expires_after(limit);
        co_await stream.async_connect(endpoint.endpoint(), asio::redirect_error(use_awaitable, error));
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

/// What Asio and Beast say, in words that help who waits.
std::string reason_of(const boost::system::error_code& code) {
    const boost::system::error_code of_http = http::error::end_of_stream;
    return code.category() == of_http.category() ? "it does not answer HTTP" : code.message();
}

/// Runs one exchange until it ends, the deadline passes or a stop is requested.
Result<Reply> drive(asio::awaitable<Reply> exchange, const Stop& stop) {
    asio::io_context context{1};
    std::optional<Result<Reply>> result;
    asio::co_spawn(context, std::move(exchange), [&](std::exception_ptr error, Reply reply) {
        try {
            if (error) std::rethrow_exception(error);
            result = std::move(reply);
        } catch (const boost::system::system_error& failed) {
            Failure failure;
            failure.because = reason_of(failed.code());
            result = std::move(failure);
        } catch (const std::exception& failed) {
            Failure failure;
            failure.because = failed.what();
            result = std::move(failure);
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
    if (target.scheme == "file") {
        struct stat facts {};
        return ::stat(target.path.c_str(), &facts) == 0 ? "" : errno_text(errno);
    }
    const Result<Reply> reply = drive(reach(target), stop.within(kAttempt));
    if (!reply) return reply.error().because;
    if (reply->status >= 200 && reply->status < 400) return "";
    return fmt::format("it answered {}", reply->status);
}

}  // namespace

Result<std::string> wait_for(const std::string& text, const Stop& stop) {
    const auto target = parse(text);
    if (!target) return no_target(text, "it is no tcp://HOST:PORT, http(s)://HOST/PATH or file:PATH");
    if (target->host.find('@') != std::string::npos) {
        return no_target(without_password(text), "a user and password would not be sent");
    }
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
