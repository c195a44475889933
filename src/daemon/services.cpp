// SPDX-License-Identifier: Apache-2.0
#include "daemon/services.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/home.h"
#include "base/log.h"
#include "base/text.h"
#include "config/needs.h"
#include "daemon/run.h"
#include "daemon/supervision.h"
#include "health/prober.h"
#include "migrate/command/tool.h"

namespace ainit::daemon {
namespace {

using services::State;

constexpr std::string_view kRoom = "services";
constexpr Duration kLeastDeadline{500};

services::Restart restart_of(const std::string& text) {
    if (text == "always") return services::Restart::always;
    return text == "never" ? services::Restart::never : services::Restart::on_failure;
}

services::OutputMode output_of(const std::string& text) {
    if (text == "prefix") return services::OutputMode::prefix;
    return text == "json" ? services::OutputMode::json : services::OutputMode::pass;
}

/// The Supervisor knows services by their names alone, and everything else by what it is released with.
std::vector<std::string> needs_for_supervisor(const config::Config& config, const config::Service& service) {
    std::vector<std::string> needs;
    for (const config::Need& need : config::needs_of(config, service)) {
        needs.push_back(need.kind == config::Need::Kind::service ? need.name : need.text());
    }
    return needs;
}

services::EndingRules ending_of(const config::Config& config) {
    services::EndingRules rules;
    rules.deadline = std::max(stop_timeout_of(config) - config.run.stop_delay, kLeastDeadline);
    rules.zero_when_asked = config.run.zero_when_stopped;
    return rules;
}

services::Service service_of(const config::Config& config, const config::Service& from) {
    services::Service service;
    service.name = from.name;
    service.origin = from.origin;
    service.needs = needs_for_supervisor(config, from);
    service.rules.restart = restart_of(from.restart);
    service.rules.limit = from.restart_limit;
    service.rules.backoff = from.backoff;
    service.rules.ready_timeout = from.ready_timeout;
    service.rules.grace = from.stop_timeout.value_or(ending_of(config).deadline * 2 / 3);
    service.ready = from.ready;
    service.stop_signal = from.stop_signal;
    service.rewrite = from.rewrite;
    service.output = output_of(from.output);
    service.main = from.main;
    service.critical = from.critical;
    return service;
}

std::vector<services::Service> all_services(const config::Config& config) {
    std::vector<services::Service> all;
    for (const config::Service& one : config.services) all.push_back(service_of(config, one));
    return all;
}

void set_variable(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    environment.push_back(name + "=" + value);
}

/// What it has of our own environment: nothing that holds a secret of the configuration, unless it is to have it.
std::vector<std::string> inherited_by(const config::Service& service) {
    std::vector<std::string> environment = inherited_environment();
    for (const std::string& name : service.keep_env) {
        if (const char* value = std::getenv(name.c_str())) set_variable(environment, name, value);
    }
    if (service.user.empty()) return environment;
    if (const auto home = home_of(service.user)) {
        set_variable(environment, "HOME", home->folder);
        set_variable(environment, "USER", home->user);
        set_variable(environment, "LOGNAME", home->user);
    }
    return environment;
}

Result<Command> make_command(const config::Config& config, const postgres::Server& server, const config::Service& service) {
    migrate::command::Values values;
    if (!service.database.empty()) {
        values = migrate::command::placeholders(server, login_of(config, service.database, service.role).in_person());
    }
    Command command;
    for (const std::string& argument : service.command) command.arguments.push_back(migrate::command::fill(argument, values));
    command.environment = migrate::command::environment(inherited_by(service), values, service.environment, {});
    command.directory = service.working_directory;
    command.end_with_us = service.stop_signal;
    if (service.user.empty()) return command;
    auto identity = identity_of(service.user, service.group);
    if (!identity) return std::move(identity).error();
    command.identity = std::move(*identity);
    return command;
}

/// Tells commands apart without keeping the secrets that are in them.
std::size_t fingerprint_of(const Command& command) {
    std::string all = command.directory;
    for (const std::vector<std::string>* part : {&command.arguments, &command.environment}) {
        for (const std::string& one : *part) all += '\0' + one;
        all += '\0';
    }
    return std::hash<std::string>{}(all);
}

health::ServiceFacts facts_of(const services::Status& status) {
    health::ServiceFacts facts;
    facts.name = status.name;
    facts.state = name_of(status.state);
    facts.ready = status.state == State::ready || status.state == State::done;
    facts.given_up = status.state == State::failed || status.state == State::stopped;
    facts.pid = status.pid;
    facts.restarts = status.restarts;
    facts.said = scrub(status.said);
    facts.why = scrub(status.why);
    facts.waiting_for = status.missing;
    facts.until_ready = status.until_ready;
    return facts;
}

}  // namespace

Duration stop_timeout_of(const config::Config& config) { return config.run.stop_timeout.value_or(platform_grace()); }

Result<std::unique_ptr<Services>> Services::make(system::Loop& loop, std::shared_ptr<const config::Config> config, postgres::Server server,
                                                 Hooks hooks) {
    for (const config::Service& one : config->services) {
        if (one.user.empty()) continue;
        auto identity = identity_of(one.user, one.group);
        if (identity) continue;
        Failure failure = identity.error();
        failure.because = failure.line();
        failure.what = fmt::format("cannot start service \"{}\"", one.name);
        failure.state = "Nothing was done.";
        failure.where = one.origin;
        return failure;
    }
    return std::unique_ptr<Services>{new Services{loop, std::move(config), std::move(server), std::move(hooks)}};
}

Services::Services(system::Loop& loop, std::shared_ptr<const config::Config> config, postgres::Server server, Hooks hooks)
    : loop_{loop}, config_{std::move(config)}, server_{std::move(server)},
      supervisor_{loop, all_services(*config_), ending_of(*config_), supervisor_hooks(std::move(hooks))} {}

Services::~Services() = default;

services::Supervisor::Hooks Services::supervisor_hooks(Hooks hooks) {
    services::Supervisor::Hooks out;
    out.probe = [this](const std::string& target, std::function<void(const std::string&)> done) {
        health::probe(loop_, target, std::move(done));
    };
    out.command = [this](const std::string& name) { return command_of(name); };
    out.changed = [this, changed = std::move(hooks.changed)] {
        for (const health::ServiceFacts& one : facts()) starts_.hear(one);
        if (changed) changed();
    };
    out.failed = std::move(hooks.failed);
    out.ending = std::move(hooks.ending);
    out.over = std::move(hooks.over);
    return out;
}

Result<Command> Services::command_of(const std::string& name) {
    const config::Service* service = config_->service(name);
    auto command = make_command(*config_, server_, service != nullptr ? *service : removed_.at(name));
    if (command) started_with_[name] = fingerprint_of(*command);
    return command;
}

void Services::start() {
    for (const health::ServiceFacts& one : facts()) starts_.hear(one);
    supervisor_.start();
}

void Services::use(std::shared_ptr<const config::Config> config, postgres::Server server) {
    for (const config::Service& one : config_->services) {
        if (config->service(one.name) == nullptr) removed_.insert_or_assign(one.name, one);
    }
    config_ = std::move(config);
    server_ = std::move(server);
}

/// What takes effect only when this program is started anew.
void Services::tell_of_others() const {
    const std::vector<services::Status> all = supervisor_.status();
    for (const services::Status& status : all) {
        if (config_->service(status.name) != nullptr) continue;
        log::warn(kRoom, fmt::format("{} is not in the configuration any more; it goes on until alkemio-init is started anew", status.name));
    }
    for (const config::Service& one : config_->services) {
        if (std::ranges::find(all, one.name, &services::Status::name) != all.end()) continue;
        log::warn(kRoom, fmt::format("{} is new in the configuration; it is started when alkemio-init is started anew", one.name));
    }
}

void Services::renew() {
    tell_of_others();
    std::vector<std::string> to_restart;
    for (const services::Status& status : supervisor_.status()) {
        const config::Service* service = config_->service(status.name);
        if (service == nullptr || status.pid <= 0) continue;
        const auto command = make_command(*config_, server_, *service);
        if (!command || fingerprint_of(*command) == started_with_[status.name]) continue;
        if (service->restart_on_change) {
            to_restart.push_back(status.name);
            continue;
        }
        log::warn(kRoom, fmt::format("{} goes on with the command and environment that it was started with; they are others now", status.name),
                  {{"hint", "restart it, or all; [[service]] restart_on_change does it by itself"}});
    }
    supervisor_.restart(to_restart);
}

void Services::release(const std::string& need) { supervisor_.release(need); }

void Services::forward(const system::Signal& signal) { supervisor_.forward(signal); }

void Services::stop(int signal) { supervisor_.stop(signal); }

std::vector<health::ServiceFacts> Services::facts() const {
    std::vector<health::ServiceFacts> all;
    for (const services::Status& one : supervisor_.status()) {
        all.push_back(facts_of(one));
        all.back().was_ready = starts_.was_ready(one.name);
    }
    return all;
}

std::string Services::not_ready() const {
    for (const services::Status& one : supervisor_.status()) {
        const bool ready = one.state == State::ready || one.state == State::done;
        if (ready || !one.critical) continue;
        std::string text = fmt::format("service {} is {}", one.name, name_of(one.state));
        if (!one.missing.empty()) text += fmt::format(" for {}", join(one.missing, ", "));
        return text;
    }
    return {};
}

}  // namespace ainit::daemon
