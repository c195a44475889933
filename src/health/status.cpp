// SPDX-License-Identifier: Apache-2.0
#include "health/status.h"

#include <algorithm>
#include <utility>

namespace ainit::health {

const ServiceFacts* Facts::service(const std::string& name) const {
    const auto found = std::ranges::find(services, name, &ServiceFacts::name);
    return found == services.end() ? nullptr : &*found;
}

bool Facts::services_start() const {
    return std::ranges::any_of(services, [](const ServiceFacts& one) { return !one.was_ready && !one.given_up; });
}

void Status::set(Facts facts) {
    const std::lock_guard guard{mutex_};
    facts.services = std::move(facts_.services);
    facts_ = std::move(facts);
}

void Status::set_services(std::vector<ServiceFacts> services) {
    const std::lock_guard guard{mutex_};
    facts_.services = std::move(services);
}

Facts Status::get() const {
    const std::lock_guard guard{mutex_};
    return facts_;
}

}  // namespace ainit::health
