// SPDX-License-Identifier: Apache-2.0
#include "plan/planner.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/profile.h"
#include "plan/databases.h"
#include "plan/roles.h"

namespace ainit::plan {
namespace {

/// Services that fill their pools at the same time take every slot (53300), as Alkemio's stack once did.
void compare_pools(const config::Config& desired, const Observed& observed, Plan& plan) {
    int sum = 0;
    for (const config::Database& database : desired.databases) sum += database.pool_size;
    const int slots = observed.max_connections - observed.reserved_connections;
    if (sum <= slots) return;
    Failure warning;
    warning.code = Code::config_conflict;
    warning.what = fmt::format("the pools of all databases add up to {} connections", sum);
    warning.because = fmt::format("the server has {} slots for them", slots);
    warning.hint = "raise max_connections, or make the pools smaller";
    plan.warnings.push_back(std::move(warning));
}

}  // namespace

std::vector<config::Extension> extensions_of(const config::Database& database) {
    std::vector<config::Extension> all = database.extensions;
    const config::Profile* profile = config::find_profile(database.profile);
    if (profile == nullptr) return all;
    for (const std::string_view name : profile->extensions) {
        if (std::ranges::find(all, name, &config::Extension::name) != all.end()) continue;
        config::Extension extension;
        extension.name = name;
        extension.origin = database.origin;
        all.push_back(std::move(extension));
    }
    return all;
}

Plan make_plan(const config::Config& desired, const Observed& observed, Phase phase) {
    Plan plan;
    plan_roles(desired, observed, phase, plan);
    plan_databases(desired, observed, plan);
    plan_contents(desired, observed, phase, plan);
    compare_pools(desired, observed, plan);
    return plan;
}

}  // namespace ainit::plan
