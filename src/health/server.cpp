// SPDX-License-Identifier: Apache-2.0
#include "health/server.h"

#include <sstream>
#include <utility>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "health/answer.h"
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
constexpr unsigned kNotAllowed = 405;
/// Pages that are open; beyond, the oldest goes, and comes again.
constexpr std::size_t kMostWatching = 16;
/// Between two events.
constexpr std::chrono::milliseconds kTick{250};
/// After which a page that lost us asks again.
constexpr std::chrono::milliseconds kRetry{2'000};
constexpr std::string_view kPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
                                     "form-action 'none'; frame-ancestors 'none'";

/// Sent to pages that are open, the last at once when it comes.
using Event = std::shared_ptr<const std::string>;

/// Whoever knows all connections.
class Watched {
  public:
    /// One that has become a stream of events.
    virtual void watch(std::shared_ptr<class Connection> connection) = 0;
    virtual void changed() = 0;

  protected:
    ~Watched() = default;
};

/// One connection, from its request to its answer, or to the end of its events.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Protocol::socket socket, const Status& status, Watched& all) : stream_{std::move(socket)}, status_{status}, all_{all} {
        parser_.header_limit(kLargestHeader);
        parser_.body_limit(0);
    }

    void start() {
        stream_.expires_after(kPatience);
        http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
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

    /// Of those that come while one is written, the last is written after it.
    void send(const Event& event) {
        if (sent_ && *sent_ == *event) return;
        if (writing_) {
            behind_ = true;
            return;
        }
        sent_ = event;
        write(asio::buffer(*sent_));
    }

  private:
    void reply() {
        const http::request<http::empty_body>& request = parser_.get();
        const std::string_view target{request.target().data(), request.target().size()};
        const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
        if (request.method() == http::verb::get && asks_for_events(target)) return stream_events();
        Answer made = reads ? answer(target, status_.get()) : Answer{.status = kNotAllowed, .body = "only GET and HEAD\n"};
        response_.result(made.status);
        response_.version(request.version());
        set_headers(made.type);
        response_.content_length(made.body.size());
        if (request.method() != http::verb::head) response_.body() = std::move(made.body);
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
    }

    void set_headers(const std::string& type) {
        response_.set(http::field::content_type, type);
        response_.set(http::field::cache_control, "no-store");
        response_.set("Content-Security-Policy", kPolicy);
        response_.set("X-Content-Type-Options", "nosniff");
        response_.set("Referrer-Policy", "no-referrer");
        response_.keep_alive(false);
    }

    /// As HTML's "server-sent events" have it: until one side closes.
    void stream_events() {
        response_.version(parser_.get().version());
        set_headers("text/event-stream");
        std::ostringstream head;
        head << response_.base() << "retry: " << kRetry.count() << "\n\n";
        head_ = head.str();
        write(asio::buffer(head_));
        all_.watch(shared_from_this());
        // It has nothing more to say: what can be read now is its end.
        stream_.socket().async_wait(Protocol::socket::wait_read, [self = shared_from_this()](const beast::error_code& error) {
            if (!error) self->close();
        });
    }

    void write(asio::const_buffer text) {
        writing_ = true;
        stream_.expires_after(kPatience);
        asio::async_write(stream_, text, [self = shared_from_this()](const beast::error_code& error, std::size_t) {
            self->writing_ = false;
            if (error) return self->close();
            self->stream_.expires_never();
            if (std::exchange(self->behind_, false)) self->all_.changed();
        });
    }

    Stream stream_;
    const Status& status_;
    Watched& all_;
    beast::flat_buffer buffer_{kLargestHeader};
    http::request_parser<http::empty_body> parser_{};
    http::response<http::string_body> response_{};
    std::string head_{};
    Event sent_{};
    bool writing_{false};
    bool behind_{false};
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

using Connections = std::vector<std::weak_ptr<Connection>>;

struct Server::Implementation final : Watched {
    Implementation(asio::io_context& context, const Status& from) : acceptor{context}, pause{context}, tick{context}, status{from} {}

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
        auto connection = std::make_shared<Connection>(std::move(socket), status, *this);
        connection->start();
        add(connection, open, kMostConnections);
    }

    static void add(const std::shared_ptr<Connection>& connection, Connections& all, std::size_t most) {
        std::erase_if(all, [](const auto& one) { return one.expired(); });
        if (all.size() >= most) {
            if (auto oldest = all.front().lock()) oldest->close();
            all.erase(all.begin());
        }
        all.push_back(connection);
    }

    void watch(std::shared_ptr<Connection> connection) override {
        std::erase_if(open, [&](const auto& one) { return one.lock() == connection; });
        add(connection, watching, kMostWatching);
        push();
    }

    /// Changes that come close together are told together.
    void changed() override {
        if (ticking || watching.empty()) return;
        push_later();
    }

    void push_later() {
        ticking = true;
        tick.expires_after(kTick);
        tick.async_wait([this](const beast::error_code& error) {
            if (error) return;
            ticking = false;
            push();
        });
    }

    /// While a look or a start goes on, time itself is news. Without anybody who watches nothing is drawn, and no timer runs.
    void push() {
        std::erase_if(watching, [](const auto& one) { return one.expired(); });
        if (watching.empty()) return;
        const Facts facts = status.get();
        const Event drawn = std::make_shared<const std::string>(event(facts));
        for (const auto& one : watching) {
            if (const auto connection = one.lock()) connection->send(drawn);
        }
        if ((facts.looking || facts.services_start()) && !ticking) push_later();
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
    asio::steady_timer tick;
    bool ticking{false};
    const Status& status;
    Connections open{};      ///< the oldest first
    Connections watching{};  ///< the pages
    std::string path{};
};

Server::Server(std::unique_ptr<Implementation> implementation)
    : implementation_{std::move(implementation)} {}

Server::~Server() = default;

void Server::changed() { implementation_->changed(); }

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

/// The socket of a run that was killed: nobody listens there. One of a run that lives is in the way, as a port is.
void remove_stale_socket(const std::string& path, asio::io_context& context) {
    struct stat facts{};
    if (path.front() == '\0' || ::lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) return;
    asio::local::stream_protocol::socket caller{context};
    beast::error_code error;
    caller.connect(asio::local::stream_protocol::endpoint{path}, error);
    if (error == asio::error::connection_refused) ::unlink(path.c_str());
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(system::Loop& loop,
                                             const std::string& listen,
                                             const Status& status) {
    auto address = parse_address(listen);
    if (!address) return std::move(address).error();
    asio::io_context& context = system::context(loop);
    auto made = std::make_unique<Implementation>(context, status);
    if (address->local) remove_stale_socket(address->path, context);
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
