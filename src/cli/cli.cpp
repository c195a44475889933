// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <csignal>
#include <exception>
#include <vector>

#include "base/bundle.h"
#include "base/child.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/personality.h"
#include "cli/report.h"
#include "cli/wait_variables.h"
#include "config/load.h"

namespace ainit::cli {
namespace {

int with_config(const Options& options, const config::Config& config) {
    switch (options.command) {
        case Command::config_show:
            return config_show(options, config);
        case Command::healthcheck:
            return healthcheck(options, config);
        case Command::plan:
            return plan(options, config);
        case Command::status:
            return status(options, config);
        case Command::verify:
            return verify(options, config);
        case Command::migrate_show:
            return migrate_show(options, config);
        case Command::migrate_run:
            return migrate_run(options, config);
        case Command::migrate_revert:
            return migrate_revert(options, config);
        case Command::migrate_repair:
            return migrate_repair(options, config);
        case Command::migrate_create:
            return migrate_create(options, config);
        case Command::once:
            return once(options, config);
        case Command::exec:
            return exec(options, config);
        case Command::wait:
            return wait(options, config);
        case Command::run:
            return run(options, config);
        case Command::config_check:
        case Command::config_generate:
            break;
    }
    return static_cast<int>(ExitCode::internal);
}

/// A name the configuration does not have would do nothing, and be called done.
std::vector<Failure> unknown_databases(const Options& options, const config::Config& config) {
    std::vector<std::string> known;
    for (const config::Database& database : config.databases) known.push_back(database.name);
    std::vector<Failure> failures;
    const auto check = [&](std::string_view option, const std::string& name) {
        if (config.database(name) != nullptr) return;
        const std::string near = closest(name, known);
        Failure failure;
        failure.code = Code::usage;
        failure.what = fmt::format("cannot use {} {}", option, name);
        failure.because = "the configuration has no database of that name";
        failure.state = "Nothing was done.";
        failure.hint = !near.empty()   ? fmt::format("did you mean \"{}\"?", near)
                       : known.empty() ? "declare it as [[database]]"
                                       : fmt::format("the databases are: {}", join(known, ", "));
        failures.push_back(std::move(failure));
    };
    for (const std::string& name : options.databases) check("--database", name);
    if (!options.as_database.empty()) check("--as-database", options.as_database);
    return failures;
}

int dispatch(const Options& options) {
    if (options.command == Command::config_check) return config_check(options);
    if (options.command == Command::config_generate) return config_generate(options);
    if (options.command == Command::wait && options.targets.empty() && told_by_variables()) return wait_by_variables(options);
    // Without a server to ask there is nothing to configure.
    if (options.command == Command::exec && options.no_provision && options.as_database.empty() && options.config_file.empty()) {
        log::set_up(log_settings(options, {}));
        return with_config(options, {});
    }
    // Whatever the file says by now: the program that runs listens there.
    if (options.command == Command::healthcheck && !options.address.empty()) {
        log::set_up(log_settings(options, {}));
        return with_config(options, {});
    }
    const auto loaded = load(options);
    if (!loaded) return loaded.error().exit_code();
    return with_config(options, *loaded);
}

int internal_error(const char* because) {
    Failure failure;
    failure.code = Code::internal;
    failure.what = "cannot go on";
    failure.because = because;
    failure.state = "Every transaction that was open is rolled back by the server.";
    const Failure all[] = {failure};
    report_failures(all);
    return failure.exit_code();
}

}  // namespace

log::Settings log_settings(const Options& options, log::Settings configured) {
    if (options.log_format) configured.format = *options.log_format;
    if (options.log_level) configured.level = *options.log_level;
    if (options.color) configured.color = *options.color;
    return configured;
}

Result<config::Config> load(const Options& options) {
    // A probe asks a running program, and an empty migration is a file: neither needs the configuration's secrets.
    const bool secrets = !options.without_secrets && options.command != Command::healthcheck &&
                         options.command != Command::migrate_create;
    config::Loaded loaded =
        config::load(options.config_file,
                     config::process_environment(),
                     secrets ? config::SecretFiles::read : config::SecretFiles::skip,
                     options.project);
    log::set_up(log_settings(options, loaded.config.log));
    if (!loaded.good()) {
        report_failures(loaded.failures);
        return std::move(loaded.failures.front());
    }
    for (const Failure& warning : loaded.config.warnings)
        log::warn("config", warning.line(), {{"where", warning.where.text()}});
    if (std::vector<Failure> unknown = unknown_databases(options, loaded.config); !unknown.empty()) {
        report_failures(unknown);
        return std::move(unknown.front());
    }
    return std::move(loaded.config);
}

int main(int argc, char** argv) {
    remember_signals();
    std::signal(SIGPIPE, SIG_IGN);
    keep_to_own_resolver();
    try {
        // Without secrets of ours, and their command may want its core.
        if (const auto code = run_under_other_name(argc, argv)) return *code;
        forbid_core_dumps();
        const auto parsed = parse(argc, argv);
        if (const int* code = std::get_if<int>(&parsed)) return *code;
        const int code = dispatch(std::get<Options>(parsed));
        log::flush();
        const bool good = code == 0 || code == static_cast<int>(ExitCode::pending);
        return good && result_lost() ? static_cast<int>(ExitCode::internal) : code;
    } catch (const std::exception& error) {
        return internal_error(error.what());
    } catch (...) {
        return internal_error("an exception of unknown type");
    }
}

}  // namespace ainit::cli
