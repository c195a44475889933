// SPDX-License-Identifier: Apache-2.0
#include "daemon/apply.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "daemon/phases.h"
#include "provision/provision.h"

namespace ainit::daemon {

bool apply_steps(postgres::Sessions& sessions, const plan::Plan& plan, const config::Config& config, const Stop& stop,
                 Summary& summary, std::string name) {
    if (plan.empty()) return true;
    PhaseClock clock{summary, "provision", std::move(name)};
    Steps steps{*summary.timeline, clock.number()};
    provision::Applied applied = provision::apply(sessions, plan, config, stop, [&](const plan::Outcome& outcome) {
        steps.add(outcome);
        if (outcome.effect == plan::Effect::changed) {
            log::info("provision", plan::describe(outcome.step.action),
                      {{"reason", outcome.step.reason}, {"took", show(outcome.duration)}});
        } else {
            log::debug("provision", plan::describe(outcome.step.action), {{"note", outcome.note}});
        }
    });
    clock.note(fmt::format("{} of {} steps changed something", applied.changed(), applied.outcomes.size()));
    summary.outcomes.insert(summary.outcomes.end(), applied.outcomes.begin(), applied.outcomes.end());
    if (!applied.failure) return true;
    summary.failures.push_back(std::move(*applied.failure));
    return false;
}

}  // namespace ainit::daemon
