// SPDX-License-Identifier: Apache-2.0
#include "services/unit.h"

#include <algorithm>
#include <csignal>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/status_line.h"
#include "base/text.h"

namespace ainit::services {
namespace {

constexpr std::size_t kKept = 20;
constexpr std::size_t kLongestKept = 1'000;
/// Of outputs of processes that have ended.
constexpr std::size_t kMostOutputs = 16;
}  // namespace

Supervisor::Supervisor(system::Loop& loop, std::vector<Service> services, EndingRules ending, Hooks hooks)
    : loop_{loop}, ending_{ending}, hooks_{std::move(hooks)}, timer_{loop.timer()}, looking_{loop.timer()} {
    for (Service& one : services) units_.push_back(std::make_unique<Unit>(loop, std::move(one)));
}

Supervisor::~Supervisor() = default;

Supervisor::Unit* Supervisor::main_unit() {
    const auto found = std::ranges::find_if(units_, [](const auto& one) { return one->service.main; });
    if (found != units_.end()) return found->get();
    return units_.size() == 1 ? units_.front().get() : nullptr;
}

Supervisor::Unit* Supervisor::find(const std::string& name) const {
    const auto found = std::ranges::find_if(units_, [&](const auto& one) { return one->service.name == name; });
    return found == units_.end() ? nullptr : found->get();
}

bool Supervisor::is_met(const std::string& need) const {
    const Unit* unit = find(need);
    if (unit == nullptr) return met_.contains(need);
    const State state = unit->machine.state();
    return state == State::ready || state == State::done;
}

void Supervisor::release(const std::string& need) {
    met_.insert(need);
    release_ready_ones();
}

void Supervisor::start() { release_ready_ones(); }

void Supervisor::release_ready_ones() {
    if (stopping_) return;
    for (const auto& unit : units_) {
        if (unit->machine.state() != State::waiting) continue;
        const auto met = [&](const std::string& need) { return is_met(need); };
        if (std::ranges::all_of(unit->service.needs, met)) tell(*unit, {On::released});
    }
}

/// Lets the machine decide, and does what it says.
void Supervisor::tell(Unit& unit, const Event& event) {
    const State before = unit.machine.state();
    const std::vector<Act> acts = unit.machine.on(event);
    for (const Act act : acts) {
        switch (act) {
            case Act::take_timer: unit.timer.cancel(); break;
            case Act::set_timer:
                unit.timer.set(unit.machine.timer(), [this, &unit] { tell(unit, {On::time_up}); });
                break;
            case Act::send_stop:
                if (unit.machine.state() == State::stopping && event.on == On::time_up) {
                    unit.why = fmt::format("was not ready within {}", show(unit.service.rules.ready_timeout));
                    const std::string last = unit.readiness ? unit.readiness->last_answer() : "";
                    if (!last.empty()) unit.why += fmt::format(" ({}: {})", unit.service.ready, last);
                    log::warn(kRoom, fmt::format("{} {}", unit.service.name, unit.why));
                }
                send(unit, unit.service.stop_signal, unit.service.to_group);
                // A stopped process would sleep through it.
                send(unit, SIGCONT, true);
                break;
            case Act::send_kill:
                end_.killed.push_back(unit.service.name);
                log::warn(kRoom, fmt::format("{} did not end in time; it is killed", unit.service.name));
                send(unit, SIGKILL, true);
                break;
            case Act::start: run(unit); break;
        }
    }
    if (unit.machine.state() != before) settle(unit, before);
}

void Supervisor::run(Unit& unit) {
    unit.refusal.reset();
    unit.said.clear();
    unit.why.clear();
    unit.lines.clear();
    unit.until_ready.reset();
    auto command = hooks_.command ? hooks_.command(unit.service.name) : Result<Command>{unit.service.command};
    if (!command) return refused(unit, std::move(command).error());
    unit.service.command.terminal = command->terminal;
    unit.readiness = std::make_unique<Readiness>(loop_, unit.service.ready, hooks_.probe);
    if (auto equipped = unit.readiness->equip(*command); !equipped) return refused(unit, std::move(equipped).error());
    log::end_status();
    auto child = spawn(*command, unit.service.output == OutputMode::inherit ? ainit::Output::inherit : ainit::Output::pipe);
    if (!child) return refused(unit, std::move(child).error());
    began(unit, std::move(*child));
}

void Supervisor::refused(Unit& unit, Failure failure) {
    unit.readiness.reset();
    unit.why = failure.because;
    const Event event{On::not_started, failure.exit_code(), failure.transient};
    unit.refusal = std::move(failure);
    // Not within the start, so that each event finds the last one finished.
    loop_.post([this, &unit, event] { tell(unit, event); });
}

void Supervisor::began(Unit& unit, Child child) {
    unit.pid = child.pid;
    unit.began = Clock::now();
    unit.started = std::chrono::system_clock::now();
    // Of the one command of somebody who asked for nothing else there is nothing to tell.
    const bool alone = unit.service.main && unit.service.rules.restart == Restart::never;
    log::write(alone ? log::Level::debug : log::Level::info, kRoom, fmt::format("{} started", unit.service.name), {{"pid", std::to_string(unit.pid)}});
    loop_.on_child(unit.pid, [this, &unit](const system::ChildEvent& event) { child_event(unit, event); });
    const auto keep = [this, &unit](std::string_view line) {
        unit.lines.emplace_back(mend_utf8(line.substr(0, kLongestKept)));
        if (unit.lines.size() > kKept) unit.lines.pop_front();
        if (unit.readiness) unit.readiness->saw(line);
    };
    if (child.out.valid()) {
        unit.out = std::make_unique<Output>(loop_, unit.service.name, std::move(child.out), STDOUT_FILENO, unit.service.output, keep);
        unit.err = std::make_unique<Output>(loop_, unit.service.name, std::move(child.err), STDERR_FILENO, unit.service.output, keep);
    }
    loop_.post([this, &unit, pid = unit.pid] {
        if (unit.pid != pid) return;
        tell(unit, {On::started});
        if (!unit.readiness || unit.machine.state() != State::starting) return;
        unit.readiness->watch(
            pid,
            [this, &unit] {
                unit.until_ready = std::chrono::duration_cast<Duration>(Clock::now() - unit.began);
                tell(unit, {On::became_ready});
            },
            [this, &unit](std::string text) {
                unit.said = std::move(text);
                if (hooks_.changed) hooks_.changed();
            });
    });
}

void Supervisor::child_event(Unit& unit, const system::ChildEvent& event) {
    if (event.kind == system::ChildEvent::Kind::stopped) return suspend_with(unit);
    if (event.kind == system::ChildEvent::Kind::continued) return;
    // It is a zombie still, so its group cannot be somebody else's. Who ends by itself leaves nobody behind that would be in the
    // way of its next start; at the end of all, what is left is asked first.
    if (!stopping_ && unit.service.rules.restart != Restart::never) ::kill(-unit.pid, SIGKILL);
    let_go(std::move(unit.out));
    let_go(std::move(unit.err));
    unit.readiness.reset();
    if (unit.service.command.terminal >= 0) ::tcsetpgrp(unit.service.command.terminal, ::getpgrp());
    unit.pid = -1;
    Ending ending;
    ending.signal = event.signal;
    ending.status = event.signal != 0 ? 128 + event.signal : event.code;
    if (!unit.machine.unready()) unit.why = ending.text();
    const bool wanted = unit.machine.state() == State::stopping || unit.machine.state() == State::killing;
    // What its end means for who started us is in the exit code.
    const bool alone = unit.service.main && unit.service.rules.restart == Restart::never;
    const bool expected = wanted || ending.status == 0;
    log::write(alone ? log::Level::debug : expected ? log::Level::info : log::Level::warn, kRoom,
               fmt::format("{} {}", unit.service.name, ending.text()));
    tell(unit, {On::exited, ending.status});
}

/// The last lines are read now, for the report; what comes later is passed on still.
void Supervisor::let_go(std::unique_ptr<Output> output) {
    std::erase_if(outputs_, [](const auto& one) { return one->done(); });
    if (!output) return;
    output->finish();
    if (output->done()) return;
    if (outputs_.size() == kMostOutputs) outputs_.pop_front();
    outputs_.push_back(std::move(output));
}

/// Whether something that services wrote has not been taken yet.
bool Supervisor::writing() {
    for (const auto& one : outputs_) one->finish();
    return std::ranges::any_of(outputs_, [](const auto& one) { return one->pending(); });
}

void Supervisor::send(Unit& unit, int signal, bool group) {
    if (unit.pid > 0) ::kill(group ? -unit.pid : unit.pid, signal);
}

/// As a shell has it: who waits for us sees that the job is stopped. As PID 1 nobody does.
void Supervisor::suspend_with(Unit& unit) {
    if (unit.service.command.terminal < 0 || ::getpid() == 1) return;
    ::tcsetpgrp(unit.service.command.terminal, ::getpgrp());
    ::kill(::getpid(), SIGSTOP);
}

void Supervisor::forward(const system::Signal& signal) {
    Unit* unit = main_unit();
    if (unit == nullptr || unit->pid <= 0) return;
    const auto rewritten = unit->service.rewrite.find(signal.number);
    const int number = rewritten == unit->service.rewrite.end() ? signal.number : rewritten->second;
    if (number == 0) return;
    const int terminal = unit->service.command.terminal;
    if (number == SIGCONT && terminal >= 0 && ::tcgetpgrp(terminal) == ::getpgrp()) ::tcsetpgrp(terminal, unit->pid);
    if (signal.queued && !unit->service.to_group && ::sigqueue(unit->pid, number, signal.value) == 0) return;
    send(*unit, number, unit->service.to_group);
}

void Supervisor::settle(Unit& unit, State before) {
    const State state = unit.machine.state();
    log::debug(kRoom, fmt::format("{}: {} → {}", unit.service.name, name_of(before), name_of(state)));
    if (state == State::ready) {
        const bool known = !unit.service.ready.empty() && unit.service.ready != "started";
        log::write(known ? log::Level::info : log::Level::debug, kRoom, fmt::format("{} is ready", unit.service.name),
                   {{"after", show(unit.until_ready.value_or(Duration{0}))}});
        release_ready_ones();
    } else if (state == State::backing_off) {
        log::warn(kRoom, fmt::format("{} is started again in {}", unit.service.name, show(unit.machine.timer())), {{"because", unit.why}});
    } else if (state == State::done) {
        release_ready_ones();
    }
    if (hooks_.changed) hooks_.changed();
    if (stopping_) {
        if (unit.machine.over()) go_on_stopping();
        return;
    }
    if (!unit.machine.over()) return go_on_restarting();
    const bool told_by_code = unit.service.main && unit.service.rules.restart == Restart::never && !unit.refusal;
    const bool fatal = state == State::failed && unit.service.critical;
    if (fatal && !told_by_code) {
        if (failed_first_ == nullptr) failed_first_ = &unit;
        end_.failures.push_back(failure_of(unit));
    } else if (state == State::failed && !unit.service.critical && hooks_.failed) {
        hooks_.failed(failure_of(unit));
    }
    const bool nothing_left = std::ranges::all_of(units_, [](const auto& one) { return one->machine.over(); });
    if (unit.service.main || fatal || nothing_left) return stop(0);
    go_on_restarting();
}

Failure Supervisor::failure_of(const Unit& unit) const {
    if (unit.refusal) {
        Failure failure = *unit.refusal;
        failure.where = unit.service.origin;
        failure.because = fmt::format("{} (service \"{}\")", failure.because, unit.service.name);
        return failure;
    }
    Failure failure;
    failure.code = Code::service_failed;
    failure.what = fmt::format("cannot keep service \"{}\" running", unit.service.name);
    failure.because = fmt::format("it {}", unit.why);
    failure.where = unit.service.origin;
    if (const int again = unit.machine.restarts(); again > 0) {
        failure.because += fmt::format(", and was started again {} {}", again, again == 1 ? "time" : "times");
    }
    failure.state = unit.service.critical ? "The other services are stopped." : "It is not critical: the other services go on.";
    std::vector<std::string> lines{unit.lines.begin(), unit.lines.end()};
    failure.excerpt = scrub(join(lines, "\n"));
    return failure;
}

std::vector<Status> Supervisor::status() const {
    std::vector<Status> all;
    for (const auto& unit : units_) {
        Status one{.name = unit->service.name,
                   .state = unit->machine.state(),
                   .pid = unit->pid,
                   .restarts = unit->machine.restarts(),
                   .said = unit->said,
                   .why = unit->why,
                   .critical = unit->service.critical,
                   .started = unit->started,
                   .until_ready = unit->until_ready};
        if (unit->machine.state() == State::waiting) {
            std::ranges::copy_if(unit->service.needs, std::back_inserter(one.missing), [&](const std::string& need) { return !is_met(need); });
        }
        all.push_back(std::move(one));
    }
    return all;
}

bool Supervisor::all_ready() const {
    return std::ranges::all_of(units_, [](const auto& one) {
        return one->machine.state() == State::ready || one->machine.state() == State::done;
    });
}

}  // namespace ainit::services
