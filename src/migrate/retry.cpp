// SPDX-License-Identifier: Apache-2.0
#include "migrate/retry.h"

#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "postgres/session.h"

namespace ainit::migrate {
namespace {

constexpr Duration kFirstPause{100};
constexpr Duration kLongestPause{5'000};

bool gave_way(const Failure& failure) {
    namespace sqlstate = postgres::sqlstate;
    static constexpr std::array kStates{
        sqlstate::kLockNotAvailable, sqlstate::kDeadlock, sqlstate::kSerialization};
    return std::ranges::find(kStates, failure.sqlstate) != kStates.end();
}

/// Twice as long each time, give or take a half, so that two who met do not meet again.
Duration pause_before(int attempt) {
    static thread_local std::mt19937 random{std::random_device{}()};
    const Duration base = std::min(kLongestPause, kFirstPause * (1 << std::min(attempt, 10)));
    return Duration{std::uniform_int_distribution<Duration::rep>{base.count() / 2,
                                                                 base.count() * 3 / 2}(random)};
}

}  // namespace

bool try_again(const Context& context, const Failure& failure, std::string_view who, int attempt, const Stop& stop) {
    if (!gave_way(failure) || attempt >= context.migration.retries || stop.over()) return false;
    const Duration pause = pause_before(attempt);
    log::warn("migrate",
              fmt::format("{} gave way and is tried again in {}", who, show(pause)),
              {{"because", failure.because},
               {"sqlstate", failure.sqlstate},
               {"attempt", fmt::format("{} of {}", attempt + 1, context.migration.retries)}});
    return stop.sleep(pause);
}

}  // namespace ainit::migrate
