// SPDX-License-Identifier: Apache-2.0
// Certificates made by openssl for one test: an authority and what it signs.
#pragma once

#include <string>

#include "support/scratch_server.h"

namespace ainit::test {

class Authority {
  public:
    /// Its certificate is folder/NAME.crt.
    Authority(const ScratchFolder& folder, const std::string& name);

    const std::string& certificate() const { return certificate_; }

    struct Pair {
        std::string certificate{};
        std::string key{};
    };

    /// Signs a certificate for `subject` (a CN) with an alternative name like "DNS:localhost" or "IP:127.0.0.1"; "" for none.
    Pair sign(const std::string& subject, const std::string& alternative) const;

  private:
    const ScratchFolder& folder_;
    std::string name_;
    std::string certificate_;
    std::string key_;
};

}  // namespace ainit::test
