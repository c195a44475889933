// SPDX-License-Identifier: Apache-2.0
#include "base/signal_name.h"

#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit {
namespace {

std::optional<int> existing(long long signal) {
    if (signal < 1 || signal > SIGRTMAX || (signal >= 32 && signal < SIGRTMIN)) return {};
    return static_cast<int>(signal);
}

}  // namespace

std::optional<int> signal_of(std::string_view text) {
    if (const auto number = parse_integer(text)) return existing(*number);
    if (text.size() > 3 && equals_ignoring_case(text.substr(0, 3), "SIG")) text.remove_prefix(3);
    for (int signal = 1; signal < 32; ++signal) {
        const char* name = ::sigabbrev_np(signal);
        if (name != nullptr && equals_ignoring_case(text, name)) return signal;
    }
    if (text.size() < 5) return {};
    const bool from_least = equals_ignoring_case(text.substr(0, 5), "RTMIN");
    if (!from_least && !equals_ignoring_case(text.substr(0, 5), "RTMAX")) return {};
    const std::string_view rest = text.substr(5);
    if (rest.empty()) return from_least ? SIGRTMIN : SIGRTMAX;
    const auto distance = parse_integer(rest.substr(1));
    if (rest[0] != (from_least ? '+' : '-') || !distance || *distance < 0 || *distance > SIGRTMAX - SIGRTMIN) return {};
    return existing(from_least ? SIGRTMIN + *distance : SIGRTMAX - *distance);
}

std::string name_of_signal(int signal) {
    if (const char* name = ::sigabbrev_np(signal)) return fmt::format("SIG{}", name);
    if (signal == SIGRTMIN) return "SIGRTMIN";
    if (signal > SIGRTMIN && signal <= SIGRTMAX) return fmt::format("SIGRTMIN+{}", signal - SIGRTMIN);
    return fmt::format("signal {}", signal);
}

}  // namespace ainit
