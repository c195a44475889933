// SPDX-License-Identifier: Apache-2.0
// Commands that do the work: once, exec, wait.
#include <algorithm>
#include <vector>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/report.h"
#include "cli/timeline.h"
#include "config/expand.h"
#include "daemon/hand_over.h"
#include "daemon/interrupt.h"
#include "daemon/run.h"
#include "daemon/supervise.h"
#include "daemon/wait.h"

namespace ainit::cli {
namespace {

/// Everything that must be so before the command may start; why it is not, if it is not.
std::vector<Failure> prepare(const Options& options, const config::Config& config, postgres::Sessions& sessions,
                             const std::shared_ptr<Timeline>& timeline) {
    const daemon::Interrupt interrupt;
    const Stop stop = interrupt.stop(options.timeout);
    if (options.wait_only) {
        Span span{*timeline, "wait", "wait until provisioned"};
        auto waited = daemon::wait_for_everything(
            config, sessions, options.timeout ? stop : stop.within(config.postgres.ready_timeout));
        span.failed = !waited;
        if (!waited) return {std::move(waited).error()};
        span.note = *waited;
    } else {
        daemon::Order order;
        order.timeline = timeline;
        daemon::Summary summary = daemon::carry_out(config, sessions, order, stop);
        if (!summary.failures.empty()) return std::move(summary.failures);
        log::info("exec", "everything is in place", {{"changes", std::to_string(summary.changed())}});
    }
    if (options.as_database.empty()) return {};
    const Stop patience = options.timeout ? stop : stop.within(config.postgres.ready_timeout);
    auto refused = daemon::cannot_be_owner(config, sessions.server(), options.as_database, patience);
    return refused ? std::vector<Failure>{std::move(*refused)} : std::vector<Failure>{};
}

/// exec --env with what files and our own variables have; the login's placeholders stay for whoever knows it.
Result<std::vector<std::string>> variables_of(const Options& options) {
    const config::Environment environment = config::process_environment();
    const config::Sources sources{environment};
    std::vector<std::string> all;
    for (const std::string& one : options.env) {
        auto expanded = config::expand(one, sources, config::Placeholders::of_login);
        if (!expanded) return std::move(expanded).error();
        all.push_back(std::move(expanded->text));
    }
    return all;
}

/// --no-provision; or a plain init, where nothing at all says which server there would be to provision.
bool provisions_nothing(const Options& options, const config::Config& config) {
    if (options.no_provision || !options.supervise || !config.file.empty()) return options.no_provision;
    const bool told = std::ranges::any_of(config.settings, [](const config::Setting& one) {
        return one.key.starts_with("postgres.") && one.source != "default";
    });
    return !told && config.migrations.empty();
}

}  // namespace

int once(const Options& options, const config::Config& config) {
    auto telling = Telling::open(options);
    if (!telling) return report_failure(telling.error());
    const daemon::Interrupt interrupt;
    postgres::Sessions sessions{daemon::server_of(config)};
    daemon::Order order;
    order.databases = options.databases;
    const daemon::Summary summary =
        daemon::carry_out(config, sessions, order, interrupt.stop(options.timeout));
    print(options.output == "json" ? summary_json(summary, summary.exit_code()) : summary_text(summary) + telling->text(*summary.timeline));
    report_failures(summary.failures);
    return telling->end(*summary.timeline, summary.exit_code());
}

int exec(const Options& options, const config::Config& config) {
    const auto variables = variables_of(options);
    if (!variables) return report_failure(variables.error());
    auto telling = Telling::open(options);
    if (!telling) return report_failure(telling.error());
    postgres::Sessions sessions{daemon::server_of(config)};
    std::vector<Failure> failures;
    const auto timeline = std::make_shared<Timeline>();
    if (!provisions_nothing(options, config)) failures = prepare(options, config, sessions, timeline);
    print_beside(telling->text(*timeline));
    telling->go_on(*timeline);
    if (failures.empty()) {
        sessions.drop_all();
        const ainit::Command command =
            daemon::command_of(config, sessions.server(), {options.arguments, options.keep_env, options.as_database, *variables});
        if (options.supervise) {
            const services::End end = daemon::supervise(command, options.supervision);
            report_failures(end.failures);
            return end.code;
        }
        failures.push_back(daemon::hand_over(command));
    }
    report_failures(failures);
    return failures.front().exit_code();
}

int wait(const Options& options, const config::Config& config) {
    const daemon::Interrupt interrupt;
    const Stop stop = interrupt.stop(options.timeout.value_or(config.postgres.ready_timeout));
    const std::vector<std::string> postgres{"postgres"};
    for (const std::string& target : options.targets.empty() ? postgres : options.targets) {
        auto waited = daemon::wait_for(config, target, stop);
        if (!waited) {
            const Failure all[] = {std::move(waited).error()};
            report_failures(all);
            return all[0].exit_code();
        }
        print(fmt::format("{}: {}\n", target, *waited));
    }
    return 0;
}

}  // namespace ainit::cli
