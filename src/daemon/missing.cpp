// SPDX-License-Identifier: Apache-2.0
#include "daemon/missing.h"

#include <algorithm>

#include <fmt/format.h>

namespace ainit::daemon {
namespace {

std::string because_of(const postgres::Login& login, const provision::Existence& existence) {
    if (existence.role) return fmt::format("database \"{}\" does not exist", login.database);
    if (existence.database) return fmt::format("role \"{}\" does not exist", login.user);
    return fmt::format("neither database \"{}\" nor role \"{}\" exists", login.database, login.user);
}

bool is_made_by_us(const config::Config& config, const postgres::Login& login, const provision::Existence& existence) {
    return (existence.role || config.role(login.user) != nullptr) &&
           (existence.database || config.database(login.database) != nullptr);
}

}  // namespace

std::optional<Failure> missing(const config::Config& config, const postgres::Login& login, const provision::Existence& existence) {
    if (existence.role && existence.database) return {};
    Failure failure;
    failure.code = existence.role ? Code::no_database : Code::authentication;
    failure.what = fmt::format("cannot work in database \"{}\"", login.database);
    failure.because = because_of(login, existence);
    failure.state = "Nothing was changed.";
    failure.hint = is_made_by_us(config, login, existence) ? "provision first, which makes it: alkemio-init once"
                                                          : "declare it in the configuration, and provision: alkemio-init once";
    if (const config::Database* database = config.database(login.database)) failure.where = database->origin;
    return failure;
}

Failure advised_without_file(const config::Config& config, Failure failure) {
    if (failure.code != Code::no_database || !config.file.empty()) return failure;
    const auto named = std::ranges::find(config.settings, "postgres.database", &config::Setting::key);
    constexpr std::string_view kVariable{"environment "};
    const bool by_variable = named != config.settings.end() && named->source.starts_with(kVariable);
    const std::string name = by_variable ? named->source.substr(kVariable.size()) : "PGDATABASE";
    failure.hint = fmt::format("{} names the database to log in to first, which must be there: let it be postgres, and name the "
                               "one to make in DATABASE_NAME, which `alkemio-init once` makes",
                               name);
    return failure;
}

}  // namespace ainit::daemon
