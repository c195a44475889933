// SPDX-License-Identifier: Apache-2.0
// What libpq and the server say, as Failures: decided by SQLSTATE and by where a login stood, never
// by the words of a message.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "postgres/session.h"

namespace ainit::postgres {

/// How far a login came before it failed.
enum class Reached {
    stranger,  ///< the first byte of the answer is no word of PostgreSQL's protocol
    nothing,   ///< no answer: refused, unknown name, closed without a word
    tls,       ///< the server answered to the request for TLS, and then it failed
    login,     ///< it answered during authentication, and our side gave up
    password,  ///< it asked for a password, and there is none
};

/// A failed login. `message` is PQerrorMessage with PQERRORS_VERBOSE.
Failure login_failure(const Server& server,
                      const Login& login,
                      std::string_view message,
                      Reached reached);

/// A failed statement. Code: connection_lost (transient), privilege for 42501, else internal, for
/// the caller to name by what it was doing. `transient` for 40001, 40P01, 55P03 and lost connections.
Failure statement_failure(std::string_view sqlstate, const ErrorFields& fields, bool lost);

/// Whether time may heal a refused login: too many connections, starting up, shutting down, trouble
/// of the system or the network.
bool heals_with_time(std::string_view sqlstate);

}  // namespace ainit::postgres
