// SPDX-License-Identifier: Apache-2.0
#include "plan/roles.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "plan/setting.h"

namespace ainit::plan {
namespace {

struct Flag {
    std::string_view key;
    bool config::Role::* wanted;
    bool ObservedRole::* found;
};

constexpr std::array kFlags{
    Flag{"login", &config::Role::login, &ObservedRole::login},
    Flag{"superuser", &config::Role::superuser, &ObservedRole::superuser},
    Flag{"createdb", &config::Role::createdb, &ObservedRole::createdb},
    Flag{"createrole", &config::Role::createrole, &ObservedRole::createrole},
    Flag{"inherit", &config::Role::inherit, &ObservedRole::inherit},
    Flag{"replication", &config::Role::replication, &ObservedRole::replication},
    Flag{"bypassrls", &config::Role::bypassrls, &ObservedRole::bypassrls},
};

bool given(const config::Role& role, std::string_view key) {
    return std::ranges::find(role.given, key) != role.given.end();
}

std::string_view on_off(bool value) {
    return value ? "on" : "off";
}

/// A role that a migration makes is left alone until it is there.
const ObservedRole* find(const Observed& observed, const std::string& name) {
    const auto found = observed.roles.find(name);
    return found == observed.roles.end() ? nullptr : &found->second;
}

bool comes_later(const config::Role& role, const Observed& observed, Phase phase) {
    return phase == Phase::before_migrations && !role.after_migrations_of.empty() &&
           find(observed, role.name) == nullptr;
}

class Roles {
  public:
    Roles(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan)
        : desired_{desired}, observed_{observed}, phase_{phase}, plan_{plan} {}

    void all() {
        each(&Roles::make);
        each(&Roles::enroll);
        each(&Roles::set);
    }

  private:
    void each(void (Roles::*part)(const config::Role&, const ObservedRole*)) {
        for (const config::Role& role : desired_.roles) {
            if (!comes_later(role, observed_, phase_)) {
                (this->*part)(role, find(observed_, role.name));
            }
        }
    }

    void add(Action action, std::string reason, const config::Role& role) {
        plan_.steps.push_back({std::move(action), std::move(reason), role.origin});
    }

    void make(const config::Role& role, const ObservedRole* found) {
        if (found == nullptr) {
            return add(CreateRole{role}, fmt::format("role \"{}\" does not exist", role.name), role);
        }
        alter(role, *found);
        // Only a login tells whether a password fits; a role that could not log in until now gets its own with the
        // right to.
        const bool admitted = given(role, "login") && role.login && !found->login;
        if (role.password.empty() || (found->password_fits.value_or(true) && !admitted)) return;
        add(SetPassword{role.name, role.password},
            admitted ? fmt::format("role \"{}\" may log in from now on", role.name)
                     : fmt::format("a login of role \"{}\" with the configured password fails", role.name),
            role);
    }

    void alter(const config::Role& role, const ObservedRole& found) {
        std::vector<std::string> changed;
        std::vector<std::string> reasons;
        const auto differs = [&](std::string_view key, const auto& is, const auto& wanted) {
            changed.emplace_back(key);
            reasons.push_back(fmt::format("{} is {}, wanted {}", key, is, wanted));
        };
        for (const Flag& flag : kFlags) {
            const bool wanted = role.*flag.wanted;
            const bool is = found.*flag.found;
            if (given(role, flag.key) && wanted != is) differs(flag.key, on_off(is), on_off(wanted));
        }
        if (given(role, "connection_limit") && role.connection_limit != found.connection_limit) {
            differs("connection_limit", found.connection_limit, role.connection_limit);
        }
        if (given(role, "valid_until") && role.valid_until != found.valid_until) {
            differs("valid_until", found.valid_until.empty() ? "not set" : found.valid_until, role.valid_until);
        }
        if (!changed.empty()) add(AlterRole{role, changed}, join(reasons, "; "), role);
    }

    void enroll(const config::Role& role, const ObservedRole* found) {
        for (const std::string& of : role.member_of) {
            if (found != nullptr && found->member_of.contains(of)) continue;
            add(GrantMembership{of, role.name}, fmt::format("role \"{}\" is no member of \"{}\"", role.name, of), role);
        }
    }

    void set(const config::Role& role, const ObservedRole* found) {
        for (const auto& [name, value] : role.settings) {
            const auto is = found == nullptr ? std::optional<std::string>{} : setting(found->settings, name);
            if (is && same_setting(*is, value)) continue;
            add(SetRoleSetting{role.name, name, value}, setting_reason(is, value), role);
        }
        if (given(role, "comment") && role.comment != (found == nullptr ? "" : found->comment)) {
            add(CommentOnRole{role.name, role.comment}, "its comment differs", role);
        }
    }

    const config::Config& desired_;
    const Observed& observed_;
    Phase phase_;
    Plan& plan_;
};

}  // namespace

void plan_roles(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan) {
    Roles{desired, observed, phase, plan}.all();
}

}  // namespace ainit::plan
