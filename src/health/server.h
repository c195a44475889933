// SPDX-License-Identifier: Apache-2.0
// The endpoint for probes, Prometheus and people. Read-only and without secrets; slow, many or malformed clients cannot stall what the
// loop does besides.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "health/status.h"
#include "system/loop.h"

namespace ainit::health {

class Server {
  public:
    /// Listens at once; answers while loop.run() runs.
    static Result<std::unique_ptr<Server>> open(system::Loop& loop, const std::string& listen, const Status& status);
    ~Server();
    /// The facts are others now: pages that are open are told soon. Of the loop's thread.
    void changed();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

  private:
    struct Implementation;
    explicit Server(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace ainit::health
