// SPDX-License-Identifier: Apache-2.0
// The subcommands. Each returns the exit code of the program; failures have been reported by then.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "cli/options.h"
#include "config/config.h"

namespace ainit::cli {

/// The log as the options want it, and as configured where they say nothing.
log::Settings log_settings(const Options& options, log::Settings configured);

/// The configuration that the options name, and the log as it says. What is wrong is reported; the first failure is returned.
Result<config::Config> load(const Options& options);

int config_check(const Options& options);
int config_generate(const Options& options);
int config_show(const Options& options, const config::Config& config);
int healthcheck(const Options& options, const config::Config& config);

int plan(const Options& options, const config::Config& config);
int status(const Options& options, const config::Config& config);
int verify(const Options& options, const config::Config& config);
int migrate_show(const Options& options, const config::Config& config);
int migrate_run(const Options& options, const config::Config& config);
int migrate_revert(const Options& options, const config::Config& config);
int migrate_repair(const Options& options, const config::Config& config);
int migrate_create(const Options& options, const config::Config& config);

int once(const Options& options, const config::Config& config);
int exec(const Options& options, const config::Config& config);
int wait(const Options& options, const config::Config& config);
int run(const Options& options, const config::Config& config);

}  // namespace ainit::cli
