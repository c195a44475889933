// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/signal_name.h"
#include "config/fill.h"

namespace ainit::config {

std::optional<int> Reader::signal_in(std::string_view key, const std::string& text, const toml::node& node) {
    const auto number = signal_of(text);
    if (!number) {
        fail(Code::config_type, fmt::format("cannot use \"{}\" in \"{}\" of {}", text, key, path_), "there is no such signal",
             "write a name such as TERM or RTMIN+1, or a number", origin_of(node));
    }
    return number;
}

void Reader::signal(std::string_view key, int& into) {
    if (!has(key)) return static_cast<void>(find(key));
    std::string name;
    text(key, name);
    if (name.empty()) return;
    if (const auto number = signal_in(key, name, *table_.get(key))) into = *number;
}

void Reader::signals(std::string_view key, std::map<int, int>& into) {
    if (!has(key)) return static_cast<void>(find(key));
    Settings pairs;
    settings(key, pairs);
    for (const auto& [from, to] : pairs) {
        const toml::node& node = *table_.get(key);
        const auto first = signal_in(key, from, node);
        const auto second = to == "0" ? std::optional{0} : signal_in(key, to, node);
        if (first && second) into[*first] = *second;
    }
}

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
