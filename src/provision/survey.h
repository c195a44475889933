// SPDX-License-Identifier: Apache-2.0
// A running cluster as a configuration that would make it: `config generate`.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "postgres/sessions.h"

namespace ainit::provision {

/// Every role and database that PostgreSQL does not bring itself, with what is inside as far as the model of the
/// configuration goes; no passwords. The database of `postgres.database` is left out if its name is "postgres", and so is the
/// maintenance user. Reads only, as the maintenance user, who needs CONNECT everywhere.
Result<config::Config> survey(postgres::Sessions& sessions, const config::Postgres& postgres, const Stop& stop);

}  // namespace ainit::provision
