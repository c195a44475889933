// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "migrate/typeorm/demands.h"

namespace ainit::migrate::typeorm {

std::string title_of(std::string_view text) {
    constexpr std::size_t kLongest = 120;
    std::string_view line = trim(text);
    line = trim(line.substr(0, line.find('\n')));
    if (line.size() <= kLongest) return std::string{line};
    return mend_utf8(line.substr(0, kLongest)) + " …";
}

void Watch::provide(script::Engine& engine) {
    using script::Answer;
    using script::Call;
    using script::Value;
    engine_ = &engine;
    engine.module("alkemio-init:watch", [this](script::Engine& made_in) -> Answer<Value> {
        const auto function = [&](std::string name, std::function<void(const Call&)> work) {
            return made_in.function(std::move(name), [work = std::move(work)](const Call& call) -> Answer<Value> {
                work(call);
                return Value{};
            });
        };
        return made_in.object({
            {"begin", function("begin", [this](const Call& call) { begin(call[0].text()); })},
            {"end", function("end", [this](const Call&) { end(); })},
            {"failed", function("failed", [this](const Call&) { fail(); })},
            {"place", function("place", [this](const Call& call) { remember_place(call[0].text()); })},
            {"overtaken", function("overtaken", [this](const Call&) { overtaken_ = true; })},
            {"said", function("said", [](const Call& call) { log::debug("typeorm", call[0].text()); })},
        });
    });
}

void Watch::begin(const std::string& name) {
    works_.push_back({name, Clock::now()});
    places_.clear();
    place_ = std::make_shared<const std::string>();
    tell(Progress::Kind::begin, static_cast<int>(works_.size()), {}, {});
}

void Watch::end() {
    if (!at_work()) return;
    Work& work = works_.back();
    work.ended = true;
    work.took = std::chrono::duration_cast<Duration>(Clock::now() - work.began);
    if (at_once_) tell(Progress::Kind::done, static_cast<int>(works_.size()), {}, work.took);
}

void Watch::fail() {
    if (at_work()) works_.back().failed = true;
}

void Watch::committed() const {
    if (at_once_) return;
    for (std::size_t i = 0; i < works_.size(); ++i) {
        tell(Progress::Kind::done, static_cast<int>(i) + 1, {}, works_[i].took);
    }
}

void Watch::remember_place(const std::string& text) {
    std::string stack = engine_->stack();
    // Frames of bundles have no path.
    const bool by_script = stack.find("(/") != std::string::npos || stack.find("at /") != std::string::npos ||
                           stack.find("file:///") != std::string::npos;
    if (!by_script) return;
    if (stack != *place_) place_ = std::make_shared<const std::string>(std::move(stack));
    if (!text.empty()) places_.insert_or_assign(text, place_);
}

std::pair<std::shared_ptr<const std::string>, bool> Watch::take_stack(const std::string& text) {
    const auto place = places_.extract(text);
    return place.empty() ? std::pair{place_, false} : std::pair{place.mapped(), true};
}

Origin Watch::read(const std::string& stack) const {
    if (stack.empty()) return {};
    for (const script::Frame& frame : engine_->frames(stack)) {
        if (frame.where.file.starts_with('/')) return frame.where;
    }
    return {};
}

void Watch::sent(const std::string& text, bool in_transaction) {
    if (contains_ignoring_case(text, "concurrently")) concurrently_ = text;
    blocker_.clear();
    if (!at_work()) return;
    if (!in_transaction || commits(text)) works_.back().outside = true;
    ++works_.back().statements;
    if (*progress_) tell(Progress::Kind::statement, static_cast<int>(works_.size()), title_of(text), {});
}

void Watch::blocked(std::string blocker) {
    if (blocker == blocker_) return;
    blocker_ = std::move(blocker);
    if (at_work()) tell(Progress::Kind::waits, static_cast<int>(works_.size()), blocker_, {});
}

void Watch::answered(const std::string& text, const std::string& stack, const postgres::ErrorFields* error) {
    if (error != nullptr) {
        Refused one;
        one.text = text;
        one.fields = *error;
        if (at_work()) {
            one.migration = works_.back().name;
            one.number = works_.back().statements;
        }
        one.blocker = blocker_;
        one.where = read(stack);
        refused_.push_back(std::move(one));
    } else if (at_work() && commits(text)) {
        works_.back().committed = works_.back().statements;
    }
}

const Refused* Watch::refused(std::string_view text, std::string_view message) const {
    const auto latest = [&](const auto& is_it) {
        const auto found = std::find_if(refused_.rbegin(), refused_.rend(), is_it);
        return found == refused_.rend() ? nullptr : &*found;
    };
    const Refused* same = latest([&](const Refused& one) { return one.text == text; });
    return same != nullptr ? same : latest([&](const Refused& one) { return one.fields.message == message; });
}

void Watch::tell(Progress::Kind kind, int number, std::string text, Duration duration) const {
    if (!*progress_) return;
    const Work& work = works_[static_cast<std::size_t>(number - 1)];
    (*progress_)({work.name, number, total_, kind, std::move(text), duration});
}

}  // namespace ainit::migrate::typeorm
