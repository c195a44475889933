// SPDX-License-Identifier: Apache-2.0
#include "services/machine.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace ainit::services {
namespace {

using enum State;

// clang-format off
constexpr std::array kTransitions = std::to_array<Transition>({
    {waiting,     On::released,     starting,    ""},
    {waiting,     On::stop,         stopped,     ""},
    {waiting,     On::kill,         stopped,     ""},
    {starting,    On::became_ready, ready,       ""},
    {starting,    On::not_started,  failed,      "its command cannot be run, or not once more"},
    {starting,    On::not_started,  backing_off, "that may be otherwise another time"},
    {starting,    On::exited,       backing_off, "it is to be restarted"},
    {starting,    On::exited,       done,        "with 0, and it is not to be restarted"},
    {starting,    On::exited,       failed,      "otherwise"},
    {starting,    On::time_up,      stopping,    "ready_timeout"},
    {starting,    On::stop,         stopping,    ""},
    {starting,    On::kill,         killing,     ""},
    {starting,    On::restart,      stopping,    ""},
    {ready,       On::exited,       backing_off, "it is to be restarted"},
    {ready,       On::exited,       done,        "with 0, and it is not to be restarted"},
    {ready,       On::exited,       failed,      "otherwise"},
    {ready,       On::stop,         stopping,    ""},
    {ready,       On::kill,         killing,     ""},
    {ready,       On::restart,      stopping,    ""},
    {backing_off, On::time_up,      starting,    ""},
    {backing_off, On::restart,      starting,    ""},
    {backing_off, On::stop,         stopped,     ""},
    {backing_off, On::kill,         stopped,     ""},
    {stopping,    On::time_up,      killing,     "its grace is over"},
    {stopping,    On::kill,         killing,     ""},
    {stopping,    On::exited,       stopped,     "it was to end"},
    {stopping,    On::exited,       starting,    "it was to be started again"},
    {stopping,    On::exited,       backing_off, "it had not become ready, and is to be restarted"},
    {stopping,    On::exited,       failed,      "it had not become ready"},
    {killing,     On::exited,       stopped,     "it was to end"},
    {killing,     On::exited,       starting,    "it was to be started again"},
    {killing,     On::exited,       backing_off, "it had not become ready, and is to be restarted"},
    {killing,     On::exited,       failed,      "it had not become ready"},
    {stopped,     On::restart,      starting,    ""},
    {done,        On::restart,      starting,    ""},
    {failed,      On::restart,      starting,    ""},
});
// clang-format on

[[maybe_unused]] bool is_known(State from, On on, State to) {
    return std::ranges::any_of(kTransitions, [&](const Transition& one) {
        return one.from == from && one.on == on && one.to == to;
    });
}

}  // namespace

std::string_view name_of(State state) {
    switch (state) {
        case waiting: return "waiting";
        case starting: return "starting";
        case ready: return "ready";
        case backing_off: return "backing off";
        case stopping: return "stopping";
        case killing: return "killing";
        case stopped: return "stopped";
        case done: return "done";
        case failed: return "failed";
    }
    return "";
}

std::string_view name_of(On event) {
    switch (event) {
        case On::released: return "released";
        case On::started: return "started";
        case On::not_started: return "not started";
        case On::became_ready: return "became ready";
        case On::exited: return "exited";
        case On::time_up: return "time is up";
        case On::stop: return "stop";
        case On::kill: return "kill";
        case On::restart: return "restart";
    }
    return "";
}

std::span<const Transition> transitions() { return kTransitions; }

bool Machine::running() const {
    return state_ == starting || state_ == ready || state_ == stopping || state_ == killing;
}

bool Machine::over() const { return state_ == stopped || state_ == done || state_ == failed; }

void Machine::enter(State to, On on) {
    static_cast<void>(on);
    assert(is_known(state_, on, to));
    state_ = to;
}

std::vector<Act> Machine::on(const Event& event) {
    const bool begins = (event.on == On::released && state_ == waiting) ||
                        (event.on == On::time_up && state_ == backing_off) ||
                        (event.on == On::restart && (over() || state_ == backing_off));
    if (begins) {
        if (event.on == On::restart) in_a_row_ = 0;
        unready_ = false;
        enter(starting, event.on);
        return {Act::take_timer, Act::start};
    }
    switch (event.on) {
        case On::released: return {};
        case On::started:
            if (state_ != starting || rules_.ready_timeout <= Duration{0}) return {};
            timer_ = rules_.ready_timeout;
            return {Act::set_timer};
        case On::not_started:
            if (state_ != starting) return {};
            status_ = event.status;
            if (event.transient) return again_or_not(false, event.on);
            enter(failed, event.on);
            return {Act::take_timer};
        case On::became_ready:
            if (state_ != starting) return {};
            enter(ready, event.on);
            timer_ = rules_.settled;
            // Who never restarts it has nothing to count.
            return rules_.restart == Restart::never ? std::vector{Act::take_timer} : std::vector{Act::set_timer};
        case On::exited: return ended(event);
        case On::time_up:
            if (state_ == ready) in_a_row_ = 0;
            if (state_ == stopping) {
                enter(killing, event.on);
                return {Act::send_kill};
            }
            if (state_ != starting) return {};
            unready_ = true;
            enter(stopping, event.on);
            timer_ = rules_.grace;
            return {Act::send_stop, Act::set_timer};
        case On::restart:
            if (state_ == waiting) return {};
            start_again_ = true;
            return end_it(event.on);
        case On::stop:
        case On::kill:
            start_again_ = unready_ = false;
            return end_it(event.on);
    }
    return {};
}

std::vector<Act> Machine::end_it(On on) {
    if (state_ == waiting || state_ == backing_off) {
        enter(stopped, on);
        return {Act::take_timer};
    }
    if (on == On::kill && running() && state_ != killing) {
        enter(killing, on);
        return {Act::take_timer, Act::send_kill};
    }
    if (state_ != starting && state_ != ready) return {};
    enter(stopping, on);
    timer_ = rules_.grace;
    return {Act::send_stop, Act::set_timer};
}

std::vector<Act> Machine::ended(const Event& event) {
    if (!running()) return {};
    status_ = event.status;
    if (state_ == starting || state_ == ready) return again_or_not(event.status == 0, event.on);
    if (start_again_) {
        start_again_ = unready_ = false;
        ++all_restarts_;
        enter(starting, event.on);
        return {Act::take_timer, Act::start};
    }
    if (unready_) return again_or_not(false, event.on);
    enter(stopped, event.on);
    return {Act::take_timer};
}

std::vector<Act> Machine::again_or_not(bool good, On on) {
    const bool wanted = rules_.restart == Restart::always || (rules_.restart == Restart::on_failure && !good);
    if (wanted && (rules_.limit == 0 || in_a_row_ < rules_.limit)) {
        const int doublings = std::min(in_a_row_, 20);
        timer_ = std::min(rules_.backoff * (1 << doublings), rules_.longest_backoff);
        ++in_a_row_;
        ++all_restarts_;
        enter(backing_off, on);
        return {Act::set_timer};
    }
    enter(good ? done : failed, on);
    return {Act::take_timer};
}

}  // namespace ainit::services
