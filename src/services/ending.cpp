// SPDX-License-Identifier: Apache-2.0
// The Supervisor's ending: services in the reverse order of their needs, what they left behind, and the exit code.
#include <algorithm>
#include <csignal>

#include <fmt/format.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "services/unit.h"

namespace ainit::services {
namespace {

/// Between two looks at processes that services left behind, while they are asked to end.
constexpr Duration kLook{50};
/// What is killed is gone in moments, or stuck in the kernel.
constexpr Duration kAfterKill{1'000};
/// Of those that had to be killed.
constexpr std::size_t kMostNamed = 20;

std::string name_of_process(pid_t pid) {
    auto name = read_file(fmt::format("/proc/{}/comm", pid), 64);
    return fmt::format("{} ({})", name ? trim(*name) : std::string_view{"?"}, pid);
}

}  // namespace

void Supervisor::stop(int signal) {
    if (stopping_) {
        if (signal != 0) asked_ = true, out_of_time();
        return;
    }
    asked_ = signal != 0;
    stopping_ = true;
    if (hooks_.ending) hooks_.ending();
    timer_.set(ending_.deadline, [this] { out_of_time(); });
    go_on_stopping();
}

/// Those of which nobody runs any more that needs them.
void Supervisor::go_on_stopping() {
    const auto needed = [&](const Unit& unit) {
        return std::ranges::any_of(units_, [&](const auto& other) {
            return !other->machine.over() && std::ranges::find(other->service.needs, unit.service.name) != other->service.needs.end();
        });
    };
    for (const auto& unit : units_) {
        if (unit->told_to_stop || unit->machine.over() || needed(*unit)) continue;
        unit->told_to_stop = true;
        tell(*unit, {On::stop});
        // It may have been the last that needed one which we passed by.
        if (unit->machine.over()) return go_on_stopping();
    }
    if (std::ranges::all_of(units_, [](const auto& one) { return one->machine.over(); })) end_leftovers();
}

/// Processes that services left behind: in other sessions, or adopted. A command that somebody else of this program waits for, a
/// migration's tool, is not of them.
std::vector<pid_t> Supervisor::leftovers() const {
    return system::descendants([&](pid_t pid) {
        return is_own_child(pid) && std::ranges::none_of(units_, [&](const auto& one) { return one->pid == pid; });
    });
}

void Supervisor::end_leftovers() {
    if (!leftovers_told_) {
        leftovers_told_ = true;
        for (const pid_t pid : leftovers()) {
            ::kill(pid, SIGTERM);
            ::kill(pid, SIGCONT);
        }
    }
    look_at_leftovers();
}

void Supervisor::look_at_leftovers() {
    if (leftovers().empty() && !writing()) return finish();
    // What was forked while the others were killed.
    if (hurried_) kill_leftovers();
    looking_.set(kLook, [this] { look_at_leftovers(); });
}

/// The deadline, or a second request.
void Supervisor::out_of_time() {
    if (hurried_) return finish();
    hurried_ = true;
    for (const auto& unit : units_) tell(*unit, {On::kill});
    kill_leftovers();
    timer_.set(kAfterKill, [this] { out_of_time(); });
}

void Supervisor::kill_leftovers() {
    for (const pid_t pid : leftovers()) {
        // Its group was killed with the service.
        const pid_t group = ::getpgid(pid);
        if (std::ranges::any_of(units_, [&](const auto& one) { return one->pid == group; })) continue;
        if (end_.killed.size() < kMostNamed) end_.killed.push_back(name_of_process(pid));
        ::kill(pid, SIGKILL);
    }
}

void Supervisor::finish() {
    if (std::exchange(finished_, true)) return;
    timer_.cancel();
    looking_.cancel();
    if (!end_.killed.empty()) log::warn(kRoom, fmt::format("killed: {}", join(end_.killed, ", ")));
    end_.code = exit_code();
    if (hooks_.over) hooks_.over(end_);
}

int Supervisor::exit_code() const {
    if (asked_ && ending_.zero_when_asked) return 0;
    const auto main = std::ranges::find_if(units_, [](const auto& one) { return one->service.main; });
    const Unit* unit = main == units_.end() ? nullptr : main->get();
    // What the main service says while it is stopped for another's failure does not count, nor what it says when it was never ready.
    const bool its_own = failed_first_ == nullptr || (failed_first_ == unit && !unit->machine.unready());
    if (!its_own) return end_.failures.front().exit_code();
    if (unit == nullptr) return 0;
    // Who is stuck in the kernel has no exit code.
    return unit->machine.running() ? 128 + SIGKILL : unit->machine.status();
}

}  // namespace ainit::services
