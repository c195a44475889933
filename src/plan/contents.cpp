// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "plan/databases.h"
#include "plan/privilege.h"
#include "plan/roles.h"

namespace ainit::plan {
namespace {

/// "tables" of default privileges, "all tables" and "table" of grants are one kind.
std::string singular(std::string_view on) {
    if (on.starts_with("all ")) on.remove_prefix(4);
    if (on.ends_with('s')) on.remove_suffix(1);
    return std::string{on};
}

std::string grantee_of(const std::string& role) {
    return equals_ignoring_case(role, "public") ? "" : role;
}

std::string shown(const std::string& grantee) {
    return grantee.empty() ? "everybody" : fmt::format("role \"{}\"", grantee);
}

/// One database's inside.
class Contents {
  public:
    Contents(const config::Config& desired, const config::Database& wanted, const Observed& observed, Phase phase,
             Plan& plan)
        : wanted_{wanted}, observed_{observed}, late_{late_roles(desired, observed, phase)}, phase_{phase}, plan_{plan} {
        const auto found = observed.databases.find(wanted.name);
        if (found != observed.databases.end()) found_ = &found->second;
        owner_ = wanted.owner.empty() ? observed.user : wanted.owner;
        owner_logs_in_ = desired.account_for(wanted.name).user == owner_;
    }

    void all() {
        // What could not be looked into cannot be compared; why is told with the database itself.
        if (found_ != nullptr && !found_->inside) return;
        for (const config::Schema& schema : wanted_.schemas) compare(schema);
        for (const config::Extension& extension : extensions_of(wanted_)) compare(extension);
        for (const config::Grant& grant : wanted_.grants) compare(grant);
        for (const config::DefaultPrivilege& privilege : wanted_.default_privileges) compare(privilege);
    }

  private:
    void add(Action action, std::string reason, const Origin& origin) {
        if (!owner_logs_in_) act_for(owner_, observed_, origin, plan_);
        plan_.steps.push_back({std::move(action), std::move(reason), origin});
    }

    const std::string& name() const { return wanted_.name; }

    /// A database's owner makes what it owns itself; a part for somebody else takes the maintenance user, who must be a
    /// member of both.
    void act_for_owner_of_part(const std::string& owner, const Origin& origin) {
        if (owner.empty() || owner == owner_) return;
        act_for(owner_, observed_, origin, plan_);
        act_for(owner, observed_, origin, plan_);
    }

    bool schema_is_missing(const std::string& schema) const {
        if (schema.empty() || std::ranges::find(wanted_.schemas, schema, &config::Schema::name) != wanted_.schemas.end()) {
            return false;
        }
        return found_ == nullptr ? schema != "public" : !found_->schemas.contains(schema);
    }

    bool speaks_of_late(const std::vector<std::string>& roles) const {
        return std::ranges::any_of(roles, [&](const std::string& role) { return late_.contains(role); });
    }

    void compare(const config::Schema& schema) {
        const std::string owner = schema.owner.empty() ? wanted_.owner : schema.owner;
        const auto* is = found_ == nullptr ? nullptr : look(found_->schemas, schema.name);
        if (is == nullptr) {
            act_for_owner_of_part(owner, schema.origin);
            add(CreateSchema{name(), schema.name, owner}, fmt::format("schema \"{}\" does not exist", schema.name),
                schema.origin);
        } else if (!schema.owner.empty() && *is != schema.owner) {
            act_for_owner_of_part(owner, schema.origin);
            add(AlterSchemaOwner{name(), schema.name, schema.owner}, fmt::format("its owner is \"{}\"", *is),
                schema.origin);
        }
    }

    void compare(const config::Extension& extension) {
        const auto* is = found_ == nullptr ? nullptr : look(found_->extensions, extension.name);
        if (is == nullptr || (!extension.version.empty() && extension.version != is->version)) foretell(extension);
        if (is == nullptr) {
            add(CreateExtension{name(), extension}, fmt::format("extension \"{}\" is not installed", extension.name),
                extension.origin);
            return;
        }
        if (!extension.version.empty() && extension.version != is->version) {
            add(UpdateExtension{name(), extension}, fmt::format("its version is {}", is->version), extension.origin);
        }
        if (!extension.schema.empty() && extension.schema != is->schema) {
            plan_.drifts.push_back({fmt::format("extension \"{}\" of database \"{}\"", extension.name, name()),
                                    "schema", extension.schema, is->schema,
                                    fmt::format("ALTER EXTENSION {} SET SCHEMA {}, once nothing names its old place",
                                                quote_identifier(extension.name), quote_identifier(extension.schema)),
                                    extension.origin});
        }
    }

    /// Says before anything runs what the server will refuse.
    void foretell(const config::Extension& extension) {
        if (!observed_.offer) return;
        const std::set<std::string>* versions = look(observed_.offer->extensions, extension.name);
        if (versions != nullptr && (extension.version.empty() || versions->contains(extension.version))) return;
        Failure warning;
        warning.code = Code::provision_step;
        warning.what = fmt::format("extension \"{}\" cannot be installed in database \"{}\"", extension.name, name());
        warning.because = versions == nullptr ? "the server does not have it"
                                              : fmt::format("the server does not have its version {}, only {}",
                                                            extension.version,
                                                            join(std::vector(versions->begin(), versions->end()), ", "));
        warning.hint = versions == nullptr ? "install its package on the server" : "name a version that is there, or none";
        warning.where = extension.origin;
        plan_.warnings.push_back(std::move(warning));
    }

    template <class Map>
    static const typename Map::mapped_type* look(const Map& map, const std::string& key) {
        const auto found = map.find(key);
        return found == map.end() ? nullptr : &found->second;
    }

    /// The objects a grant speaks of, as far as they are there: (kind, schema, name).
    std::set<std::string> objects_of(const config::Grant& grant) const {
        std::set<std::string> names;
        const std::string on = singular(grant.on);
        if (found_ != nullptr) {
            for (const ObservedPrivilege& one : found_->privileges) {
                if (one.on == on && one.schema == grant.schema) names.insert(one.object);
            }
        }
        if (grant.objects.empty()) return names;
        std::set<std::string> listed;
        for (const std::string& object : grant.objects) {
            if (names.contains(object)) listed.insert(object);
        }
        return listed;
    }

    /// What a grant speaks of may be made by migrations: before them it is left for later, after them the server says
    /// what is missing.
    bool comes_later(const config::Grant& grant, const std::set<std::string>& there) const {
        if (phase_ != Phase::before_migrations) return false;
        const std::string schema = grant.on == "database" ? "" : grant.schema;
        return there.size() < grant.objects.size() || schema_is_missing(schema) || speaks_of_late(grant.roles);
    }

    void compare(const config::Grant& grant) {
        const bool whole = grant.on == "database" || grant.on == "schema";
        const std::set<std::string> objects = whole ? std::set<std::string>{""} : objects_of(grant);
        if (comes_later(grant, objects)) return;
        const bool all_there = whole || objects.size() >= grant.objects.size();
        std::string reason = all_there ? lacking(grant, objects) : "an object of it is not there";
        if (!reason.empty()) add(GrantPrivileges{name(), grant}, std::move(reason), grant.origin);
    }

    /// The first privilege that somebody lacks, as a reason; empty when nobody lacks any.
    std::string lacking(const config::Grant& grant, const std::set<std::string>& objects) const {
        const std::string on = singular(grant.on);
        const std::set<std::string> privileges = expand_privileges(grant.privileges, on, observed_.version);
        for (const std::string& object : objects) {
            for (const std::string& role : grant.roles) {
                for (const std::string& privilege : privileges) {
                    if (has(grant, on, object, grantee_of(role), privilege)) continue;
                    return fmt::format("{} lacks {}{}", shown(grantee_of(role)), privilege,
                                       object.empty() ? "" : fmt::format(" on \"{}\"", object));
                }
            }
        }
        return {};
    }

    bool has(const config::Grant& grant, const std::string& on, const std::string& object, const std::string& grantee,
             const std::string& privilege) const {
        if (found_ == nullptr) return false;
        ObservedPrivilege wanted{on, on == "database" ? "" : grant.schema, object, grantee, privilege, true};
        if (found_->privileges.contains(wanted)) return true;
        wanted.grantable = false;
        return !grant.with_grant_option && found_->privileges.contains(wanted);
    }

    /// Whether future objects get the privilege already. Where nobody changed an owner's defaults for a kind of object
    /// the catalog holds nothing of them: the server's own hold, and granting what they give leaves no trace.
    bool will_have(const ObservedDefaultPrivilege& wanted) const {
        const auto same_list = [&](const ObservedDefaultPrivilege& one) {
            return one.owner == wanted.owner && one.schema == wanted.schema && one.on == wanted.on;
        };
        if (found_ != nullptr && std::ranges::any_of(found_->default_privileges, same_list)) {
            return found_->default_privileges.contains(wanted);
        }
        if (!wanted.schema.empty()) return false;
        const bool everybodys = wanted.grantee.empty() && (wanted.on == "function" || wanted.on == "type");
        return everybodys || wanted.grantee == wanted.owner;
    }

    void compare(const config::DefaultPrivilege& privilege) {
        const std::string owner = privilege.owner.empty() ? owner_ : privilege.owner;
        if (phase_ == Phase::before_migrations &&
            (late_.contains(owner) || speaks_of_late(privilege.roles) || schema_is_missing(privilege.schema))) {
            return;
        }
        const std::string on = singular(privilege.on);
        for (const std::string& role : privilege.roles) {
            for (const std::string& one : expand_privileges(privilege.privileges, on, observed_.version)) {
                if (will_have({owner, privilege.schema, on, grantee_of(role), one})) continue;
                act_for_owner_of_part(owner, privilege.origin);
                return add(AlterDefaultPrivileges{name(), privilege, owner},
                           fmt::format("{} will lack {}", shown(grantee_of(role)), one), privilege.origin);
            }
        }
    }

    const config::Database& wanted_;
    const ObservedDatabase* found_{nullptr};
    std::string owner_{};
    const Observed& observed_;
    std::set<std::string> late_;
    bool owner_logs_in_{};  ///< else what is inside is made by the maintenance user
    Phase phase_;
    Plan& plan_;
};

}  // namespace

void plan_contents(const config::Config& desired, const Observed& observed, Phase phase, Plan& plan) {
    for (const config::Database& wanted : desired.databases) {
        Contents{desired, wanted, observed, phase, plan}.all();
    }
}

}  // namespace ainit::plan
