// SPDX-License-Identifier: Apache-2.0
// Services that are restarted together: one after the other, in the order of their needs.
#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "services/unit.h"

namespace ainit::services {

void Supervisor::restart(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (Unit* unit = find(name)) to_restart_.insert(unit);
    }
    go_on_restarting();
}

/// Whether a need of the one leads to the other.
bool Supervisor::rests_on(const Unit& unit, const Unit& other) const {
    return std::ranges::any_of(unit.service.needs, [&](const std::string& need) {
        const Unit* needed = find(need);
        return needed != nullptr && (needed == &other || rests_on(*needed, other));
    });
}

void Supervisor::go_on_restarting() {
    if (stopping_) return;
    // Who is on its way with what is old again need not arrive.
    const bool arrived = restarting_ == nullptr || to_restart_.contains(restarting_) || restarting_->machine.state() == State::ready ||
                         restarting_->machine.over();
    if (!arrived) return;
    restarting_ = nullptr;
    // Who is ending, or has ended, is given what is new when it is started again.
    std::erase_if(to_restart_, [](const Unit* unit) {
        const State state = unit->machine.state();
        return state != State::starting && state != State::ready;
    });
    const auto first = std::ranges::find_if(units_, [&](const auto& one) {
        const auto rests = [&](const Unit* other) { return rests_on(*one, *other); };
        return to_restart_.contains(one.get()) && std::ranges::none_of(to_restart_, rests);
    });
    if (first == units_.end()) return;
    restarting_ = first->get();
    to_restart_.erase(restarting_);
    log::info(kRoom, fmt::format("{} is restarted", restarting_->service.name));
    tell(*restarting_, {On::restart});
}

}  // namespace ainit::services
