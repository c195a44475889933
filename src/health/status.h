// SPDX-License-Identifier: Apache-2.0
// What probes, Prometheus and people are told of a run: facts, written by the run and read by the endpoint.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/stop.h"
#include "base/timeline.h"

namespace ainit::health {

/// One service that `run` supervises, as it is now.
struct ServiceFacts {
    std::string name{};
    std::string state{};                      ///< "waiting", "starting", "ready" …: see docs/services.md
    bool ready{};                             ///< it is, or it is done
    bool given_up{};                          ///< it has failed or was stopped, and nothing more will come of it
    pid_t pid{-1};                            ///< -1: it does not run
    int restarts{0};
    std::string said{};                       ///< STATUS= of sd_notify
    std::string why{};                        ///< of its last end or failure, in one line
    std::vector<std::string> waiting_for{};   ///< what it needs and is not there yet
    std::optional<Duration> until_ready{};    ///< since it was started
    bool was_ready{};                         ///< once, also before a restart
};

/// One [[migration]] as it was last looked at.
struct MigrationFacts {
    std::string name{};
    std::string database{};
    std::optional<int> applied{};  ///< empty: it cannot be asked
    std::optional<int> pending{};
    std::optional<Duration> took{};  ///< the last time that something was applied
};

/// The looks at the cluster so far, and what the last of them saw.
struct LookFacts {
    int good{0};
    int failed{0};
    int changes{0};  ///< steps and migrations made by all of them
    int drifts{0};   ///< what differs and only a person may change
    int checks_good{0};
    int checks_failed{0};
    std::vector<MigrationFacts> migrations{};
    std::optional<std::chrono::system_clock::time_point> last_good{};
};

struct Facts {
    bool started{};          ///< provisioned once
    bool ready{};            ///< as wanted when last looked at
    std::string reason{};    ///< why not ready: one line
    std::string json{"{}"};  ///< the last look as `--output json` prints it
    std::string server{};    ///< "postgres:5432, PostgreSQL 17.5"; empty: it was not reached yet
    LookFacts looks{};
    std::shared_ptr<const Timeline> start{};    ///< of the look that provisioned first, or tries to
    std::shared_ptr<const Timeline> latest{};   ///< of the last one that failed, or changed something after the start
    std::shared_ptr<const Timeline> current{};  ///< of the one after it that goes on
    std::shared_ptr<const Timeline> beside{};   ///< the starts of services
    bool looking{};                             ///< a look goes on
    bool ending{};                              ///< it was asked to stop
    std::vector<ServiceFacts> services{};       ///< in the order of the configuration

    const ServiceFacts* service(const std::string& name) const;
    /// Some are on their way still to be ready for the first time.
    bool services_start() const;
};

/// Thread-safe.
class Status {
  public:
    /// All but the services, which stay as they are.
    void set(Facts facts);
    void set_services(std::vector<ServiceFacts> services);
    Facts get() const;

  private:
    mutable std::mutex mutex_{};
    Facts facts_{};
};

}  // namespace ainit::health
