// SPDX-License-Identifier: Apache-2.0
// Desired × observed → plan. Pure: no I/O, no clock.
#pragma once

#include "config/config.h"
#include "plan/observed.h"
#include "plan/step.h"

namespace ainit::plan {

/// Before migrations a role that they make (after_migrations_of) and grants on objects that are not there yet are left
/// for later; after them everything is compared. Where no migration is pending, it is after them.
enum class Phase { before_migrations, after_migrations };

/// Steps in the order they must run: roles, memberships, settings, databases, then each database's contents.
/// Existing objects are adopted; only what is written in the configuration is compared.
Plan make_plan(const config::Config& desired, const Observed& observed, Phase phase = Phase::before_migrations);

/// Extensions a profile's service needs (facts of its version in docs/configuration.md), added to those configured.
std::vector<config::Extension> extensions_of(const config::Database& database);

}  // namespace ainit::plan
