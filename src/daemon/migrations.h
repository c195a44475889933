// SPDX-License-Identifier: Apache-2.0
// The [[migration]] entries of a run: each with its engine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/run.h"

namespace ainit::daemon {

/// Writes an empty migration for one [[migration]]: see migrate::Engine::create.
Result<migrate::Created> create_migration(const config::Config& config, const config::Migration& migration,
                                          const std::string& name, const std::string& folder, const Stop& stop);

class Migrations {
  public:
    /// Those of order.databases, or the one that order.migration names; all when there is neither.
    Migrations(const config::Config& config, postgres::Sessions& sessions, const Order& order);

    /// Looks at all, in the order of the configuration. Where `observed` (or, without it, the
    /// catalog) shows that a database is not there, its sessions are not tried.
    std::vector<MigrationStatus> look(const plan::Observed* observed, const Stop& stop);

    /// Whether this one must run: something is pending, it cannot be asked, or it could not be looked at yet.
    bool to_run(const MigrationStatus& status) const;
    bool something_to_run(const std::vector<MigrationStatus>& all) const;

    /// Runs one and looks again. What its engine tells goes to the log, and to `told`.
    void run(MigrationStatus& status, const Stop& stop, const migrate::ProgressSink& told);
    /// All of them, not looked at yet.
    std::vector<MigrationStatus> known() const;
    /// The [[migration]] of engine typeorm that has this one: what is committed of it while it is half done, else its file.
    Result<std::string> owner_of(const std::string& name, const Stop& stop);
    /// Does of one what a person says of a migration that is half done.
    void repair(MigrationStatus& status, const migrate::Repair& order, const Stop& stop);
    /// Reverts of one what `order` says, and looks again.
    void revert(MigrationStatus& status, const migrate::Revert& order, const Stop& stop, const migrate::ProgressSink& told);

  private:
    struct Item;
    /// Whether this one has it half done.
    Result<bool> half_done(Item& item, const std::string& name, const Stop& stop) const;
    Item* find(const std::string& name);
    bool ask_existence(MigrationStatus& status, migrate::Context& context, const Stop& stop);
    migrate::Context context_of(const Item& item, const migrate::ProgressSink& sink) const;
    /// Runs it once nothing of an earlier run is at work in the database any more.
    migrate::Run when_alone(const migrate::Context& context, const std::function<migrate::Run()>& run, const Stop& stop) const;
    void settle(MigrationStatus& status, Item& item, const migrate::Context& context, migrate::Run run, const Stop& stop);

    const config::Config& config_;
    postgres::Sessions& sessions_;
    bool run_what_cannot_be_asked_;
    migrate::Extent extent_;
    std::vector<std::shared_ptr<Item>> items_;
};

}  // namespace ainit::daemon
