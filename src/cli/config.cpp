// SPDX-License-Identifier: Apache-2.0
// config check, config show.
#include <algorithm>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/report.h"
#include "config/load.h"

namespace ainit::cli {

int config_check(const Options& options) {
    const auto secrets =
        options.without_secrets ? config::SecretFiles::skip : config::SecretFiles::read;
    const config::Loaded loaded =
        config::load(options.config_file, config::process_environment(), secrets);
    log::set_up(log_settings(options, loaded.config.log));
    report_failures(loaded.failures);
    for (const Failure& warning : loaded.config.warnings)
        log::warn("config", warning.line(), {{"where", warning.where.text()}});
    const std::string name = loaded.config.file.empty() ? "the environment" : loaded.config.file;
    if (loaded.good()) {
        print(fmt::format("{}: good. {} roles, {} databases, {} migrations, {} checks, {} services.\n",
                          name,
                          loaded.config.roles.size(),
                          loaded.config.databases.size(),
                          loaded.config.migrations.size(),
                          loaded.config.checks.size(),
                          loaded.config.services.size()));
        return 0;
    }
    print(fmt::format("{}: {} {}.\n",
                      name,
                      loaded.failures.size(),
                      loaded.failures.size() == 1 ? "error" : "errors"));
    return loaded.failures.front().exit_code();
}

int config_show(const Options& options, const config::Config& config) {
    if (options.output == "json") {
        print(settings_json(config));
        return 0;
    }
    std::size_t width = 0;
    for (const config::Setting& setting : config.settings) {
        width = std::max(width,
                         std::min<std::size_t>(setting.key.size() + setting.value.size() + 3, 72));
    }
    std::string out;
    for (const config::Setting& setting : config.settings) {
        out += fmt::format(
            "{:<{}}  # {}\n", setting.key + " = " + setting.value, width, setting.source);
    }
    print(out);
    return 0;
}

}  // namespace ainit::cli
