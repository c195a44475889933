// SPDX-License-Identifier: Apache-2.0
// Why a server does not answer: what libpq knows but does not tell other than in words.
#pragma once

#include <string>

#include "base/stop.h"
#include "postgres/server.h"

namespace ainit::postgres {

/// "refused", "no socket", "unknown host", "unreachable", "no answer", or "closed without a word" for a port that
/// opens and says nothing. Tries a connection of its own to the first host, for at most 100 ms beyond name lookup, which the
/// Stop ends.
std::string reason_of_silence(const Server& server, const Stop& stop);

/// Whether any of the hosts takes a connection, or may: one that does not answer within 100 ms counts as well.
bool somebody_listens(const Server& server, const Stop& stop);

}  // namespace ainit::postgres
