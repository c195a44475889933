// SPDX-License-Identifier: Apache-2.0
#include "health/reach.h"

#include <cerrno>
#include <stdexcept>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/ssl.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/bundle.h"
#include "base/file.h"
#include "base/lookup.h"
#include "base/text.h"

namespace ainit::health {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::use_awaitable;
using tcp = asio::ip::tcp;

asio::awaitable<Reply> reach_by_tls(const Target& target, http::verb method, const std::vector<tcp::endpoint>& endpoints) {
    asio::ssl::context tls{asio::ssl::context::tls_client};
    if (const std::string file = authorities(); !file.empty()) tls.load_verify_file(file);
    else tls.set_default_verify_paths();
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback(asio::ssl::host_name_verification{target.host});
    asio::ssl::stream<beast::tcp_stream> stream{co_await asio::this_coro::executor, tls};
    // What the macro SSL_set_tlsext_host_name does, without its cast.
    std::string host = target.host;
    SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
    co_await beast::get_lowest_layer(stream).async_connect(endpoints, use_awaitable);
    co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
    co_return co_await request(stream, target.host, target.path, method);
}

}  // namespace

asio::awaitable<std::vector<tcp::endpoint>> endpoints_of(std::string host, std::string port) {
    std::vector<std::string> addresses{host};
    if (is_name(host)) {
        Lookup lookup{host};
        // A descriptor of its own, which ends with this whatever ends it.
        asio::posix::stream_descriptor answered{co_await asio::this_coro::executor, ::fcntl(lookup.fd(), F_DUPFD_CLOEXEC, 3)};
        co_await answered.async_wait(asio::posix::stream_descriptor::wait_read, use_awaitable);
        auto found = lookup.take();
        if (!found) throw std::runtime_error{found.error().line()};
        addresses = std::move(*found);
    }
    std::vector<tcp::endpoint> endpoints;
    const auto number = static_cast<std::uint16_t>(parse_integer(port).value_or(0));
    for (const std::string& address : addresses) endpoints.emplace_back(asio::ip::make_address(address), number);
    co_return endpoints;
}

asio::awaitable<Reply> reach(Target target, http::verb method) {
    const std::vector<tcp::endpoint> endpoints = co_await endpoints_of(target.host, target.port);
    if (target.scheme == "https") co_return co_await reach_by_tls(target, method, endpoints);
    beast::tcp_stream stream{co_await asio::this_coro::executor};
    co_await stream.async_connect(endpoints, use_awaitable);
    if (target.scheme == "tcp") co_return Reply{200, {}};
    co_return co_await request(stream, target.host, target.path, method);
}

std::string reason_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& failed) {
        const boost::system::error_code of_http = http::error::end_of_stream;
        return failed.code().category() == of_http.category() ? "it does not answer HTTP" : failed.code().message();
    } catch (const std::exception& failed) {
        return failed.what();
    }
}

std::string why_not(const Reply& reply) {
    return reply.status >= 200 && reply.status < 400 ? "" : fmt::format("it answered {}", reply.status);
}

std::string why_not(const std::string& path) {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? "" : errno_text(errno);
}

}  // namespace ainit::health
