// SPDX-License-Identifier: Apache-2.0
// The questions that tell how a cluster is, and how their answers become plan::Observed. Only what the configuration
// names is asked for, so a cluster with thousands of roles costs no more than one with four.
#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "plan/observed.h"
#include "postgres/session.h"

namespace ainit::provision {

/// Several SELECTs for the maintenance database, in one round trip.
Sql cluster_questions(const config::Config& config, int version);
void read_cluster(const std::vector<postgres::Rows>& answers, plan::Observed& into);

/// Several SELECTs for the inside of one database.
Sql inside_questions(const config::Database& database);
void read_inside(const std::vector<postgres::Rows>& answers, plan::ObservedDatabase& into);

/// The settings and extensions of the configuration that are not as it wants them, and whether there are such at all; no
/// statement where there are none.
std::optional<Sql> offer_questions(const config::Config& config, const plan::Observed& observed);
void read_offer(const std::vector<postgres::Rows>& answers, plan::Observed& into);

}  // namespace ainit::provision
