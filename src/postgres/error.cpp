// SPDX-License-Identifier: Apache-2.0
#include "postgres/error.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::postgres {
namespace {

constexpr std::size_t kLength = 5;

bool is_sqlstate(std::string_view text) {
    return text.size() == kLength && std::ranges::all_of(text, [](unsigned char c) {
               return std::isdigit(c) != 0 || std::isupper(c) != 0;
           });
}

struct Said {
    std::string sqlstate{};
    std::string text{};
};

/// The last line of the form `SEVERITY:  SQLSTATE: text` that libpq writes with PQERRORS_VERBOSE,
/// whatever the language; without one, all that libpq says itself: the reason is in its first line, and what is behind it may
/// be advice.
Said what_the_server_said(std::string_view message) {
    Said said;
    for (const std::string& line : split(trim(message), '\n')) {
        constexpr std::string_view kMark = ":  ";
        const std::size_t mark = line.find(kMark);
        const std::size_t code = mark + kMark.size();
        if (mark != std::string::npos && line.size() > code + kLength &&
            line[code + kLength] == ':' && is_sqlstate(line.substr(code, kLength))) {
            said.sqlstate = line.substr(code, kLength);
            said.text = trim(std::string_view{line}.substr(code + kLength + 1));
        } else if (said.sqlstate.empty() && !trim(line).empty() && line.front() != '\t') {
            // What stands behind a tab is a question to a person at a terminal.
            said.text += fmt::format("{}{}", said.text.empty() ? "" : "; ", trim(line));
        }
    }
    return said;
}

Code login_code(std::string_view sqlstate) {
    if (heals_with_time(sqlstate)) return Code::not_ready;
    if (sqlstate == sqlstate::kInvalidCatalogName) return Code::no_database;
    if (sqlstate == sqlstate::kInsufficientPrivilege) return Code::privilege;
    if (sqlstate.starts_with("28")) return Code::authentication;
    // A setting sent with the login that the server does not know or does not take.
    if (sqlstate.starts_with("22") || sqlstate.starts_with("42")) return Code::connection_option;
    return Code::authentication;
}

std::string login_hint(const Failure& failure, const Server& server, const Login& login) {
    const Code code = failure.code;
    const std::string& sqlstate = failure.sqlstate;
    switch (code) {
        case Code::authentication:
            if (sqlstate == sqlstate::kInvalidAuthorization) {
                return fmt::format(
                    "no password is at fault: role \"{}\" must be there and may log in, pg_hba.conf must let it in, and a "
                    "client certificate, if that is asked for, must name it; the server's log says more than a client is told",
                    login.user);
            }
            return fmt::format(
                "check the password of role \"{}\" (`config show` tells where it comes from), and "
                "pg_hba.conf; the server's log says more than a client is told",
                login.user);
        case Code::no_database:
            return login.database == server.maintenance.database
                       ? "name a database that is always there as [postgres] database"
                       : fmt::format("provision first: database \"{}\" is not there yet",
                                     login.database);
        case Code::privilege:
            if (!login.as.empty()) {
                return fmt::format("let it act for that role (GRANT {} TO {}), or give the role a password in [[role]]",
                                   quote_identifier(login.as), quote_identifier(login.user));
            }
            return fmt::format("GRANT CONNECT ON DATABASE {} TO {}",
                               quote_identifier(login.database), quote_identifier(login.user));
        default: return {};
    }
}

}  // namespace

bool heals_with_time(std::string_view sqlstate) {
    // 08 connection, 53 resources (slots, memory, disk), 57 operator (starting, shutting down),
    // 58 system; 55P02 and 55006 while a database is being made or dropped.
    static constexpr std::array kClasses{"08", "53", "57", "58", "55"};
    return std::ranges::any_of(kClasses,
                               [&](std::string_view one) { return sqlstate.starts_with(one); });
}

Failure login_failure(const Server& server,
                      const Login& login,
                      std::string_view message,
                      Reached reached) {
    Said said = what_the_server_said(message);
    Failure failure;
    failure.what = fmt::format("cannot log in to database \"{}\" at {} as role \"{}\"{}",
                               login.database, server.address(), login.user,
                               login.as.empty() ? "" : fmt::format(" in the stead of \"{}\"", login.as));
    failure.because = std::move(said.text);
    failure.sqlstate = std::move(said.sqlstate);
    failure.state = "Nothing was changed by this login.";
    if (!failure.sqlstate.empty()) {
        failure.code = login_code(failure.sqlstate);
        // The role that the session would act for is not there yet.
        if (!login.as.empty() && failure.code == Code::connection_option) failure.code = Code::authentication;
    } else if (reached == Reached::stranger) {
        failure.code = Code::not_postgres;
        failure.because = "what answers there does not speak PostgreSQL's protocol";
    } else if (reached == Reached::tls) {
        failure.code = Code::tls;
    } else if (reached == Reached::password) {
        failure.code = Code::authentication;
        failure.because = "the server asks for a password, and none is configured";
    } else if (reached == Reached::login) {
        failure.code = Code::authentication;
    } else {
        failure.code = Code::not_ready;
    }
    failure.transient = failure.code == Code::not_ready;
    failure.hint = login_hint(failure, server, login);
    return failure;
}

Failure statement_failure(std::string_view sqlstate, const ErrorFields& fields, bool lost) {
    Failure failure;
    failure.what = "cannot run a statement";
    failure.because = fields.message;
    if (!fields.detail.empty()) failure.because += fmt::format(" ({})", fields.detail);
    failure.sqlstate = sqlstate;
    failure.hint = fields.hint;
    failure.transient = sqlstate == sqlstate::kLockNotAvailable ||
                        sqlstate == sqlstate::kDeadlock || sqlstate == sqlstate::kSerialization;
    if (lost) {
        failure.code = Code::connection_lost;
        failure.state = "The server rolls back what was not committed.";
        failure.transient = true;
    } else if (sqlstate == sqlstate::kInsufficientPrivilege) {
        failure.code = Code::privilege;
    }
    return failure;
}

}  // namespace ainit::postgres
