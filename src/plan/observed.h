// SPDX-License-Identifier: Apache-2.0
// What a cluster has, as data. provision/observe.cpp fills it, the planner reads it, tests write it by hand.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ainit::plan {

struct ObservedRole {
    bool login{}, superuser{}, createdb{}, createrole{}, inherit{}, replication{}, bypassrls{};
    int connection_limit{-1};
    /// The configured text where it means the same time, else as the server shows it; empty: not set.
    std::string valid_until{};
    std::set<std::string> member_of{};
    std::map<std::string, std::string> settings{};
    std::string comment{};
    bool expired{};  ///< valid_until has passed: no password fits
    /// Whether a login with the configured password succeeded; empty when none was tried.
    std::optional<bool> password_fits{};
    /// Whether the current user may act for it: as a superuser or, from 16 on with SET and INHERIT, as a member.
    bool may_set{};
};

struct ObservedExtension {
    std::string schema{};
    std::string version{};
};

/// One entry of an access control list: who has which privilege on what.
/// Every object has at least the entries of its owner.
struct ObservedPrivilege {
    std::string on{};         ///< "database", "schema", "table", "sequence", "function"
    std::string schema{};
    std::string object{};
    std::string grantee{};    ///< "" is PUBLIC
    std::string privilege{};  ///< "SELECT", "CREATE" …
    bool grantable{};
    auto operator<=>(const ObservedPrivilege&) const = default;
};

struct ObservedDefaultPrivilege {
    std::string owner{};
    std::string schema{};
    std::string on{};
    std::string grantee{};
    std::string privilege{};
    auto operator<=>(const ObservedDefaultPrivilege&) const = default;
};

struct ObservedDatabase {
    std::string owner{};
    std::string encoding{};
    std::string lc_collate{};
    std::string lc_ctype{};
    std::string locale_provider{};  ///< "libc", "icu", "builtin"
    std::string locale{};           ///< ICU or builtin locale
    std::string icu_rules{};
    std::string tablespace{};
    int connection_limit{-1};
    bool allows_connections{true};
    std::string comment{};
    std::map<std::string, std::string> settings{};
    /// Set when the recorded collation version differs from the system's (15 and newer).
    std::string collation_drift{};

    // Seen from inside the database; unset when nobody could log in there yet.
    bool inside{};
    std::map<std::string, ObservedExtension> extensions{};
    std::map<std::string, std::string> schemas{};  ///< name to owner
    std::set<ObservedPrivilege> privileges{};
    std::set<ObservedDefaultPrivilege> default_privileges{};
};

/// What the server could make of the things that the configuration names, and that are not as it wants them.
struct Offer {
    /// Of the settings that were asked for those that there are, in small letters; none where the user may not see all.
    std::optional<std::set<std::string>> settings{};
    std::map<std::string, std::set<std::string>> extensions{};  ///< name to the versions it has

    /// Names with a dot are anybody's, and some of PostgreSQL's own are in no list.
    bool lacks_setting(const std::string& name) const;
};

struct Observed {
    int version{};  ///< server_version_num
    std::string user{};
    bool superuser{};
    bool createdb{};
    bool createrole{};
    int max_connections{};
    int reserved_connections{};
    std::map<std::string, ObservedRole> roles{};
    std::map<std::string, ObservedDatabase> databases{};
    std::optional<Offer> offer{};  ///< empty where all is as wanted, so that nobody asked
};

}  // namespace ainit::plan
