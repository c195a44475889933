// SPDX-License-Identifier: Apache-2.0
#include "health/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <vector>

#include "base/log.h"
#include "health/address.h"
#include "system/context.h"

namespace ainit::health {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Protocol>;

constexpr std::size_t kMostConnections = 64;
constexpr std::size_t kLargestHeader = 8 * 1024;
constexpr std::chrono::seconds kPatience{5};

struct Answer {
    http::status status{http::status::ok};
    std::string type{"text/plain"};
    std::string body{};
};

Answer answer(std::string_view target, const Status::Facts& facts) {
    const std::string_view path = target.substr(0, target.find('?'));
    const auto probe = [&](bool good) -> Answer {
        if (good) return {http::status::ok, "text/plain", "ok\n"};
        return {http::status::service_unavailable, "text/plain", fmt::format("not ready: {}\n", facts.reason)};
    };
    if (path == "/livez") return {http::status::ok, "text/plain", "ok\n"};
    if (path == "/readyz") return probe(facts.ready);
    if (path == "/startupz") return probe(facts.started);
    if (path == "/status") return {http::status::ok, "application/json", facts.json};
    return {http::status::not_found, "text/plain", "there are /livez, /readyz, /startupz and /status\n"};
}

/// One connection, from its request to its answer.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Protocol::socket socket, const Status& status, std::shared_ptr<std::size_t> count)
        : stream_{std::move(socket)}, status_{status}, count_{std::move(count)} {
        ++*count_;
        parser_.header_limit(kLargestHeader);
        parser_.body_limit(0);
    }
    ~Connection() { --*count_; }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start() {
        stream_.expires_after(kPatience);
        http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (error) return self->close();
            self->reply();
        });
    }

  private:
    void reply() {
        const http::request<http::empty_body>& request = parser_.get();
        const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
        Answer made = reads ? answer({request.target().data(), request.target().size()}, status_.get())
                            : Answer{http::status::method_not_allowed, "text/plain", "only GET and HEAD\n"};
        response_.result(made.status);
        response_.version(request.version());
        response_.set(http::field::content_type, made.type);
        response_.set(http::field::cache_control, "no-store");
        response_.keep_alive(false);
        response_.content_length(made.body.size());
        if (request.method() != http::verb::head) response_.body() = std::move(made.body);
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
    }

    void close() {
        beast::error_code ignored;
        stream_.socket().shutdown(Protocol::socket::shutdown_both, ignored);
        stream_.close();
    }

    Stream stream_;
    const Status& status_;
    std::shared_ptr<std::size_t> count_;
    beast::flat_buffer buffer_{kLargestHeader};
    http::request_parser<http::empty_body> parser_{};
    http::response<http::string_body> response_{};
};

Failure cannot_listen(const std::string& listen, std::string because) {
    Failure failure;
    failure.code = Code::health_listen;
    failure.what = fmt::format("cannot listen on \"{}\"", listen);
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    return failure;
}

}  // namespace

void Status::set(Facts facts) {
    const std::lock_guard guard{mutex_};
    facts_ = std::move(facts);
}

Status::Facts Status::get() const {
    const std::lock_guard guard{mutex_};
    return facts_;
}

struct Server::Implementation {
    Implementation(asio::io_context& context, const Status& from) : acceptor{context}, status{from} {}
    ~Implementation() {
        if (!path.empty() && path.front() != '\0') ::unlink(path.c_str());
    }
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    void accept() {
        acceptor.async_accept([this](const beast::error_code& error, Protocol::socket socket) {
            if (error == asio::error::operation_aborted) return;
            // Beyond the limit a client is turned away at once, which costs nothing.
            if (!error && *count < kMostConnections) {
                std::make_shared<Connection>(std::move(socket), status, count)->start();
            }
            accept();
        });
    }

    asio::basic_socket_acceptor<Protocol> acceptor;
    const Status& status;
    std::shared_ptr<std::size_t> count{std::make_shared<std::size_t>(0)};
    std::string path{};
};

Server::Server(std::unique_ptr<Implementation> implementation) : implementation_{std::move(implementation)} {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(system::Loop& loop, const std::string& listen, const Status& status) {
    auto address = parse_address(listen);
    if (!address) return std::move(address).error();
    asio::io_context& context = system::context(loop);
    auto made = std::make_unique<Implementation>(context, status);
    beast::error_code error;
    Protocol::endpoint endpoint;
    if (address->local) {
        made->path = address->path;
        if (address->path.front() != '\0') ::unlink(address->path.c_str());
        endpoint = asio::local::stream_protocol::endpoint{address->path};
    } else {
        asio::ip::tcp::resolver resolver{context};
        const std::string host = address->host.empty() ? "0.0.0.0" : address->host;
        const auto found = resolver.resolve(host, address->port, asio::ip::tcp::resolver::passive, error);
        if (error || found.empty()) return cannot_listen(listen, error.message());
        endpoint = found.begin()->endpoint();
    }
    made->acceptor.open(endpoint.protocol(), error);
    if (!error && !address->local) made->acceptor.set_option(asio::socket_base::reuse_address{true}, error);
    if (!error) made->acceptor.bind(endpoint, error);
    if (!error) made->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        made->path.clear();
        return cannot_listen(listen, error.message());
    }
    made->accept();
    return std::unique_ptr<Server>{new Server{std::move(made)}};
}

}  // namespace ainit::health
