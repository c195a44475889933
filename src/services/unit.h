// SPDX-License-Identifier: Apache-2.0
// What the Supervisor knows of one service: of its own files alone.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "services/machine.h"
#include "services/output.h"
#include "services/readiness.h"
#include "services/supervisor.h"

namespace ainit::services {

inline constexpr std::string_view kRoom = "services";

struct Supervisor::Unit {
    Unit(system::Loop& loop, Service given) : service{std::move(given)}, machine{service.rules}, timer{loop.timer()} {}

    Service service;
    Machine machine;
    system::Timer timer;
    pid_t pid{-1};
    std::unique_ptr<Readiness> readiness{};
    std::unique_ptr<Output> out{};
    std::unique_ptr<Output> err{};
    std::deque<std::string> lines{};
    std::string said{};
    std::string why{};
    std::optional<Failure> refusal{};  ///< of the start
    bool told_to_stop{false};
    std::optional<std::chrono::system_clock::time_point> started{};
    Deadline began{};
    std::optional<Duration> until_ready{};
};

}  // namespace ainit::services
