// SPDX-License-Identifier: Apache-2.0
// One exchange with somebody else, as coroutines: of this room alone.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "base/target.h"

namespace ainit::health {

struct Reply {
    unsigned status{};
    std::string body{};
};

/// The addresses of a host, asked for on a thread of its own. Throws std::runtime_error if there are none.
boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> endpoints_of(std::string host, std::string port);

/// Connects to `target`, which is no file, and asks it if it speaks HTTP; of TCP the status is 200. What fails is thrown.
boost::asio::awaitable<Reply> reach(Target target, boost::beast::http::verb method = boost::beast::http::verb::get);

/// What was thrown, in words that help who waits.
std::string reason_of(const std::exception_ptr& error);
/// Why an answer, or a file, does not count as being there; empty if it does.
std::string why_not(const Reply& reply);
std::string why_not(const std::string& path);

/// One request without a body over a stream that is connected. It is written as one text: Beast's own writing is made anew
/// for each kind of stream, which takes 360 KB.
template <class Stream>
boost::asio::awaitable<Reply> request(Stream& stream, std::string host, std::string path,
                                      boost::beast::http::verb method = boost::beast::http::verb::get) {
    namespace http = boost::beast::http;
    constexpr std::size_t kLargestBody = 64 * 1024;
    http::request<http::empty_body> request{method, path, 11};
    request.set(http::field::host, host);
    request.set(http::field::user_agent, "alkemio-init");
    request.set(http::field::connection, "close");
    request.prepare_payload();
    std::ostringstream text;
    text << request.base();
    co_await boost::asio::async_write(stream, boost::asio::buffer(text.view()), boost::asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    // Else it would refuse the whole answer of who says that a longer one follows.
    parser.body_limit(boost::none);
    co_await http::async_read_header(stream, buffer, parser, boost::asio::use_awaitable);
    Reply reply{parser.get().result_int(), {}};
    // The status is the answer; a body that is too long or breaks off is not needed.
    try {
        const std::string& body = parser.get().body();
        parser.eager(true);
        while (!parser.is_done() && body.size() <= kLargestBody) co_await http::async_read_some(stream, buffer, parser, boost::asio::use_awaitable);
        if (parser.is_done()) reply.body = body;
    } catch (const boost::system::system_error&) {
        reply.body.clear();
    }
    co_return reply;
}

}  // namespace ainit::health
