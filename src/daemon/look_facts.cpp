// SPDX-License-Identifier: Apache-2.0
#include "daemon/look_facts.h"

#include <algorithm>
#include <utility>

namespace ainit::daemon {
namespace {

/// What is not known this time, since the look ended before or it was not asked, stays as it was.
void count(std::vector<health::MigrationFacts>& all, const MigrationStatus& status) {
    auto known = std::ranges::find(all, status.name, &health::MigrationFacts::name);
    if (known == all.end()) known = all.insert(all.end(), {.name = status.name, .database = status.database});
    if (status.level && status.level->knowable) {
        known->applied = status.level->applied();
        known->pending = status.level->pending();
    }
    if (status.report && !status.report->applied.empty()) known->took = status.report->duration;
}

}  // namespace

void count_look(health::LookFacts& facts, const Summary& summary) {
    const bool good = summary.failures.empty();
    ++(good ? facts.good : facts.failed);
    if (good) facts.last_good = std::chrono::system_clock::now();
    facts.changes += summary.changed();
    facts.drifts = static_cast<int>(summary.plan.drifts.size());
    facts.checks_good = static_cast<int>(std::ranges::count(summary.findings, true, &verify::Finding::good));
    facts.checks_failed = static_cast<int>(summary.findings.size()) - facts.checks_good;
    for (const MigrationStatus& status : summary.migrations) count(facts.migrations, status);
}

}  // namespace ainit::daemon
