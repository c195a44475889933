// SPDX-License-Identifier: Apache-2.0
#include "daemon/phases.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ainit::daemon {

void States::enter(const std::string& state) {
    leave();
    Event event;
    event.parent = phase_;
    event.kind = "state";
    event.name = state;
    event.began = std::exchange(began_, std::nullopt).value_or(timeline_.now());
    open_ = timeline_.add(std::move(event));
}

void States::leave() {
    if (open_ != 0) timeline_.end(std::exchange(open_, 0), {}, false);
}

void Steps::add(const plan::Outcome& outcome) {
    Event event;
    event.parent = phase_;
    event.kind = "step";
    event.name = plan::describe(outcome.step.action);
    event.note = outcome.note;
    event.failed = outcome.effect == plan::Effect::failed;
    event.began = std::exchange(began_, timeline_.now());
    event.ended = began_;
    timeline_.add(std::move(event));
}

Files::~Files() {
    for (const auto& [name, number] : not_done_) {
        if (number != open_) timeline_.note(number, "not known to be applied");
    }
    if (open_ != 0) timeline_.end(open_, {}, true);
}

void Files::hear(const migrate::Progress& progress) {
    if (progress.kind == migrate::Progress::Kind::begin) begin(progress.migration);
    if (progress.kind == migrate::Progress::Kind::done) done(progress);
}

void Files::begin(const std::string& name) {
    if (open_ != 0) timeline_.end(open_, {}, false);
    open_ = timeline_.begin("migration", name, phase_);
    not_done_[name] = open_;
}

/// Of several in one transaction all are done when it is committed.
void Files::done(const migrate::Progress& progress) {
    const auto found = not_done_.find(progress.migration);
    if (found == not_done_.end()) return;
    const int number = found->second;
    if (number == open_) timeline_.end(std::exchange(open_, 0), {}, false);
    timeline_.shorten(number, progress.duration);
    timeline_.note(number, progress.back ? "reverted" : "applied");
    not_done_.erase(found);
}

void add_findings(Timeline& timeline, int phase, const std::vector<verify::Finding>& findings) {
    for (auto one = findings.begin(); one != findings.end();) {
        const auto end = std::find_if(one, findings.end(), [&](const verify::Finding& other) {
            return other.database != one->database || other.began != one->began;
        });
        const auto bad = std::count_if(one, end, [](const verify::Finding& each) { return !each.good; });
        Event event;
        event.parent = phase;
        event.kind = "checks";
        event.name = fmt::format("check {}", one->database);
        event.lane = one->database;
        event.note = bad == 0 ? fmt::format("{} good", end - one) : fmt::format("{} good, {} failed", end - one - bad, bad);
        event.failed = bad > 0;
        event.began = timeline.at(one->began);
        event.ended = event.began + one->duration;
        const int group = timeline.add(event);
        for (; one != end; ++one) {
            event.parent = group;
            event.kind = "check";
            event.name = one->check;
            event.note = one->detail;
            event.failed = !one->good;
            timeline.add(event);
        }
    }
}

}  // namespace ainit::daemon
