// SPDX-License-Identifier: Apache-2.0
#include "postgres/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "base/text.h"
#include "postgres/connect.h"
#include "postgres/error.h"
#include "postgres/exchange.h"
#include "postgres/link.h"

namespace ainit::postgres {
namespace {

/// Polls the sockets of all attempts that are not done, and the Stop; false when the Stop is over.
bool wait_for_any(std::vector<Attempt>& attempts, const Stop& stop) {
    std::vector<pollfd> polled{{stop.fd(), POLLIN, 0}};
    std::vector<Attempt*> waiting;
    Deadline nearest = stop.deadline();
    for (Attempt& attempt : attempts) {
        if (attempt.done()) continue;
        polled.push_back({attempt.fd(), attempt.events(), 0});
        waiting.push_back(&attempt);
        nearest = std::min(nearest, attempt.deadline());
    }
    const Duration left = Stop{}.until(nearest).remaining();
    ::poll(polled.data(), polled.size(), static_cast<int>(left.count()));
    if (stop.over()) return false;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        if (polled[i + 1].revents != 0) {
            waiting[i]->advance();
        } else if (Clock::now() >= waiting[i]->deadline()) {
            waiting[i]->time_out();
        }
    }
    return true;
}

void on_notice_of(void* argument, const PGresult* result) {
    const auto* link = static_cast<Session::Link*>(argument);
    if (!link->notice) return;
    const auto field = [&](int code) -> std::string_view {
        const char* text = PQresultErrorField(result, code);
        return text == nullptr ? std::string_view{} : text;
    };
    link->notice(field(PG_DIAG_SEVERITY_NONLOCALIZED), field(PG_DIAG_MESSAGE_PRIMARY));
}

}  // namespace

Session::Link::Link(PGconn* made, Login who) : connection{made}, login{std::move(who)} {
    PQsetNoticeReceiver(connection, on_notice_of, this);
    PQsetnonblocking(connection, 1);
}

Session::Link::~Link() {
    PQfinish(connection);
}

Session::Session(std::unique_ptr<Link> link) : link_{std::move(link)} {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(const Server& server, const Login& login, const Stop& stop) {
    return std::move(open_all(server, {login}, stop).front());
}

std::vector<Result<Session>> Session::open_all(const Server& server,
                                               const std::vector<Login>& logins,
                                               const Stop& stop) {
    std::vector<Attempt> attempts;
    attempts.reserve(logins.size());
    for (const Login& login : logins) attempts.emplace_back(server, login);
    const auto under_way = [](const Attempt& attempt) { return !attempt.done(); };
    while (std::ranges::any_of(attempts, under_way)) {
        if (wait_for_any(attempts, stop)) continue;
        for (Attempt& attempt : attempts) {
            if (attempt.done()) continue;
            Failure failure = stop.failure(
                Code::not_ready, fmt::format("cannot log in at {}", server.address()));
            failure.state = "Nothing was changed by this login.";
            failure.transient = failure.code == Code::not_ready;
            attempt.fail(std::move(failure));
        }
    }
    std::vector<Result<Session>> sessions;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        auto connection = attempts[i].take();
        if (!connection) {
            sessions.emplace_back(std::move(connection).error());
            continue;
        }
        sessions.emplace_back(Session{std::make_unique<Link>(connection->release(), logins[i])});
    }
    return sessions;
}

Result<Rows> Session::query(const Sql& sql, const Stop& stop, const Parameters& parameters) {
    auto results = exchange(*this, {sql.text(), parameters}, stop);
    if (!results) return std::move(results).error();
    if (results->empty()) return Rows{};
    return std::move(results->back());
}

Result<std::vector<Rows>> Session::query_all(const Sql& sql, const Stop& stop) {
    return exchange(*this, {sql.text()}, stop);
}

const ErrorFields& Session::last_error() const {
    return link_->last;
}

bool Session::usable() const {
    if (!link_ || link_->abandoned) return false;
    PGconn* connection = link_->connection;
    pollfd polled{PQsocket(connection), POLLIN, 0};
    // What an idle server says unasked is mostly that it goes away: its last words, then the end.
    while (polled.fd >= 0 && ::poll(&polled, 1, 0) > 0 && PQconsumeInput(connection) != 0) {
        // Reads what has come, and tells the notice's sink.
        PQisBusy(connection);
    }
    return PQstatus(connection) == CONNECTION_OK;
}

bool Session::in_transaction() const {
    return PQtransactionStatus(link_->connection) != PQTRANS_IDLE;
}

bool Session::in_failed_transaction() const {
    return PQtransactionStatus(link_->connection) == PQTRANS_INERROR;
}

bool Session::used_password() const {
    return PQconnectionUsedPassword(link_->connection) != 0;
}

int Session::server_version() const {
    return PQserverVersion(link_->connection);
}

int Session::backend_pid() const {
    return PQbackendPID(link_->connection);
}

int Session::socket() const {
    return PQsocket(link_->connection);
}

const Login& Session::login() const {
    return link_->login;
}

Host Session::host() const {
    return {PQhost(link_->connection), PQport(link_->connection)};
}

void Session::on_notice(std::function<void(std::string_view, std::string_view)> sink) {
    link_->notice = std::move(sink);
}

Result<std::string> Session::verifier(const std::string& role, const Secret& password) {
    char* made = PQencryptPasswordConn(link_->connection, password.reveal().c_str(), role.c_str(),
                                       "scram-sha-256");
    if (made == nullptr) {
        Failure failure;
        failure.what = fmt::format("cannot make a password verifier for role \"{}\"", role);
        failure.because = trim(PQerrorMessage(link_->connection));
        return failure;
    }
    std::string text{made};
    PQfreemem(made);
    return text;
}

std::optional<Failure> refused_in_person(const Server& server, const Login& login, const Stop& stop) {
    if (login.as.empty()) return {};
    auto session = Session::open(server, login.in_person(), stop);
    if (session || session.error().sqlstate == sqlstate::kInvalidAuthorization) return {};
    Failure failure = std::move(session).error();
    if (failure.code == Code::authentication) {
        failure.hint = fmt::format("give role \"{}\" a password (password_file in [[role]]), let the server trust it, or name another "
                                   "role; the maintenance user's password is not given away in its stead",
                                   login.as);
    }
    return failure;
}

}  // namespace ainit::postgres
