// SPDX-License-Identifier: Apache-2.0
#include "daemon/interrupt.h"

#include <atomic>
#include <csignal>

namespace ainit::daemon {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};
std::atomic<StopSource*> active{nullptr};

extern "C" void on_signal(int signal) {
    if (StopSource* source = active.load()) source->request(signal);
}

void set_action(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
    active.store(&source_);
    for (const int signal : kSignals) set_action(signal, on_signal);
}

Interrupt::~Interrupt() {
    for (const int signal : kSignals) set_action(signal, SIG_DFL);
    active.store(nullptr);
}

Stop Interrupt::stop(std::optional<Duration> timeout) const {
    return Stop{source_, timeout ? after(*timeout) : kNever};
}

}  // namespace ainit::daemon
