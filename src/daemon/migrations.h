// SPDX-License-Identifier: Apache-2.0
// The [[migration]] entries of a run: each with its engine.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/run.h"

namespace ainit::daemon {

class Migrations {
  public:
    /// Those of order.databases; of all when these are empty.
    Migrations(const config::Config& config, postgres::Sessions& sessions, const Order& order);

    /// Looks at all, in the order of the configuration. Where `observed` shows that a database is not there, its sessions
    /// are not tried.
    std::vector<MigrationStatus> look(const plan::Observed* observed, const Stop& stop);

    /// Whether this one must run: something is pending, it cannot be asked, or it could not be looked at yet.
    bool to_run(const MigrationStatus& status) const;
    bool something_to_run(const std::vector<MigrationStatus>& all) const;

    /// Runs one and looks again.
    void run(MigrationStatus& status, const Stop& stop);

  private:
    struct Item;
    Item* find(const std::string& name);

    const config::Config& config_;
    postgres::Sessions& sessions_;
    bool run_what_cannot_be_asked_;
    std::vector<std::shared_ptr<Item>> items_;
};

}  // namespace ainit::daemon
