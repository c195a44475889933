// SPDX-License-Identifier: Apache-2.0
// A foreign program with what it needs to reach its database.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/child.h"
#include "migrate/engine.h"

namespace ainit::migrate::command {

using Values = std::map<std::string, std::string>;

/// dsn, host, port, user, password and database of a login: what ${…} stands for.
Values placeholders(const postgres::Server& server, const postgres::Login& login);

/// Replaces ${name} for the names in `values`; any other ${…} is left as it is, and $${…} becomes ${…}.
std::string fill(std::string_view text, const Values& values);

/// NAME=VALUE: what we inherited, then, where there are `values` of a login, DSN, DATABASE_URL, DATABASE_HOST, _PORT, _USERNAME,
/// _PASSWORD, _NAME and _TYPE, and lock_timeout by PGOPTIONS if there is one, then what is `given`, each in the place of the one
/// before.
std::vector<std::string> environment(const std::vector<std::string>& inherited,
                                     const Values& values,
                                     const config::Settings& given,
                                     std::optional<Duration> lock_timeout);

/// Arguments can be read by every user of the machine: a Failure with Code::migration_refused if
/// one of them would hold a password.
std::optional<Failure> secret_in_arguments(const config::Config& config,
                                           const config::Migration& migration,
                                           const postgres::Login& login,
                                           const std::vector<std::string>& arguments);

/// Ready to be started.
Command make_command(const Context& context, const std::vector<std::string>& arguments);

/// The end of a program's output, without secrets.
class LastLines {
  public:
    void add(std::string_view line);
    std::string text() const;  ///< at most 20 lines

  private:
    std::vector<std::string> lines_{};
};

/// A line for people: without secrets, and UTF-8.
std::string clean(std::string_view line);

}  // namespace ainit::migrate::command
