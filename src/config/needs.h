// SPDX-License-Identifier: Apache-2.0
// What the names in a service's needs mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace ainit::config {

struct Need {
    enum class Kind { database, migrations, check, role, service } kind{};
    std::string name{};

    /// `database=kratos`: as it may be written, and as what is there is told of.
    std::string text() const;
    auto operator<=>(const Need&) const = default;
};

/// Everything that `text` can mean in the needs of `service`; nothing if there is nothing of that name. What a database
/// includes (migrations, checks and roles of its name) is not named beside it, and no service means itself without saying so.
std::vector<Need> meanings(const Config& config, std::string_view service, const std::string& text);

/// All that a service waits for, its database included. The configuration has been checked.
std::vector<Need> needs_of(const Config& config, const Service& service);

/// The same of a dependent, which needs no services; without needs of its own every database.
std::vector<Need> needs_of(const Config& config, const Dependent& dependent);

/// Every name that could be written in needs.
std::vector<std::string> names_to_need(const Config& config);

}  // namespace ainit::config
