// SPDX-License-Identifier: Apache-2.0
// The endpoint for probes: /livez, /readyz, /startupz, /status. Read-only and without secrets; slow, many or malformed
// clients cannot stall what the loop does besides.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "system/loop.h"

namespace ainit::health {

/// What probes are told; written by the run, read by the endpoint. Thread-safe.
class Status {
  public:
    struct Facts {
        bool started{};         ///< provisioned once
        bool ready{};           ///< as wanted when last looked at
        std::string reason{};   ///< why not ready: one line
        std::string json{"{}"}; ///< body of /status
    };
    void set(Facts facts);
    Facts get() const;

  private:
    mutable std::mutex mutex_{};
    Facts facts_{};
};

class Server {
  public:
    /// Listens at once; answers while loop.run() runs.
    static Result<std::unique_ptr<Server>> open(system::Loop& loop, const std::string& listen, const Status& status);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

  private:
    struct Implementation;
    explicit Server(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace ainit::health
