// SPDX-License-Identifier: Apache-2.0
// The endpoint for probes: /livez, /readyz, /startupz, /status. Read-only and without secrets; slow, many or malformed
// clients cannot stall what the loop does besides.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "base/stop.h"
#include "system/loop.h"

namespace ainit::health {

/// One service that `run` supervises, as it is now.
struct ServiceFacts {
    std::string name{};
    std::string state{};                      ///< "waiting", "starting", "ready" …: see docs/services.md
    bool ready{};                             ///< it is, or it is done
    pid_t pid{-1};                            ///< -1: it does not run
    int restarts{0};
    std::string said{};                       ///< STATUS= of sd_notify
    std::string why{};                        ///< of its last end or failure, in one line
    std::vector<std::string> waiting_for{};   ///< what it needs and is not there yet
    std::optional<Duration> until_ready{};    ///< since it was started
};

/// What probes are told; written by the run, read by the endpoint. Thread-safe.
class Status {
  public:
    struct Facts {
        bool started{};         ///< provisioned once
        bool ready{};           ///< as wanted when last looked at
        std::string reason{};   ///< why not ready: one line
        std::string json{"{}"}; ///< body of /status
        std::vector<ServiceFacts> services{};  ///< in the order of the configuration
    };
    /// All but the services, which stay as they are.
    void set(Facts facts);
    void set_services(std::vector<ServiceFacts> services);
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
