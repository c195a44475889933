// SPDX-License-Identifier: Apache-2.0
// Commands about migrations alone: migrate run, revert, repair, create.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/report.h"
#include "cli/timeline.h"
#include "daemon/interrupt.h"
#include "daemon/migrations.h"
#include "daemon/run.h"

namespace ainit::cli {
namespace {

using Choice = Result<const config::Migration*>;

Failure no_choice(std::string because, std::string hint) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = "cannot tell which [[migration]] is meant";
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = std::move(hint);
    return failure;
}

/// The one of `all` that is meant where only one can be: the only one by the engine typeorm, else the only one.
Choice only_one(const std::vector<const config::Migration*>& all, const std::string& hint) {
    std::vector<const config::Migration*> able;
    std::ranges::copy_if(all, std::back_inserter(able), [](const auto* one) { return one->engine == "typeorm"; });
    const auto& left = able.empty() ? all : able;
    if (left.size() == 1) return left.front();
    if (left.empty()) return no_choice("there is none", "configure one, or use --files or --data-source");
    std::vector<std::string> names;
    for (const config::Migration* one : left) names.push_back(one->name);
    return no_choice(fmt::format("there are several: {}", join(names, ", ")), hint);
}

/// By the name of a [[migration]] or of its database.
Choice named(const config::Config& config, const std::string& name) {
    std::vector<const config::Migration*> found;
    std::vector<std::string> known;
    for (const config::Migration& one : config.migrations) {
        if (one.name == name) return &one;
        if (one.database == name) found.push_back(&one);
        known.push_back(one.name);
    }
    if (!found.empty()) return only_one(found, "give the name of one");
    const std::string near = closest(name, known);
    return no_choice(fmt::format("there is no \"{}\"", name),
                     near.empty() ? "see: alkemio-init migrate show" : fmt::format("did you mean \"{}\"?", near));
}

Choice of_databases(const config::Config& config, const std::vector<std::string>& databases,
                    const std::string& hint = "name its database: --database NAME") {
    std::vector<const config::Migration*> all;
    for (const config::Migration& one : config.migrations) {
        const bool asked = databases.empty() || std::ranges::find(databases, one.database) != databases.end();
        if (asked) all.push_back(&one);
    }
    return only_one(all, hint);
}

using Text = std::function<std::string(const daemon::Summary&)>;

/// Does it, prints what became of it, and returns the exit code.
int carry_out(const Options& options, const config::Config& config, const daemon::Order& order, const Text& text) {
    auto telling = Telling::open(options);
    if (!telling) return report_failure(telling.error());
    const daemon::Interrupt interrupt;
    postgres::Sessions sessions{daemon::server_of(config)};
    const daemon::Summary summary = daemon::carry_out(config, sessions, order, interrupt.stop(options.timeout));
    print(options.output == "json" ? summary_json(summary, summary.exit_code()) : text(summary) + telling->text(*summary.timeline));
    report_failures(summary.failures);
    return telling->end(*summary.timeline, summary.exit_code());
}

}  // namespace

int migrate_run(const Options& options, const config::Config& config) {
    daemon::Order order;
    order.goal = daemon::Goal::migrate;
    order.databases = options.databases;
    order.extent = {options.to, options.fake};
    if (!order.extent.whole()) {
        const Choice one = of_databases(config, options.databases);
        if (!one) return report_failure(one.error());
        order.migration = (*one)->name;
    }
    return carry_out(options, config, order, summary_text);
}

int migrate_revert(const Options& options, const config::Config& config) {
    const Choice one = options.migration.empty() ? of_databases(config, {}, "name it: alkemio-init migrate revert NAME")
                                                 : named(config, options.migration);
    if (!one) return report_failure(one.error());
    daemon::Order order;
    order.goal = daemon::Goal::revert;
    order.migration = (*one)->name;
    order.revert = {options.count.value_or(1), options.to, options.fake};
    return carry_out(options, config, order, reverted_text);
}

int migrate_repair(const Options& options, const config::Config& config) {
    using Choice = migrate::Repair::Choice;
    daemon::Order order;
    order.goal = daemon::Goal::repair;
    const auto able = std::ranges::count(config.migrations, "typeorm", &config::Migration::engine);
    // Which of several has it is asked of the databases; without a name all are shown.
    if (!options.migration.empty() || able < 2) {
        const ::ainit::cli::Choice one = options.migration.empty() ? of_databases(config, {}, "name it: --migration NAME")
                                                                   : named(config, options.migration);
        if (!one) return report_failure(one.error());
        order.migration = (*one)->name;
    }
    order.repair.migration = options.name;
    order.repair.number = options.continue_at.value_or(0);
    order.repair.choice = options.applied       ? Choice::applied
                          : options.from_start  ? Choice::from_start
                          : options.continue_at ? Choice::continue_at
                                                : Choice::show;
    return carry_out(options, config, order, [&](const daemon::Summary& summary) { return repaired_text(summary, order.repair); });
}

int migrate_create(const Options& options, const config::Config& config) {
    // A folder says all: no configuration is needed then.
    config::Migration alone;
    config::set_engine(alone, "typeorm");
    Choice one = &alone;
    if (options.directory.empty()) one = of_databases(config, options.databases);
    if (!one) return report_failure(one.error());
    const daemon::Interrupt interrupt;
    const auto created = daemon::create_migration(config, **one, options.name, options.directory, interrupt.stop());
    if (!created) return report_failure(created.error());
    print(options.output == "json" ? created_json(*created) : created->file + "\n");
    return 0;
}

}  // namespace ainit::cli
