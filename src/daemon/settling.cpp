// SPDX-License-Identifier: Apache-2.0
#include "daemon/settling.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/needs.h"
#include "daemon/apply.h"
#include "daemon/phases.h"
#include "plan/planner.h"
#include "provision/provision.h"

namespace ainit::daemon {
namespace {

using Kind = config::Need::Kind;

/// Made by the migrations of another database than this one.
bool is_made_elsewhere(const config::Role& role, const std::string& database) {
    return !role.after_migrations_of.empty() && role.after_migrations_of != database;
}

/// What of the configuration is about this database once its migrations are done; other databases' are not.
config::Config part_of(const config::Config& config, const std::string& database) {
    config::Config part = config;
    std::erase_if(part.databases, [&](const config::Database& one) { return one.name != database; });
    std::erase_if(part.roles, [&](const config::Role& one) { return is_made_elsewhere(one, database); });
    for (config::Role& role : part.roles) {
        std::erase_if(role.member_of, [&](const std::string& of) {
            const config::Role* found = config.role(of);
            return found != nullptr && is_made_elsewhere(*found, database);
        });
    }
    return part;
}

/// Who is to have privileges in a database, or on what comes.
std::vector<std::string> grantees_of(const config::Database& database) {
    std::vector<std::string> all;
    for (const config::Grant& one : database.grants) all.insert(all.end(), one.roles.begin(), one.roles.end());
    for (const config::DefaultPrivilege& one : database.default_privileges) {
        all.insert(all.end(), one.roles.begin(), one.roles.end());
        all.push_back(one.owner);
    }
    return all;
}

bool has_late_parts(const config::Config& part) {
    const auto late = [](const config::Role& role) { return !role.after_migrations_of.empty(); };
    const auto grants = [](const config::Database& database) { return !database.grants.empty() || !database.default_privileges.empty(); };
    return std::ranges::any_of(part.roles, late) || std::ranges::any_of(part.databases, grants);
}

}  // namespace

void Settling::roles() {
    if (!wanted()) return;
    for (const config::Role& role : config_.roles) {
        if (role.after_migrations_of.empty()) order_.on_settled(config::Need{Kind::role, role.name}.text());
    }
}

void Settling::migration(const std::string& name) {
    if (wanted()) order_.on_settled(config::Need{Kind::migrations, name}.text());
}

bool Settling::database(const std::string& name) {
    if (!wanted() || is_settled(name)) return true;
    waiting_.erase(name);
    if (waits_for_roles(name)) {
        waiting_.insert(name);
        return true;
    }
    if (!late_parts(name)) return false;
    std::vector<verify::Finding> found;
    {
        PhaseClock clock{summary_, "verify", fmt::format("verify {}", name)};
        found = verify::verify(sessions_, config_, stop_, name);
        add_findings(*summary_.timeline, clock.number(), found);
    }
    // They are asked again when everything is done, and told of then.
    if (stop_.over() || !std::ranges::all_of(found, &verify::Finding::good)) return true;
    std::ranges::move(found, std::back_inserter(findings_));
    tell_of(name);
    const std::set<std::string> others = waiting_;
    return std::ranges::all_of(others, [&](const std::string& one) { return database(one); });
}

/// Roles that have privileges in it, and that the migrations of another one make.
bool Settling::waits_for_roles(const std::string& name) const {
    const config::Database* database = config_.database(name);
    return database != nullptr && std::ranges::any_of(grantees_of(*database), [&](const std::string& grantee) {
        const config::Role* role = config_.role(grantee);
        return role != nullptr && is_made_elsewhere(*role, name) && !is_settled(role->after_migrations_of);
    });
}

bool Settling::late_parts(const std::string& database) {
    const config::Config part = part_of(config_, database);
    if (!has_late_parts(part)) return true;
    auto observed = provision::observe(sessions_, part, stop_);
    if (!observed) {
        summary_.failures.push_back(std::move(observed).error());
        return false;
    }
    const plan::Plan plan = plan::make_plan(part, *observed, plan::Phase::after_migrations);
    return apply_steps(sessions_, plan, part, stop_, summary_, fmt::format("provision after migrations of {}", database));
}

void Settling::everything(const std::vector<verify::Finding>& findings) {
    if (!wanted()) return;
    roles();
    for (const config::Migration& one : config_.migrations) migration(one.name);
    for (const config::Database& one : config_.databases) {
        const auto bad = [&](const verify::Finding& finding) { return finding.database == one.name && !finding.good; };
        if (!is_settled(one.name) && std::ranges::none_of(findings, bad)) tell_of(one.name);
    }
}

void Settling::tell_of(const std::string& database) {
    settled_.insert(database);
    const auto tell = [&](Kind kind, const std::string& name) { order_.on_settled(config::Need{kind, name}.text()); };
    for (const config::Role& role : config_.roles) {
        if (role.after_migrations_of == database) tell(Kind::role, role.name);
    }
    for (const config::Check& check : config_.checks) {
        if (check.database == database && !check.name.empty()) tell(Kind::check, check.name);
    }
    migration(database);
    tell(Kind::database, database);
}

}  // namespace ainit::daemon
