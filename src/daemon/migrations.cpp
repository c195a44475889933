// SPDX-License-Identifier: Apache-2.0
#include "daemon/migrations.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "daemon/missing.h"
#include "daemon/progress_log.h"
#include "postgres/presence.h"

namespace ainit::daemon {

struct Migrations::Item {
    const config::Migration& migration;
    std::unique_ptr<migrate::Engine> engine{};
    std::optional<Failure> unusable{};
};

namespace {

/// For the look after a run that failed, whatever ended it.
constexpr Duration kAfterwards{5'000};

Failure no_owner(const std::string& name, std::string because, std::string hint) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot tell which [[migration]] has {}", name);
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = std::move(hint);
    return failure;
}

}  // namespace

Result<migrate::Created> create_migration(const config::Config& config, const config::Migration& migration,
                                          const std::string& name, const std::string& folder, const Stop& stop) {
    auto engine = migrate::make_engine(migration);
    if (!engine) return std::move(engine).error();
    postgres::Sessions sessions{server_of(config)};
    const ProgressLog progress{migration.name};
    const migrate::Context context{config, migration, sessions, login_of(config, migration.database, migration.role), progress.sink()};
    return (*engine)->create(context, name, folder, stop);
}

Migrations::Migrations(const config::Config& config,
                       postgres::Sessions& sessions,
                       const Order& order)
    : config_{config},
      sessions_{sessions},
      run_what_cannot_be_asked_{!order.again},
      extent_{order.extent} {
    const std::vector<std::string>& databases = order.databases;
    for (const config::Migration& migration : config.migrations) {
        if (!databases.empty() && std::ranges::find(databases, migration.database) == databases.end()) continue;
        if (!order.migration.empty() && migration.name != order.migration) continue;
        auto item = std::make_shared<Item>(Item{migration});
        if (auto engine = migrate::make_engine(migration)) {
            item->engine = std::move(*engine);
            item->unusable = migrate::not_in_part(migration, order.extent);
        } else {
            item->unusable = std::move(engine).error();
        }
        items_.push_back(std::move(item));
    }
}

std::vector<MigrationStatus> Migrations::known() const {
    std::vector<MigrationStatus> all;
    for (const auto& item : items_) {
        const config::Migration& migration = item->migration;
        MigrationStatus& status = all.emplace_back();
        status.name = migration.name;
        status.database = migration.database;
        status.engine = migration.engine;
        status.origin = migration.origin;
        status.failure = item->unusable;
    }
    return all;
}

migrate::Context Migrations::context_of(const Item& item, const migrate::ProgressSink& sink) const {
    const config::Migration& migration = item.migration;
    return {config_, migration, sessions_, login_of(config_, migration.database, migration.role), sink};
}

std::vector<MigrationStatus> Migrations::look(const plan::Observed* observed, const Stop& stop) {
    std::vector<MigrationStatus> all = known();
    for (MigrationStatus& status : all) {
        if (status.failure || stop.over()) continue;
        Item& item = *find(status.name);
        const ProgressLog progress{status.name};
        migrate::Context context = context_of(item, progress.sink());
        if (observed != nullptr) {
            context.database_exists = observed->databases.contains(status.database);
        } else if (!ask_existence(status, context, stop)) {
            continue;
        }
        if (auto level = item.engine->look(context, stop)) {
            status.level = std::move(*level);
        } else {
            status.failure = std::move(level).error();
        }
    }
    return all;
}

/// False where the migration cannot be looked at; a database that is not there is no reason, and all is pending then.
bool Migrations::ask_existence(MigrationStatus& status, migrate::Context& context, const Stop& stop) {
    const auto found = provision::existence(sessions_, context.login, stop);
    if (!found) {
        status.failure = found.error();
    } else {
        context.database_exists = found->database;
        status.missing = missing(config_, context.login, *found);
        if (found->database) status.failure = status.missing;
    }
    return !status.failure;
}

bool Migrations::to_run(const MigrationStatus& status) const {
    if (!status.level) return true;
    if (!status.level->knowable) return run_what_cannot_be_asked_;
    return status.level->pending() > 0;
}

bool Migrations::something_to_run(const std::vector<MigrationStatus>& all) const {
    return std::ranges::any_of(all, [this](const MigrationStatus& status) { return to_run(status); });
}

Migrations::Item* Migrations::find(const std::string& name) {
    const auto found = std::ranges::find_if(items_, [&](const auto& item) { return item->migration.name == name; });
    return found == items_.end() ? nullptr : found->get();
}

migrate::Run Migrations::when_alone(const migrate::Context& context, const std::function<migrate::Run()>& run,
                                    const Stop& stop) const {
    const Stop patience = stop.within(context.migration.timeout);
    auto session = sessions_.get(context.login, patience);
    // Who cannot log in is told so by the engine.
    if (!session) return run();
    auto alone = postgres::wait_for_leftovers(**session, patience);
    if (alone) return run();
    migrate::Run none;
    none.report.state = "nothing was done";
    none.failure = std::move(alone).error();
    none.failure->where = context.migration.origin;
    return none;
}

void Migrations::run(MigrationStatus& status, const Stop& stop, const migrate::ProgressSink& told) {
    Item* item = find(status.name);
    if (item == nullptr || !item->engine) return;
    const ProgressLog progress{status.name, told};
    migrate::Context context = context_of(*item, progress.sink());
    context.run_until = stop.deadline();
    context.extent = extent_;
    const auto run = [&] { return item->engine->run(context, stop); };
    settle(status, *item, context, when_alone(context, run, stop), stop);
}

void Migrations::revert(MigrationStatus& status, const migrate::Revert& order, const Stop& stop,
                        const migrate::ProgressSink& told) {
    Item* item = find(status.name);
    if (item == nullptr || !item->engine) return;
    const ProgressLog progress{status.name, told};
    migrate::Context context = context_of(*item, progress.sink());
    context.run_until = stop.deadline();
    const auto run = [&] { return item->engine->revert(context, order, stop); };
    settle(status, *item, context, when_alone(context, run, stop), stop);
}

Result<bool> Migrations::half_done(Item& item, const std::string& name, const Stop& stop) const {
    const ProgressLog progress{item.migration.name};
    migrate::Run shown = item.engine->repair(context_of(item, progress.sink()), {name}, stop);
    // A database that is not there has nothing half done.
    if (shown.failure && shown.failure->code != Code::no_database) return std::move(*shown.failure);
    return !shown.report.journal.empty();
}

Result<std::string> Migrations::owner_of(const std::string& name, const Stop& stop) {
    std::vector<std::string> owners;
    std::vector<std::string> all;
    for (const auto& item : items_) {
        if (item->migration.engine != "typeorm" || !item->engine) continue;
        all.push_back(item->migration.name);
        auto found = half_done(*item, name, stop);
        if (!found) return std::move(found).error();
        if (*found) owners.push_back(item->migration.name);
    }
    std::vector<std::string> names;
    for (const MigrationStatus& status : owners.empty() ? look(nullptr, stop) : std::vector<MigrationStatus>{}) {
        if (status.engine != "typeorm") continue;
        if (status.failure) return *status.failure;
        for (const migrate::Entry& entry : status.level->entries) {
            names.push_back(entry.name);
            if (entry.name == name) owners.push_back(status.name);
        }
    }
    if (owners.size() == 1) return owners.front();
    if (!owners.empty()) return no_owner(name, fmt::format("several have it: {}", join(owners, ", ")), "give one: --migration NAME");
    const std::string near = closest(name, names);
    return no_owner(name, fmt::format("none of them has it: {}", join(all, ", ")),
                    near.empty() ? "give one: --migration NAME" : fmt::format("did you mean {}?", near));
}

void Migrations::repair(MigrationStatus& status, const migrate::Repair& order, const Stop& stop) {
    Item* item = find(status.name);
    if (item == nullptr || !item->engine) return;
    const ProgressLog progress{status.name};
    migrate::Context context = context_of(*item, progress.sink());
    context.run_until = stop.deadline();
    const bool shows = order.choice == migrate::Repair::Choice::show;
    const auto carry_out = [&] { return item->engine->repair(context, order, stop); };
    migrate::Run run = shows ? carry_out() : when_alone(context, carry_out, stop);
    if (!shows) return settle(status, *item, context, std::move(run), stop);
    status.report = std::move(run.report);
    status.failure = std::move(run.failure);
}

void Migrations::settle(MigrationStatus& status, Item& item, const migrate::Context& context, migrate::Run run,
                        const Stop& stop) {
    status.report = std::move(run.report);
    status.failure = std::move(run.failure);
    if (!status.failure) {
        log::info("migrate", fmt::format("database \"{}\": {}", status.database, status.report->state),
                  {{"migration", status.name}, {"took", show(status.report->duration)}});
    }
    // The tables' reader should see where things stand now, or that nobody knows.
    auto level = item.engine->look(context, status.failure ? Stop{}.within(kAfterwards) : stop);
    if (level || status.failure) status.level = level ? std::optional{std::move(*level)} : std::nullopt;
}

}  // namespace ainit::daemon
