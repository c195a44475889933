// SPDX-License-Identifier: Apache-2.0
// `run`: the services of the configuration, from the moment when what they need is there to their end. Everything on the loop's
// thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/service_starts.h"
#include "health/server.h"
#include "postgres/server.h"
#include "services/supervisor.h"
#include "system/loop.h"

namespace ainit::daemon {

class Services {
  public:
    struct Hooks {
        std::function<void()> changed{};                     ///< facts() are others now
        std::function<void(const Failure&)> failed{};        ///< one that is not critical has failed for good
        std::function<void()> ending{};                      ///< from now on they are ended, asked for or not; called once
        std::function<void(const services::End&)> over{};    ///< all have ended and are reaped; called once
    };

    /// A Failure if one of them is to run as a user that does not exist. `server`: as far as it is known yet.
    static Result<std::unique_ptr<Services>> make(system::Loop& loop, std::shared_ptr<const config::Config> config, postgres::Server server,
                                                  Hooks hooks);
    ~Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    /// Starts those that need nothing.
    void start();
    /// Logins of services that are started from now on come from these.
    void use(std::shared_ptr<const config::Config> config, postgres::Server server);
    /// Of services that run, those that would be started otherwise now are restarted in the order of their needs, or named in the log.
    void renew();
    /// `need` (config::Need::text()) is there: starts those that waited for it alone. What is started stays so.
    void release(const std::string& need);
    /// To the main service, or the only one.
    void forward(const system::Signal& signal);
    /// Ends all in reverse order; a second time it does not wait any more. `signal`: that asked for it, or 0.
    void stop(int signal);

    std::vector<health::ServiceFacts> facts() const;
    /// What each service waited for and how long it took, until it was ready for the first time.
    std::shared_ptr<const Timeline> starts() const { return starts_.timeline(); }
    /// Why those that count for it are not all ready, in one line; empty: they are.
    std::string not_ready() const;

  private:
    Services(system::Loop& loop, std::shared_ptr<const config::Config> config, postgres::Server server, Hooks hooks);
    Result<Command> command_of(const std::string& name);
    void tell_of_others() const;
    services::Supervisor::Hooks supervisor_hooks(Hooks hooks);

    system::Loop& loop_;
    std::shared_ptr<const config::Config> config_;
    postgres::Server server_;
    ServiceStarts starts_{};
    std::map<std::string, config::Service> removed_{};   ///< that run, and that the configuration does not name any more
    std::map<std::string, std::size_t> started_with_{};  ///< fingerprints of their commands
    services::Supervisor supervisor_;
};

/// From SIGTERM to the end of all: as configured, or what the platform leaves.
Duration stop_timeout_of(const config::Config& config);

}  // namespace ainit::daemon
