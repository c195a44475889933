// SPDX-License-Identifier: Apache-2.0
// The addresses of a host's name, asked for on a thread of its own: getaddrinfo(3) cannot be interrupted, and a name service
// that is silent holds it for ten seconds and more.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stop.h"

namespace ainit {

class Lookup {
  public:
    /// Begins. One that is given up leaves its thread to end by itself.
    explicit Lookup(const std::string& host);

    /// Readable when the answer is there.
    int fd() const;

    /// Numeric, in the order in which getaddrinfo wants them tried; not_ready (transient) if there are none. Once, when fd()
    /// is readable.
    Result<std::vector<std::string>> take();

  private:
    struct State;
    static void work(State& state);
    std::shared_ptr<State> state_;
};

/// Whether getaddrinfo has to be asked: neither the folder of a Unix socket, nor an abstract one, nor an address.
bool is_name(const std::string& host);

/// The addresses of a name, or the host itself if it is none; waits until the Stop is over.
Result<std::vector<std::string>> addresses_of(const std::string& host, const Stop& stop);

}  // namespace ainit
