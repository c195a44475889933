// SPDX-License-Identifier: Apache-2.0
#include "plan/roles.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "plan/setting.h"

namespace ainit::plan {
namespace {

/// Who may give CREATEDB and its like: before, CREATEROLE was enough for some and never for others.
constexpr int kPowersPassedOnSince = 160000;

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

/// Attributes that not everybody with CREATEROLE may give.
struct Power {
    std::string_view key;
    std::string_view name;
    bool config::Role::* wanted;
    bool ObservedRole::* found;
    bool always_free_before_16;  ///< CREATEROLE was enough
};

constexpr std::array kPowers{
    Power{"superuser", "SUPERUSER", &config::Role::superuser, &ObservedRole::superuser, false},
    Power{"createdb", "CREATEDB", &config::Role::createdb, &ObservedRole::createdb, true},
    Power{"createrole", "CREATEROLE", &config::Role::createrole, &ObservedRole::createrole, true},
    Power{"replication", "REPLICATION", &config::Role::replication, &ObservedRole::replication, false},
    Power{"bypassrls", "BYPASSRLS", &config::Role::bypassrls, &ObservedRole::bypassrls, false},
};

bool given(const config::Role& role, std::string_view key) {
    return std::ranges::find(role.given, key) != role.given.end();
}

/// Whether the configuration says something of an attribute. Who has a password shall log in with it, unless it says otherwise.
bool asked(const config::Role& role, std::string_view key) {
    return given(role, key) || (key == "login" && !role.password.empty());
}

std::string_view on_off(bool value) {
    return value ? "on" : "off";
}

const ObservedRole* find(const Observed& observed, const std::string& name) {
    const auto found = observed.roles.find(name);
    return found == observed.roles.end() ? nullptr : &found->second;
}

class Roles {
  public:
    Roles(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan)
        : desired_{desired}, observed_{observed}, late_{late_roles(desired, observed, phase)}, plan_{plan} {}

    void all() {
        each(&Roles::make);
        each(&Roles::enroll);
        each(&Roles::set);
    }

  private:
    void each(void (Roles::*part)(const config::Role&, const ObservedRole*)) {
        for (const config::Role& role : desired_.roles) {
            if (!late_.contains(role.name)) (this->*part)(role, find(observed_, role.name));
        }
    }

    void add(Action action, std::string reason, const config::Role& role) {
        plan_.steps.push_back({std::move(action), std::move(reason), role.origin});
    }

    void make(const config::Role& role, const ObservedRole* found) {
        if (found == nullptr) {
            if (!observed_.superuser && !observed_.createrole) {
                warn(Code::privilege, fmt::format("role \"{}\" cannot be created", role.name),
                     fmt::format("\"{}\" has no CREATEROLE", observed_.user),
                     fmt::format("ALTER ROLE {} CREATEROLE", quote_identifier(observed_.user)), role);
            }
            for (const Power& power : kPowers) {
                if (role.*power.wanted) foretell(role, power);
            }
            return add(CreateRole{role}, fmt::format("role \"{}\" does not exist", role.name), role);
        }
        alter(role, *found);
        if (role.password.empty()) return;
        // Only a login tells whether a password fits; a role that could not log in until now gets its own with the
        // right to.
        const bool extended = given(role, "valid_until") && role.valid_until != found->valid_until;
        const bool admitted = (asked(role, "login") && role.login && !found->login) || (found->expired && extended);
        if (found->expired && !admitted) return warn_of_expiry(role, *found);
        if (found->password_fits.value_or(true) && !admitted) return;
        add(SetPassword{role.name, role.password},
            admitted ? fmt::format("role \"{}\" may log in from now on", role.name)
                     : fmt::format("a login of role \"{}\" with the configured password fails", role.name),
            role);
    }

    void warn(Code code, std::string what, std::string because, std::string hint, const config::Role& role) {
        Failure warning;
        warning.code = code;
        warning.what = std::move(what);
        warning.because = std::move(because);
        warning.hint = std::move(hint);
        warning.where = role.origin;
        plan_.warnings.push_back(std::move(warning));
    }

    void warn_of_expiry(const config::Role& role, const ObservedRole& found) {
        warn(Code::authentication, fmt::format("role \"{}\" cannot log in", role.name),
             fmt::format("its password was valid until {}", found.valid_until), "give it a later valid_until", role);
    }

    /// Says before anything runs what the server will refuse.
    void foretell(const config::Role& role, const Power& power) {
        if (observed_.superuser) return;
        const ObservedRole* own = find(observed_, observed_.user);
        const bool passed_on = observed_.version >= kPowersPassedOnSince ? own != nullptr && own->*power.found
                                                                         : power.always_free_before_16;
        if (observed_.createrole && passed_on && power.key != "superuser") return;
        warn(Code::privilege, fmt::format("role \"{}\" cannot be given {}", role.name, power.name),
             fmt::format("\"{}\" is no superuser", observed_.user),
             "use a superuser as maintenance user, or give it by hand", role);
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
            if (asked(role, flag.key) && wanted != is) differs(flag.key, on_off(is), on_off(wanted));
        }
        for (const Power& power : kPowers) {
            if (std::ranges::find(changed, power.key) != changed.end()) foretell(role, power);
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
            if (late_.contains(of) || (found != nullptr && found->member_of.contains(of))) continue;
            add(GrantMembership{of, role.name}, fmt::format("role \"{}\" is no member of \"{}\"", role.name, of), role);
        }
    }

    void set(const config::Role& role, const ObservedRole* found) {
        for (const auto& [name, value] : role.settings) {
            const auto is = found == nullptr ? std::optional<std::string>{} : setting(found->settings, name);
            if (is && same_setting(name, *is, value)) continue;
            if (observed_.offer && observed_.offer->lacks_setting(name)) {
                warn(Code::config_type, fmt::format("\"{}\" of role \"{}\" cannot be set", name, role.name),
                     kNoSuchSetting, kSettingsHint, role);
            }
            add(SetRoleSetting{role.name, name, value}, setting_reason(is, value), role);
        }
        if (given(role, "comment") && role.comment != (found == nullptr ? "" : found->comment)) {
            add(CommentOnRole{role.name, role.comment}, "its comment differs", role);
        }
    }

    const config::Config& desired_;
    const Observed& observed_;
    std::set<std::string> late_;
    Plan& plan_;
};

}  // namespace

std::set<std::string> late_roles(const config::Config& desired, const Observed& observed, Phase phase) {
    std::set<std::string> late;
    if (phase != Phase::before_migrations) return late;
    for (const config::Role& role : desired.roles) {
        if (!role.after_migrations_of.empty() && find(observed, role.name) == nullptr) late.insert(role.name);
    }
    return late;
}

void act_for(const std::string& role, const Observed& observed, const Origin& origin, Plan& plan) {
    if (observed.superuser || role.empty() || role == observed.user) return;
    const ObservedRole* found = find(observed, role);
    if (found != nullptr && found->may_set) return;
    const bool planned = std::ranges::any_of(plan.steps, [&](const Step& step) {
        const auto* grant = std::get_if<GrantToSelf>(&step.action);
        return grant != nullptr && grant->role == role;
    });
    if (planned) return;
    plan.steps.push_back({GrantToSelf{role, observed.version},
                          fmt::format("\"{}\" is no superuser, and acts for \"{}\" only as its member",
                                      observed.user, role),
                          origin});
}

void plan_roles(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan) {
    Roles{desired, observed, phase, plan}.all();
}

}  // namespace ainit::plan
