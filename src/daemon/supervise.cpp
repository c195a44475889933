// SPDX-License-Identifier: Apache-2.0
#include "daemon/supervise.h"

#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "base/text.h"

namespace ainit::daemon {
namespace {

services::Service service_of(const Command& command, const Supervision& how) {
    services::Service service;
    service.name = base_name(command.arguments.front());
    service.command = command;
    // What we are started with may have us in the background, where the terminal is somebody else's.
    if (::isatty(STDIN_FILENO) != 0 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) service.command.terminal = STDIN_FILENO;
    service.command.end_with_us = SIGTERM;
    service.rules.restart = services::Restart::never;
    service.rules.ready_timeout = Duration{0};
    service.rules.grace = how.stop_timeout;
    service.stop_signal = how.stop_signal;
    service.rewrite = how.rewrite;
    service.to_group = how.to_group;
    service.output = services::OutputMode::inherit;
    service.main = true;
    return service;
}

}  // namespace

Duration platform_grace() {
    constexpr Duration kDocker{9'000};
    constexpr Duration kKubernetes{28'000};
    return std::getenv("KUBERNETES_SERVICE_HOST") != nullptr ? kKubernetes : kDocker;
}

services::End supervise(const Command& command, const Supervision& how) {
    system::Loop loop;
    loop.adopt_orphans();
    services::End end;
    services::EndingRules ending;
    ending.deadline = how.stop_timeout;
    ending.zero_when_asked = how.zero_when_asked;
    services::Supervisor::Hooks hooks;
    hooks.over = [&](const services::End& all) {
        end = all;
        loop.quit();
    };
    services::Supervisor supervisor{loop, {service_of(command, how)}, ending, std::move(hooks)};
    loop.on_signals(system::forwardable_signals(), [&](const system::Signal& signal) {
        if (signal.number != SIGTERM) supervisor.forward(signal);
        else if (how.stop_signal != 0) supervisor.stop(SIGTERM);
    });
    supervisor.start();
    loop.post([] { system::release_code_pages(); });
    loop.run();
    return end;
}

}  // namespace ainit::daemon
