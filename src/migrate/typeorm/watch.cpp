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

namespace {

/// Of one without a transaction: whether something of it stays.
bool changes(const std::string& text) {
    const Demands demands = demands_of(text);
    return !demands.again && !demands.asks;
}

}  // namespace

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
            {"begin", function("begin", [this](const Call& call) { begin(call[0].text(), call[1].truthy()); })},
            {"end", function("end", [this](const Call& call) { end(call[1].truthy()); })},
            {"failed", function("failed", [this](const Call&) { fail(); })},
            {"place", function("place", [this](const Call& call) { remember_place(call[0].text()); })},
            {"overtaken", function("overtaken", [this](const Call&) { overtaken_ = true; })},
            {"said", function("said", [](const Call& call) { log::debug("typeorm", call[0].text()); })},
        });
    });
}

void Watch::begin(const std::string& name, bool inside) {
    const bool behind = !works_.empty() && works_.back().ended && !works_.back().recorded;
    works_.push_back({name, Clock::now()});
    works_.back().inside = inside;
    places_.clear();
    place_ = std::make_shared<const std::string>();
    if (!behind) tell(Progress::Kind::begin, static_cast<int>(works_.size()), {}, {});
}

void Watch::end(bool open) {
    // A script may come to its end without noticing that a statement of another before it was refused.
    if (!at_work() || works_.back().failed) return;
    works_.back().ended = true;
    works_.back().left_open = open;
}

void Watch::record(int place) {
    Work& work = works_[static_cast<std::size_t>(place)];
    work.recorded = true;
    const Deadline now = Clock::now();
    work.took = std::chrono::duration_cast<Duration>(now - work.began);
    if (at_once_) tell(Progress::Kind::done, place + 1, {}, work.took);
    const auto next = static_cast<std::size_t>(place) + 1;
    if (next == works_.size()) return;
    // Its script went ahead; only now does the server come to it.
    works_[next].began = now;
    tell(Progress::Kind::begin, place + 2, {}, {});
}

void Watch::fail() {
    if (at_work()) works_.back().failed = true;
}

void Watch::committed(const std::vector<std::string>& names) const {
    for (std::size_t i = 0; i < works_.size(); ++i) {
        const bool told = at_once_ && works_[i].recorded;
        if (told || std::ranges::find(names, works_[i].name) == names.end()) continue;
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

Sender Watch::enlist() {
    Sender sender{static_cast<int>(works_.size()) - 1};
    if (at_work()) sender.number = ++works_.back().statements;
    return sender;
}

void Watch::sent(const Sender& sender, const std::string& text, bool in_transaction) {
    if (contains_ignoring_case(text, "concurrently")) concurrently_ = text;
    blocker_.clear();
    running_ = sender;
    if (sender.number == 0) {
        // TypeORM's own, behind the end of a script that began without a transaction and is in one now.
        if (sender.work < 0) return;
        Work& work = works_[static_cast<std::size_t>(sender.work)];
        const bool of_ledger = text.starts_with("INSERT INTO") || text.starts_with("DELETE FROM");
        if (of_ledger && work.ended && !work.inside && in_transaction) work.left_open = true;
        return;
    }
    if (!in_transaction || commits(text)) works_[static_cast<std::size_t>(sender.work)].outside = true;
    if (*progress_) tell(Progress::Kind::statement, sender.work + 1, title_of(text), {});
}

void Watch::blocked(std::string blocker) {
    if (blocker == blocker_) return;
    blocker_ = std::move(blocker);
    if (running_.number > 0) tell(Progress::Kind::waits, running_.work + 1, blocker_, {});
}

void Watch::answered(const Sender& sender, const std::string& text, const std::string& stack, bool in_transaction,
                     const postgres::ErrorFields* error) {
    Work* work = sender.work < 0 ? nullptr : &works_[static_cast<std::size_t>(sender.work)];
    if (error != nullptr) {
        Refused one;
        one.text = text;
        one.fields = *error;
        one.number = sender.number;
        if (sender.number > 0) one.migration = work->name;
        else if (work != nullptr) work->failed = true;
        one.blocker = blocker_;
        // TypeORM's own come from no line of a script.
        if (sender.number > 0) one.where = read(stack);
        refused_.push_back(std::move(one));
    } else if (sender.number > 0) {
        // All before it, unless that was in TypeORM's transaction, which a second session tells nothing of.
        const bool behind = !work->inside || (work->committed > 0 && work->committed + 1 == sender.number);
        if (commits(text) || (behind && !in_transaction && changes(text))) work->committed = sender.number;
    } else if (work != nullptr && work->ended && !work->recorded && !work->failed && !(in_transaction && at_once_)) {
        // The first behind a script's end is its row in the ledger, and then its COMMIT.
        record(sender.work);
    }
}

void Watch::rolled_back(const Sender& sender) {
    if (sender.number == 0 || sender.work < 0) return;
    Work& work = works_[static_cast<std::size_t>(sender.work)];
    work.rolled_back = work.rolled_back || (work.inside && work.committed == 0);
}

void Watch::broke_off(const Sender& sender, const std::string& text, const std::string& stack) {
    broken_off_.emplace();
    broken_off_->text = text;
    broken_off_->number = sender.number;
    if (sender.number > 0) broken_off_->where = read(stack);
}

void Watch::fall_back_to(const Sender& sender) {
    works_.resize(static_cast<std::size_t>(sender.work + 1));
    works_.back().failed = true;
    if (sender.number > 0) works_.back().ended = false;
}

const Refused* Watch::refused(std::string_view text, std::string_view message) const {
    const auto latest = [&](const auto& is_it) {
        const auto found = std::find_if(refused_.rbegin(), refused_.rend(), is_it);
        return found == refused_.rend() ? nullptr : &*found;
    };
    const auto same_text = [&](const Refused& one) { return one.text == text; };
    const auto same_message = [&](const Refused& one) { return one.fields.message == message; };
    if (const Refused* both = latest([&](const Refused& one) { return same_text(one) && same_message(one); })) return both;
    const Refused* other = latest(same_message);
    return other != nullptr ? other : latest(same_text);
}

void Watch::tell(Progress::Kind kind, int number, std::string text, Duration duration) const {
    if (!*progress_) return;
    const Work& work = works_[static_cast<std::size_t>(number - 1)];
    (*progress_)({work.name, number, total_, kind, std::move(text), duration});
}

}  // namespace ainit::migrate::typeorm
