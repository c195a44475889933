// SPDX-License-Identifier: Apache-2.0
// Looking at and provisioning a scratch server as one run would: with sessions of its own each time.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "plan/planner.h"
#include "provision/provision.h"
#include "support/scratch_server.h"

namespace ainit::test {

using Lines = std::vector<std::string>;

inline Stop patience() { return Stop{}.within(Duration{60'000}); }

inline ScratchServer& scratch() { return ScratchServer::shared(); }

inline config::Config config_for(const std::string& user = "postgres", const std::string& password = ScratchServer::password()) {
    config::Config config;
    config.postgres.user = user;
    config.postgres.password = Secret{password};
    return config;
}

inline postgres::Server server_for(const config::Config& config) {
    postgres::Server server = scratch().server();
    server.maintenance = {config.postgres.user, config.postgres.password, config.postgres.database};
    return server;
}

inline config::Role role(const std::string& name, const std::string& password = {}) {
    config::Role role;
    role.name = name;
    role.password = Secret{password};
    role.origin = {"a.toml", 3, 1};
    return role;
}

inline config::Database database(const std::string& name, const std::string& owner) {
    config::Database database;
    database.name = name;
    database.owner = owner;
    database.origin = {"a.toml", 7, 1};
    return database;
}

inline config::Extension extension(const std::string& name, const std::string& schema = {}) {
    config::Extension extension;
    extension.name = name;
    extension.schema = schema;
    return extension;
}

inline config::Grant grant(std::vector<std::string> privileges, const std::string& on, const std::string& schema,
                           std::vector<std::string> objects, std::vector<std::string> roles) {
    config::Grant grant;
    grant.privileges = std::move(privileges);
    grant.on = on;
    grant.schema = schema;
    grant.objects = std::move(objects);
    grant.roles = std::move(roles);
    return grant;
}

inline plan::Observed look(const config::Config& config) {
    postgres::Sessions sessions{server_for(config)};
    auto observed = provision::observe(sessions, config, patience());
    if (!observed) FAIL(observed.error().block());
    return std::move(*observed);
}

inline plan::Plan plan_of(const config::Config& config) {
    return plan::make_plan(config, look(config), plan::Phase::after_migrations);
}

inline provision::Applied apply(const config::Config& config, const plan::Plan& plan, const Stop& stop = patience()) {
    postgres::Sessions sessions{server_for(config)};
    return provision::apply(sessions, plan, config, stop, {});
}

inline Lines steps(const plan::Plan& plan) {
    Lines all;
    for (const plan::Step& step : plan.steps) all.push_back(plan::describe(step.action) + ": " + step.reason);
    return all;
}

inline Lines warnings(const plan::Plan& plan) {
    Lines all;
    for (const Failure& warning : plan.warnings) all.push_back(warning.line());
    return all;
}

inline std::vector<plan::Effect> effects(const provision::Applied& applied) {
    std::vector<plan::Effect> all;
    for (const plan::Outcome& outcome : applied.outcomes) all.push_back(outcome.effect);
    return all;
}

/// Provisions, and finds nothing left to do.
inline provision::Applied converge(const config::Config& config) {
    provision::Applied applied = apply(config, plan_of(config));
    if (applied.failure) FAIL(applied.failure->block());
    const plan::Plan again = plan_of(config);
    CHECK(steps(again) == Lines{});
    CHECK(again.drifts.empty());
    return applied;
}

inline bool logs_in(const std::string& user, const std::string& password, const std::string& database) {
    return postgres::Session::open(scratch().server(), {user, Secret{password}, database}, patience()).has_value();
}

}  // namespace ainit::test
