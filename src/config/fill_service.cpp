// SPDX-License-Identifier: Apache-2.0
#include "config/fill.h"

namespace ainit::config {

void fill_service(Reader& r, Config& config) {
    Service service;
    service.origin = r.origin();
    r.text("name", service.name);
    if (service.name.empty()) r.missing("name");
    r.arguments("command", service.command);
    if (!r.has("command")) r.missing("command");
    r.texts("needs", service.needs);
    r.text("database", service.database);
    r.text("role", service.role);
    r.variables("environment", service.environment);
    r.texts("keep_env", service.keep_env);
    r.text("user", service.user);
    r.text("group", service.group);
    r.path("working_directory", service.working_directory);
    r.text("ready", service.ready);
    r.duration("ready_timeout", service.ready_timeout);
    r.text("restart", service.restart);
    r.number("restart_limit", service.restart_limit, 0, 1'000'000);
    r.duration("backoff", service.backoff);
    r.signal("stop_signal", service.stop_signal);
    r.duration("stop_timeout", service.stop_timeout);
    r.signals("rewrite", service.rewrite);
    r.text("output", service.output);
    r.flag("main", service.main);
    r.flag("critical", service.critical);
    r.flag("restart_on_change", service.restart_on_change);
    config.services.push_back(std::move(service));
}

}  // namespace ainit::config
