// SPDX-License-Identifier: Apache-2.0
// Tells of what is as wanted as soon as it is, while the run still works on other databases: services wait for it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "daemon/run.h"

namespace ainit::daemon {

/// Of one pass of a run. What it tells of are config::Need texts: `database=kratos`. Without somebody who wants to be told
/// (Order::on_settled) it does nothing.
class Settling {
  public:
    Settling(const config::Config& config, postgres::Sessions& sessions, const Order& order, const Stop& stop, Summary& summary)
        : config_{config}, sessions_{sessions}, order_{order}, stop_{stop}, summary_{summary} {}

    /// Roles are made, but for those that migrations make.
    void roles();
    /// This [[migration]] has nothing left to apply.
    void migration(const std::string& name);
    /// Nothing is left to apply in this database: makes what only migrations make possible, and the checks. False if that
    /// failed, which is in the summary; checks that do not hold yet are no failure, but then nothing is told.
    bool database(const std::string& name);
    /// Everything is done, and these are all findings.
    void everything(const std::vector<verify::Finding>& findings);

    /// What the checks of databases found that were good at once.
    const std::vector<verify::Finding>& findings() const { return findings_; }
    bool is_settled(const std::string& database) const { return settled_.contains(database); }

  private:
    bool wanted() const { return order_.goal == Goal::provision && order_.on_settled; }
    bool waits_for_roles(const std::string& name) const;
    bool late_parts(const std::string& database);
    void tell_of(const std::string& database);

    const config::Config& config_;
    postgres::Sessions& sessions_;
    const Order& order_;
    const Stop& stop_;
    Summary& summary_;
    std::set<std::string> settled_{};
    std::set<std::string> waiting_{};  ///< for roles that other databases' migrations make
    std::vector<verify::Finding> findings_{};
};

}  // namespace ainit::daemon
