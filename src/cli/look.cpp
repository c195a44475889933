// SPDX-License-Identifier: Apache-2.0
// Commands that change nothing: plan, status, verify, migrate show.
#include <functional>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/report.h"
#include "daemon/interrupt.h"
#include "daemon/run.h"

namespace ainit::cli {
namespace {

using Text = std::function<std::string(const daemon::Summary&)>;

/// Looks, prints, and returns the exit code: that of the first failure, else 3 if something is pending and that matters.
int look(const Options& options, const config::Config& config, const daemon::Order& order, bool pending_matters,
         const Text& text) {
    const daemon::Interrupt interrupt;
    postgres::Sessions sessions{daemon::server_of(config)};
    const daemon::Summary summary =
        daemon::carry_out(config, sessions, order, interrupt.stop(options.timeout));
    const bool pending = pending_matters && summary.failures.empty() && summary.pending();
    const int code = pending ? static_cast<int>(ExitCode::pending) : summary.exit_code();
    if (options.output == "json") {
        print(summary_json(summary, code));
    } else if (!summary.server.empty()) {
        print(text(summary));
    }
    report_failures(summary.failures);
    return code;
}

}  // namespace

int plan(const Options& options, const config::Config& config) {
    daemon::Order order;
    order.goal = daemon::Goal::look;
    order.with_checks = false;
    const bool sql = options.output == "sql";
    return look(options, config, order, true, [&](const daemon::Summary& summary) {
        return sql ? plan_sql(summary, config) : plan_text(summary);
    });
}

int status(const Options& options, const config::Config& config) {
    daemon::Order order;
    order.goal = daemon::Goal::look;
    order.databases = options.databases;
    return look(options, config, order, true,
                [&](const daemon::Summary& summary) { return status_text(summary, config); });
}

int verify(const Options& options, const config::Config& config) {
    daemon::Order order;
    order.goal = daemon::Goal::verify;
    order.databases = options.databases;
    return look(options, config, order, false, verify_text);
}

int migrate_show(const Options& options, const config::Config& config) {
    daemon::Order order;
    order.goal = daemon::Goal::migrations;
    order.databases = options.databases;
    return look(options, config, order, options.check, migrations_text);
}

}  // namespace ainit::cli
