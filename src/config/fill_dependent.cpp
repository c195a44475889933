// SPDX-License-Identifier: Apache-2.0
#include "config/fill.h"

namespace ainit::config {

void fill_dependent(Reader& r, Config& config) {
    Dependent dependent;
    dependent.origin = r.origin();
    r.text("name", dependent.name);
    if (dependent.name.empty()) r.missing("name");
    r.texts("needs", dependent.needs);
    r.texts("on", dependent.on);
    r.signal("signal", dependent.signal);
    r.path("pid_file", dependent.pid_file);
    r.text("process", dependent.process);
    r.arguments("command", dependent.command);
    r.text("url", dependent.url);
    r.text("method", dependent.method);
    r.text("channel", dependent.channel);
    r.text("database", dependent.database);
    r.duration("timeout", dependent.timeout, Duration{1});
    config.dependents.push_back(std::move(dependent));
}

}  // namespace ainit::config
