// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <algorithm>
#include <utility>

namespace ainit::config {
namespace {

template <class Items>
auto named(const Items& items, std::string_view name) {
    const auto found =
        std::ranges::find_if(items, [&](const auto& item) { return item.name == name; });
    return found == items.end() ? nullptr : &*found;
}

}  // namespace

void set_engine(Migration& migration, std::string engine) {
    migration.engine = std::move(engine);
    if (migration.engine != "typeorm") return;
    migration.table.clear();
    migration.transaction.clear();
    migration.on_changed = "warn";
}

const Role* Config::role(std::string_view name) const {
    return named(roles, name);
}

const Database* Config::database(std::string_view name) const {
    return named(databases, name);
}

const Service* Config::service(std::string_view name) const {
    return named(services, name);
}

const std::string& Config::owner_of(std::string_view name) const {
    const Database* found = database(name);
    return found == nullptr || found->owner.empty() ? postgres.user : found->owner;
}

Account Config::account_for(std::string_view name, std::string_view role_name) const {
    const std::string user = role_name.empty() ? owner_of(name) : std::string{role_name};
    if (user == postgres.user) return {user, postgres.password};
    const Role* found = role(user);
    if (found != nullptr && !found->password.empty()) return {user, found->password};
    return {postgres.user, postgres.password, user};
}

}  // namespace ainit::config
