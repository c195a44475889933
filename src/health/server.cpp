// SPDX-License-Identifier: Apache-2.0
#include "health/server.h"

#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "base/log.h"
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
constexpr std::chrono::milliseconds kPauseAfterError{100};

struct Answer {
    http::status status{http::status::ok};
    std::string type{"text/plain"};
    std::string body{};
};

Answer answer(std::string_view target, const Status::Facts& facts) {
    const std::string_view path = target.substr(0, target.find('?'));
    const auto probe = [&](bool good) -> Answer {
        if (good) return {http::status::ok, "text/plain", "ok\n"};
        return {http::status::service_unavailable,
                "text/plain",
                fmt::format("not ready: {}\n", facts.reason)};
    };
    if (path == "/livez") return {http::status::ok, "text/plain", "ok\n"};
    if (path == "/readyz") return probe(facts.ready);
    if (path == "/startupz") return probe(facts.started);
    if (path == "/status") return {http::status::ok, "application/json", facts.json};
    return {http::status::not_found,
            "text/plain",
            "there are /livez, /readyz, /startupz and /status\n"};
}

/// One connection, from its request to its answer.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Protocol::socket socket, const Status& status)
        : stream_{std::move(socket)}, status_{status} {
        parser_.header_limit(kLargestHeader);
        parser_.body_limit(0);
    }

    void start() {
        stream_.expires_after(kPatience);
        http::async_read(stream_,
                         buffer_,
                         parser_,
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                             if (error) return self->close();
                             self->reply();
                         });
    }

    /// Also before its request has come.
    void close() {
        beast::error_code ignored;
        stream_.socket().shutdown(Protocol::socket::shutdown_both, ignored);
        stream_.close();
    }

  private:
    void reply() {
        const http::request<http::empty_body>& request = parser_.get();
        const bool reads =
            request.method() == http::verb::get || request.method() == http::verb::head;
        Answer made =
            reads ? answer({request.target().data(), request.target().size()}, status_.get())
                  : Answer{http::status::method_not_allowed, "text/plain", "only GET and HEAD\n"};
        response_.result(made.status);
        response_.version(request.version());
        response_.set(http::field::content_type, made.type);
        response_.set(http::field::cache_control, "no-store");
        response_.keep_alive(false);
        response_.content_length(made.body.size());
        if (request.method() != http::verb::head) response_.body() = std::move(made.body);
        http::async_write(
            stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
                self->close();
            });
    }

    Stream stream_;
    const Status& status_;
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
    facts.services = std::move(facts_.services);
    facts_ = std::move(facts);
}

void Status::set_services(std::vector<ServiceFacts> services) {
    const std::lock_guard guard{mutex_};
    facts_.services = std::move(services);
}

Status::Facts Status::get() const {
    const std::lock_guard guard{mutex_};
    return facts_;
}

struct Server::Implementation {
    Implementation(asio::io_context& context, const Status& from)
        : acceptor{context}, pause{context}, status{from} {}

    ~Implementation() {
        if (!path.empty() && path.front() != '\0') ::unlink(path.c_str());
    }

    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    void accept() {
        acceptor.async_accept([this](const beast::error_code& error, Protocol::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (error) return accept_later();
            serve(std::move(socket));
            accept();
        });
    }

    /// Beyond the limit the one that has been there longest goes: a probe says what it wants at once, and who does not
    /// must not keep it out.
    void serve(Protocol::socket socket) {
        std::erase_if(open, [](const auto& one) { return one.expired(); });
        if (open.size() >= kMostConnections) {
            if (auto oldest = open.front().lock()) oldest->close();
            open.erase(open.begin());
        }
        auto connection = std::make_shared<Connection>(std::move(socket), status);
        connection->start();
        open.push_back(connection);
    }

    /// Without descriptors to spare the same error would come again at once, for ever.
    void accept_later() {
        pause.expires_after(kPauseAfterError);
        pause.async_wait([this](const beast::error_code& error) {
            if (!error) accept();
        });
    }

    asio::basic_socket_acceptor<Protocol> acceptor;
    asio::steady_timer pause;
    const Status& status;
    std::vector<std::weak_ptr<Connection>> open{};  ///< the oldest first
    std::string path{};
};

Server::Server(std::unique_ptr<Implementation> implementation)
    : implementation_{std::move(implementation)} {}

Server::~Server() = default;

namespace {

/// Where to listen: the first of these that works.
std::vector<Protocol::endpoint> endpoints_of(const Address& address,
                                             asio::io_context& context,
                                             beast::error_code& error) {
    std::vector<Protocol::endpoint> out;
    if (address.local) return {asio::local::stream_protocol::endpoint{address.path}};
    asio::ip::tcp::resolver resolver{context};
    // Every address: of both families where there is IPv6.
    for (const std::string& host : address.host.empty() ? std::vector<std::string>{"::", "0.0.0.0"}
                                                        : std::vector{address.host}) {
        for (const auto& found :
             resolver.resolve(host, address.port, asio::ip::tcp::resolver::passive, error))
            out.push_back(found.endpoint());
    }
    return out;
}

void listen_on(asio::basic_socket_acceptor<Protocol>& acceptor,
               const Protocol::endpoint& endpoint,
               bool local,
               beast::error_code& error) {
    acceptor.open(endpoint.protocol(), error);
    if (!error && !local) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return;
    beast::error_code ignored;
    acceptor.close(ignored);
}

/// The socket of a run that was killed; nothing else is in the way of anybody.
void remove_stale_socket(const std::string& path) {
    struct stat facts{};
    if (path.front() != '\0' && ::lstat(path.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode))
        ::unlink(path.c_str());
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(system::Loop& loop,
                                             const std::string& listen,
                                             const Status& status) {
    auto address = parse_address(listen);
    if (!address) return std::move(address).error();
    asio::io_context& context = system::context(loop);
    auto made = std::make_unique<Implementation>(context, status);
    if (address->local) remove_stale_socket(address->path);
    beast::error_code error;
    for (const Protocol::endpoint& endpoint : endpoints_of(*address, context, error)) {
        listen_on(made->acceptor, endpoint, address->local, error);
        if (!error) break;
    }
    if (!made->acceptor.is_open()) return cannot_listen(listen, error.message());
    if (address->local) made->path = address->path;
    made->accept();
    return std::unique_ptr<Server>{new Server{std::move(made)}};
}

}  // namespace ainit::health
