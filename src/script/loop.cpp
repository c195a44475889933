// SPDX-License-Identifier: Apache-2.0
#include "script/loop.h"

#include <algorithm>
#include <cerrno>

#include "script/realm.h"

namespace ainit::script {
namespace {

Exception stalled() {
    Exception exception;
    exception.kind = Exception::Kind::stalled;
    exception.name = "Error";
    exception.message =
        "a promise is still pending and nothing is left to wait for: no timer, no query, no file";
    return exception;
}

}  // namespace

Answer<Value> Loop::settle(const Value& value) {
    if (value.promised() == Promised::no_promise) return value;
    const Value before = std::exchange(awaited_, value);
    std::optional<Exception> why;
    microtasks();
    // What is awaited goes before an end for another reason: its answer is there.
    while (value.promised() == Promised::pending && !why) {
        why = end();
        if (!why && !holding()) why = stalled();
        if (!why) why = round();
    }
    awaited_ = before;
    if (why) return std::move(*why);
    if (auto late = end()) return std::move(*late);
    if (value.promised() == Promised::rejected) return realm_.exception_of(value.promised_value());
    return value.promised_value();
}

Answer<void> Loop::drain() {
    microtasks();
    while (true) {
        if (auto why = end()) return std::move(*why);
        if (!holding()) return done();
        if (auto why = round()) return std::move(*why);
    }
}

std::optional<Exception> Loop::round() {
    run_timers();
    if (!ended()) run_watches();
    if (!ended()) run_immediates();
    return end();
}

bool Loop::holding() const {
    if (!immediates_.empty() || !ticks_.empty()) return true;
    const auto timer_holds = [](const auto& one) { return one.second.holds == Holds::loop; };
    if (std::ranges::any_of(timers_, timer_holds)) return true;
    return std::ranges::any_of(watches_, [](const auto& one) {
        return one.second.events != 0 && one.second.holds == Holds::loop;
    });
}

bool Loop::ended() {
    return failure_.has_value() || realm_.options.stop.over();
}

std::optional<Exception> Loop::end() {
    if (failure_) return std::exchange(failure_, std::nullopt);
    if (realm_.options.stop.over()) return realm_.interrupted();
    return {};
}

void Loop::fail(Exception exception) {
    if (failure_) return;
    if (exception.kind == Exception::Kind::thrown) {
        const Value arguments[] = {exception.value,
                                   realm_.own(JS_NewString(realm_.context, "uncaughtException"))};
        auto listened = realm_.core_call("uncaught", arguments);
        if (listened && listened->truthy()) return;
        if (!listened) exception = std::move(listened).error();
    }
    failure_ = std::move(exception);
}

void Loop::tick(Value callback) {
    ticks_.push_back(std::move(callback));
}

void Loop::rejected(Value promise, Value reason) {
    rejections_.emplace_back(std::move(promise), std::move(reason));
}

void Loop::handled(const Value& promise) {
    const auto is_it = [&](const auto& one) { return one.first.same(promise); };
    const auto found = std::ranges::find_if(rejections_, is_it);
    if (found == rejections_.end()) return;
    // An ES module that throws rejects a second promise, which QuickJS keeps to itself.
    const Value reason = found->second;
    const bool has_identity = reason.is(Kind::error) || reason.is(Kind::object);
    std::erase_if(rejections_, [&](const auto& one) {
        return is_it(one) || (has_identity && one.second.same(reason));
    });
}

void Loop::microtasks() {
    do {
        while (!ticks_.empty() && !ended()) {
            const Value next = std::move(ticks_.front());
            ticks_.pop_front();
            if (auto answer = next.call(); !answer) fail(std::move(answer).error());
        }
        JSContext* context = nullptr;
        int ran = 1;
        while (ran > 0 && !ended()) {
            ran = JS_ExecutePendingJob(realm_.runtime, &context);
            if (ran < 0) fail(realm_.caught());
            if (ran < 0) ran = 1;
        }
    } while (!ticks_.empty() && !ended());
    look_at_rejections();
}

void Loop::look_at_rejections() {
    while (!rejections_.empty() && !ended()) {
        const auto [promise, reason] = std::move(rejections_.front());
        rejections_.erase(rejections_.begin());
        if (promise.same(awaited_)) continue;
        const Value arguments[] = {
            reason, realm_.own(JS_NewString(realm_.context, "unhandledRejection")), promise};
        auto listened = realm_.core_call("uncaught", arguments);
        if (!listened) fail(std::move(listened).error());
        if (listened && !listened->truthy()) failure_ = realm_.exception_of(reason);
    }
}

std::uint32_t Loop::timer(Duration delay, std::function<void()> callback, Holds holds, bool every) {
    const Duration at_least = std::max(delay, Duration{1});
    timers_.emplace(ainit::after(at_least),
                    Timer{++last_id_, at_least, std::move(callback), holds, every});
    return last_id_;
}

bool Loop::cancel(std::uint32_t id) {
    const auto is_it = [id](const auto& one) { return one.second.id == id; };
    if (const auto found = std::ranges::find_if(timers_, is_it); found != timers_.end()) {
        timers_.erase(found);
        return true;
    }
    return std::erase_if(immediates_, [id](const auto& one) { return one.id == id; }) != 0;
}

void Loop::hold(std::uint32_t id, Holds holds) {
    for (auto& [due, timer] : timers_) {
        if (timer.id == id) timer.holds = holds;
    }
}

void Loop::run_timers() {
    const Clock::time_point now = Clock::now();
    // Timers that these start are due later than `now`, so they wait for the next round.
    while (!timers_.empty() && timers_.begin()->first <= now && !ended()) {
        auto node = timers_.extract(timers_.begin());
        const std::function<void()> callback = node.mapped().callback;
        if (node.mapped().every) {
            // Before the call, so that the callback can cancel it.
            node.key() = now + node.mapped().delay;
            timers_.insert(std::move(node));
        }
        callback();
        microtasks();
    }
}

std::uint32_t Loop::immediate(std::function<void()> callback) {
    immediates_.push_back({++last_id_, std::move(callback)});
    return last_id_;
}

void Loop::run_immediates() {
    // Those added meanwhile wait for the next round, as Node's do.
    const std::uint32_t last = last_id_;
    while (!immediates_.empty() && immediates_.front().id <= last && !ended()) {
        const Immediate next = std::move(immediates_.front());
        immediates_.pop_front();
        next.callback();
        microtasks();
    }
}

std::uint32_t Loop::watch(int fd, short events, std::function<void(short)> callback, Holds holds) {
    auto shared = std::make_shared<std::function<void(short)>>(std::move(callback));
    watches_.emplace(++last_id_, Watch{fd, events, std::move(shared), holds});
    return last_id_;
}

void Loop::watch_for(std::uint32_t id, short events, Holds holds) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) return;
    found->second.events = events;
    found->second.holds = holds;
}

void Loop::unwatch(std::uint32_t id) {
    watches_.erase(id);
}

Duration Loop::patience() const {
    // A timer may just have brought what is awaited, or have been the last to hold the loop.
    const Promised awaited = awaited_.promised();
    const bool there = awaited == Promised::fulfilled || awaited == Promised::rejected;
    if (there || !immediates_.empty() || !holding()) return Duration{0};
    const Duration limit = realm_.options.stop.remaining();
    if (timers_.empty()) return limit;
    const auto left = std::chrono::ceil<Duration>(timers_.begin()->first - Clock::now());
    return std::clamp(left, Duration{0}, limit);
}

std::vector<pollfd> Loop::polled(std::vector<std::uint32_t>& ids) const {
    std::vector<pollfd> all{{realm_.options.stop.fd(), POLLIN, 0}};
    for (const auto& [id, watch] : watches_) {
        if (watch.events == 0) continue;
        ids.push_back(id);
        all.push_back({watch.fd, watch.events, 0});
    }
    return all;
}

void Loop::run_watches() {
    std::vector<std::uint32_t> ids;
    std::vector<pollfd> all = polled(ids);
    const auto wait = std::min<std::int64_t>(patience().count(), 3'600'000);
    if (::poll(all.data(), all.size(), static_cast<int>(wait)) <= 0) return;
    for (std::size_t at = 0; at < ids.size() && !ended(); ++at) {
        const short ready = all[at + 1].revents;
        // An earlier callback may have unwatched this one, or turned it off.
        const auto found = watches_.find(ids[at]);
        if (ready == 0 || found == watches_.end() || found->second.events == 0) continue;
        const auto callback = found->second.callback;
        (*callback)(ready);
        microtasks();
    }
}

}  // namespace ainit::script
