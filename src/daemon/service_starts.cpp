// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_starts.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::daemon {

void ServiceStarts::hear(const health::ServiceFacts& facts) {
    Start& start = starts_[facts.name];
    if (start.over) return;
    if (start.service == 0) start.service = timeline_->begin("service", fmt::format("service {}", facts.name));
    if (!facts.ready && !facts.given_up) {
        return enter(start, facts.waiting_for.empty() ? facts.state : fmt::format("{} for {}", facts.state, join(facts.waiting_for, ", ")));
    }
    enter(start, "");
    start.over = true;
    start.ready = facts.ready;
    const std::string note = facts.until_ready ? fmt::format("ready {} after its start", show(*facts.until_ready)) : facts.why;
    timeline_->end(start.service, note.empty() ? facts.state : note, facts.given_up);
}

void ServiceStarts::enter(Start& start, const std::string& name) {
    if (start.name == name) return;
    if (start.state != 0) timeline_->end(start.state, {}, false);
    start.name = name;
    start.state = name.empty() ? 0 : timeline_->begin("state", name, start.service);
}

bool ServiceStarts::was_ready(const std::string& service) const {
    const auto found = starts_.find(service);
    return found != starts_.end() && found->second.ready;
}

}  // namespace ainit::daemon
