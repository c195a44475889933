// SPDX-License-Identifier: Apache-2.0
// Checks on a provisioned database, made as the service itself would log in.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "postgres/sessions.h"

namespace ainit::verify {

struct Finding {
    std::string database{};
    std::string check{};   ///< table "identities" exists
    bool good{};
    std::string detail{};  ///< "0 identities", or why not
    std::optional<Failure> failure{};
    Origin origin{};
    Duration duration{0};
    Deadline began{};  ///< with all others of its login, which are asked together
};

/// Every check of the configuration, those of profiles included, in order; `database` empty: of all databases.
std::vector<Finding> verify(postgres::Sessions& sessions, const config::Config& config, const Stop& stop,
                            const std::string& database = {});

}  // namespace ainit::verify
