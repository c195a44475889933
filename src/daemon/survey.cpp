// SPDX-License-Identifier: Apache-2.0
#include "daemon/survey.h"

#include "daemon/run.h"
#include "daemon/wait.h"
#include "provision/survey.h"

namespace ainit::daemon {

Result<config::Config> survey(const config::Postgres& postgres, const Stop& stop) {
    config::Config config;
    config.postgres = postgres;
    if (auto ready = wait_for(config, "postgres", stop.within(postgres.ready_timeout)); !ready) return std::move(ready).error();
    postgres::Sessions sessions{server_of(config)};
    return provision::survey(sessions, postgres, stop);
}

}  // namespace ainit::daemon
