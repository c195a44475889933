// SPDX-License-Identifier: Apache-2.0
// What to say where nothing is provisioned yet: a login is told only that it is refused (28P01), also if its role does not
// exist.
#pragma once

#include <optional>

#include "config/config.h"
#include "provision/provision.h"

namespace ainit::daemon {

/// Why nobody can work there: which of role and database does not exist, and who makes it; empty if both do.
std::optional<Failure> missing(const config::Config& config, const postgres::Login& login, const provision::Existence& existence);

/// Where there is no file, the hint about the maintenance database names the variable that names it; other failures stay.
Failure advised_without_file(const config::Config& config, Failure failure);

}  // namespace ainit::daemon
