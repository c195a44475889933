// SPDX-License-Identifier: Apache-2.0
// A real PgBouncer in front of a scratch server, on a loopback port of its own.
#pragma once

#include <string>

#include <sys/types.h>

#include "support/scratch_server.h"

namespace ainit::test {

class Pooler {
  public:
    /// `mode`: "session", "transaction" or "statement".
    Pooler(const ScratchServer& behind, const std::string& mode);
    ~Pooler();
    Pooler(const Pooler&) = delete;
    Pooler& operator=(const Pooler&) = delete;

    postgres::Server server() const;

  private:
    ScratchFolder folder_{};
    postgres::Server behind_;
    int port_{0};
    pid_t pid_{-1};
};

}  // namespace ainit::test
