// SPDX-License-Identifier: Apache-2.0
#include "postgres/connect.h"

#include <algorithm>
#include <random>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/text.h"

namespace ainit::postgres {
namespace {

std::string value_of(const Server& server, std::string_view keyword, std::string_view otherwise) {
    for (const auto& [name, value] : server.parameters) {
        if (name == keyword && !value.empty()) return value;
    }
    return std::string{otherwise};
}

/// The role that a session acts for is set with the login, so that RESET ROLE comes back to it.
std::string options_of(const Server& server, const Login& login) {
    const std::string options = value_of(server, "options", {});
    if (login.as.empty()) return options;
    return fmt::format("{}{}{}", options, options.empty() ? "" : " ", start_option("role", login.as));
}

/// What the server reports of itself with each login since 14; an older one fits, and is refused
/// for its age.
bool fits(PGconn* connection, std::string_view wanted) {
    const auto is_on = [&](const char* name) {
        const char* value = PQparameterStatus(connection, name);
        return value != nullptr && std::string_view{value} == "on";
    };
    const bool standby = is_on("in_hot_standby");
    const bool read_only = standby || is_on("default_transaction_read_only");
    if (wanted == "read-write") return !read_only;
    if (wanted == "read-only") return read_only;
    if (wanted == "primary") return !standby;
    if (wanted == "standby") return standby;
    return true;
}

/// Whether libpq takes these settings at all. It reads them before it connects, so a folder that
/// does not exist in the place of the host ends the attempt without any traffic.
bool settings_are_valid(std::vector<std::pair<std::string, std::string>> parameters) {
    for (auto& [keyword, value] : parameters) {
        if (keyword == "host") value = "/nonexistent";
    }
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return PQpingParams(keywords.data(), values.data(), 0) != PQPING_NO_ATTEMPT;
}

Failure invalid_settings(const Server& server, std::string_view message) {
    Failure failure;
    failure.code = Code::connection_option;
    failure.what = fmt::format("cannot connect to {}", server.address());
    failure.because = trim(message);
    failure.state = "Nothing was done.";
    return failure;
}

}  // namespace

Attempt::Attempt(const Server& server, const Login& login) : server_{server}, login_{login} {
    std::vector<Host> hosts = server.hosts();
    if (value_of(server, "load_balance_hosts", "disable") == "random") {
        std::ranges::shuffle(hosts, std::mt19937{std::random_device{}()});
    }
    std::string wanted = value_of(server, "target_session_attrs", "any");
    const bool preferring = wanted == "prefer-standby";
    if (preferring) wanted = "standby";
    for (const Host& host : hosts) places_.push_back({host, {}, wanted});
    for (const Host& host : hosts) {
        if (preferring) places_.push_back({host, {}, "any"});
    }
    start();
}

std::vector<std::pair<std::string, std::string>> Attempt::parameters() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [keyword, value] : server_.parameters) {
        const bool ours = keyword == "host" || keyword == "port" || keyword == "options" ||
                          keyword == "target_session_attrs" || keyword == "load_balance_hosts";
        if (!ours && !value.empty()) all.emplace_back(keyword, value);
    }
    all.emplace_back("host", places_[at_].host.name);
    all.emplace_back("port", places_[at_].host.port);
    if (!places_[at_].address.empty()) all.emplace_back("hostaddr", places_[at_].address);
    all.emplace_back("user", login_.user);
    all.emplace_back("dbname", login_.database);
    if (const std::string options = options_of(server_, login_); !options.empty()) all.emplace_back("options", options);
    all.emplace_back("client_encoding", "UTF8");
    return all;
}

void Attempt::start() {
    deadline_ = after(server_.connect_timeout);
    const Place& place = places_[at_];
    const bool known = !place.address.empty() || !value_of(server_, "hostaddr", {}).empty();
    if (known || !is_name(place.host.name)) return connect();
    events_ = POLLIN;
    lookup_.emplace(place.host.name);
}

/// One place for each address of the present host's name, in its stead.
void Attempt::find_addresses() {
    auto addresses = lookup_->take();
    lookup_.reset();
    if (!addresses) {
        Failure failure = login_failure(server_, login_, "", Reached::nothing);
        failure.because = fmt::format("could not translate host name \"{}\" to address: {}", places_[at_].host.name,
                                      addresses.error().because);
        return next(std::move(failure));
    }
    const auto here = places_.begin() + static_cast<std::ptrdiff_t>(at_);
    std::vector<Place> found(addresses->size(), *here);
    for (std::size_t i = 0; i < found.size(); ++i) found[i].address = (*addresses)[i];
    *here = found.front();
    places_.insert(here + 1, found.begin() + 1, found.end());
    start();
}

void Attempt::connect() {
    const auto texts = parameters();
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    const auto add = [&](const char* keyword, const std::string& value) {
        keywords.push_back(keyword);
        values.push_back(value.c_str());
    };
    for (const auto& [keyword, value] : texts) add(keyword.c_str(), value);
    // These two are given without a copy of ours that would have to be wiped.
    if (!login_.password.empty()) add("password", login_.password.reveal());
    if (!server_.sslpassword.empty()) add("sslpassword", server_.sslpassword.reveal());
    keywords.push_back(nullptr);
    values.push_back(nullptr);

    events_ = POLLOUT;
    heard_ = false;
    first_word_.clear();
    connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!connection_) return fail({.code = Code::internal, .what = "cannot connect", .because = "no memory"});
    // libpq tells the SQLSTATE of a refused login only so.
    PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
    if (PQstatus(connection_.get()) != CONNECTION_BAD) return;
    const char* message = PQerrorMessage(connection_.get());
    if (!settings_are_valid(texts)) return fail(invalid_settings(server_, message));
    next(login_failure(server_, login_, message, Reached::nothing));
}

void Attempt::advance() {
    if (lookup_) return find_addresses();
    const ConnStatusType before = PQstatus(connection_.get());
    if (events_ == POLLIN) {
        char byte = 0;
        heard_ = ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
        if (heard_ && first_word_.empty()) first_word_ = byte;
    }
    switch (PQconnectPoll(connection_.get())) {
        case PGRES_POLLING_READING: events_ = POLLIN; break;
        case PGRES_POLLING_WRITING: events_ = POLLOUT; break;
        case PGRES_POLLING_OK: succeed(); break;
        default:
            next(login_failure(server_, login_, PQerrorMessage(connection_.get()),
                               reached(before)));
    }
}

Reached Attempt::reached(ConnStatusType before) const {
    if (PQconnectionNeedsPassword(connection_.get()) != 0) return Reached::password;
    // Yes or no to TLS or GSSAPI; authentication, an error, another minor version; TLS at once (sslnegotiation).
    if (!first_word_.empty() && std::string_view{"SNGREv\x15\x16"}.find(first_word_) == std::string_view::npos) {
        return Reached::stranger;
    }
    if (!heard_) return Reached::nothing;
    if (before == CONNECTION_SSL_STARTUP) return Reached::tls;
    return before == CONNECTION_AWAITING_RESPONSE ? Reached::login : Reached::nothing;
}

void Attempt::time_out() {
    Failure failure = login_failure(server_, login_, "", Reached::nothing);
    failure.because = fmt::format("{} within {}",
                                  lookup_ ? "the name service does not answer" : "no answer",
                                  show(server_.connect_timeout));
    lookup_.reset();
    next(std::move(failure));
}

void Attempt::next(Failure failure) {
    // Another host may serve; a refused password is the same everywhere.
    const bool elsewhere = failure.transient || failure.code == Code::standby;
    if (!elsewhere || at_ + 1 == places_.size()) return fail(std::move(failure));
    ++at_;
    start();
}

void Attempt::succeed() {
    const std::string& wanted = places_[at_].attributes;
    if (fits(connection_.get(), wanted)) {
        PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
        made_ = true;
        return;
    }
    Failure failure = login_failure(server_, login_, "", Reached::nothing);
    failure.code = Code::standby;
    failure.transient = false;
    failure.because = fmt::format("it is not {}, as target_session_attrs demands", wanted);
    next(std::move(failure));
}

Result<Connection> Attempt::take() {
    if (failure_) return *std::exchange(failure_, {});
    return std::move(connection_);
}

}  // namespace ainit::postgres
