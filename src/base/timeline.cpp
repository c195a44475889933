// SPDX-License-Identifier: Apache-2.0
#include "base/timeline.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "base/text.h"

namespace ainit {

int Timeline::begin(std::string kind, std::string name, int parent) {
    Event event;
    event.parent = parent;
    event.kind = std::move(kind);
    event.name = std::move(name);
    event.began = now();
    return add(std::move(event));
}

int Timeline::add(Event event) {
    const std::scoped_lock lock{guard_};
    event.number = static_cast<int>(events_.size()) + 1;
    if (event.parent > 0 && event.lane.empty()) event.lane = events_[static_cast<std::size_t>(event.parent - 1)].lane;
    events_.push_back(std::move(event));
    return events_.back().number;
}

void Timeline::end(int number, std::string note, bool failed) {
    const Microseconds ended = now();
    const std::scoped_lock lock{guard_};
    if (number < 1 || number > static_cast<int>(events_.size())) return;
    Event& event = events_[static_cast<std::size_t>(number - 1)];
    event.ended = ended;
    event.note = std::move(note);
    event.failed = failed;
}

void Timeline::shorten(int number, Duration took) {
    const std::scoped_lock lock{guard_};
    if (number < 1 || number > static_cast<int>(events_.size())) return;
    Event& event = events_[static_cast<std::size_t>(number - 1)];
    // What is known in milliseconds was cut off, not rounded.
    const Microseconds longest = event.began + took + Microseconds{999};
    if (event.ended) event.ended = std::min(*event.ended, longest);
}

void Timeline::note(int number, std::string note) {
    const std::scoped_lock lock{guard_};
    if (number < 1 || number > static_cast<int>(events_.size())) return;
    events_[static_cast<std::size_t>(number - 1)].note = std::move(note);
}

void Timeline::fold(int first, const std::string& kind, const std::string& name, std::string note) {
    const Microseconds ended = now();
    const std::scoped_lock lock{guard_};
    auto from = events_.begin() + std::clamp<std::ptrdiff_t>(first - 1, 0, std::ssize(events_));
    if (from != events_.begin() && std::prev(from)->kind == kind) --from;
    if (from == events_.end()) return;
    Event all;
    all.number = static_cast<int>(from - events_.begin()) + 1;
    all.kind = kind;
    all.name = name;
    all.note = std::move(note);
    all.began = from->began;
    all.ended = ended;
    events_.erase(from, events_.end());
    events_.push_back(std::move(all));
}

boost::json::array to_json(const Timeline& timeline) {
    boost::json::array out;
    const Microseconds now = timeline.now();
    for (const Event& event : timeline.events()) {
        out.push_back(boost::json::object{{"number", event.number},
                                          {"parent", event.parent},
                                          {"kind", event.kind},
                                          {"name", event.name},
                                          {"lane", event.lane},
                                          {"begin_ms", std::chrono::floor<Duration>(event.began).count()},
                                          {"duration_ms", std::chrono::floor<Duration>(event.took(now)).count()},
                                          {"failed", event.failed},
                                          {"going_on", !event.ended},
                                          {"note", event.note}});
    }
    return out;
}

std::string Timeline::started_at() const { return show_utc(started_); }

std::vector<Event> Timeline::events() const {
    const std::scoped_lock lock{guard_};
    return events_;
}

int Timeline::last() const {
    const std::scoped_lock lock{guard_};
    return static_cast<int>(events_.size());
}

Microseconds Timeline::total() const {
    const std::scoped_lock lock{guard_};
    Microseconds total{0};
    for (const Event& event : events_) total = std::max(total, event.ended.value_or(event.began));
    return total;
}

}  // namespace ainit
