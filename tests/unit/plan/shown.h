// SPDX-License-Identifier: Apache-2.0
// Plans as text, and small worlds to plan in.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "plan/planner.h"

namespace ainit::test {

using Lines = std::vector<std::string>;

/// `describe: reason` of each step.
inline Lines steps(const plan::Plan& plan) {
    Lines all;
    for (const plan::Step& step : plan.steps) all.push_back(plan::describe(step.action) + ": " + step.reason);
    return all;
}

/// `object property wanted/found` of each drift.
inline Lines drifts(const plan::Plan& plan) {
    Lines all;
    for (const plan::Drift& drift : plan.drifts) {
        all.push_back(drift.object + " " + drift.property + " " + drift.wanted + "/" + drift.found);
    }
    return all;
}

inline Lines warnings(const plan::Plan& plan) {
    Lines all;
    for (const Failure& warning : plan.warnings) all.push_back(warning.line());
    return all;
}

/// The statements, with the password where the verifier would be.
inline Lines sql(const plan::Action& action) {
    Lines all;
    const auto verifier = [](const std::string& role, const Secret& password) {
        return "verifier of " + role + ":" + password.reveal();
    };
    for (const Sql& one : plan::statements(action, verifier)) all.push_back(one.text());
    return all;
}

inline Lines sql(const plan::Plan& plan) {
    Lines all;
    for (const plan::Step& step : plan.steps) {
        for (std::string& one : sql(step.action)) all.push_back(std::move(one));
    }
    return all;
}

/// A server seen by its superuser.
inline plan::Observed server(int version = 170005) {
    plan::Observed observed;
    observed.version = version;
    observed.user = "postgres";
    observed.superuser = observed.createdb = observed.createrole = true;
    observed.max_connections = 100;
    observed.reserved_connections = 3;
    return observed;
}

/// The same seen by a maintenance user without superuser.
inline plan::Observed modest(int version = 170005) {
    plan::Observed observed = server(version);
    observed.user = "prov";
    observed.superuser = false;
    observed.roles["prov"] = {.login = true, .createdb = true, .createrole = true, .inherit = true, .may_set = true};
    return observed;
}

inline config::Config desired_by(const std::string& user = "postgres") {
    config::Config config;
    config.postgres.user = user;
    return config;
}

inline config::Role role(const std::string& name, const std::string& password = {}) {
    config::Role role;
    role.name = name;
    role.password = Secret{password};
    role.origin = {"a.toml", 1, 1};
    return role;
}

inline config::Database database(const std::string& name, const std::string& owner = {}) {
    config::Database database;
    database.name = name;
    database.owner = owner;
    database.origin = {"a.toml", 9, 1};
    return database;
}

/// A database as CREATE DATABASE would make it, looked into.
inline plan::ObservedDatabase made(const std::string& owner) {
    plan::ObservedDatabase database;
    database.owner = owner;
    database.encoding = "UTF8";
    database.lc_collate = database.lc_ctype = "C.UTF-8";
    database.locale_provider = "libc";
    database.tablespace = "pg_default";
    database.inside = true;
    database.schemas["public"] = "pg_database_owner";
    database.extensions["plpgsql"] = {"pg_catalog", "1.0"};
    return database;
}

inline plan::ObservedRole ordinary() {
    plan::ObservedRole role;
    role.login = role.inherit = true;
    return role;
}

}  // namespace ainit::test
