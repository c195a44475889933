// SPDX-License-Identifier: Apache-2.0
#include "plan/databases.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/text.h"
#include "plan/roles.h"
#include "plan/setting.h"

namespace ainit::plan {
namespace {

constexpr int kProvidersSince = 150000;
constexpr int kIcuRulesSince = 160000;
constexpr int kBuiltinSince = 170000;

/// `UTF-8`, `utf8` and `UTF8` are one; so are the codesets of `en_US.utf8` and `en_US.UTF-8`.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '@') {
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return out;
}

class Databases {
  public:
    Databases(const config::Config& desired, const Observed& observed, Plan& plan)
        : desired_{desired}, observed_{observed}, plan_{plan} {}

    void all() {
        for (const config::Database& wanted : desired_.databases) {
            if (!possible(wanted)) continue;
            const auto found = observed_.databases.find(wanted.name);
            if (found == observed_.databases.end()) {
                make(wanted);
            } else {
                adopt(wanted, found->second);
            }
            set(wanted, found == observed_.databases.end() ? nullptr : &found->second);
        }
    }

  private:
    void add(Action action, std::string reason, const config::Database& wanted) {
        plan_.steps.push_back({std::move(action), std::move(reason), wanted.origin});
    }

    void drift(const config::Database& wanted, std::string property, std::string is_wanted, std::string found,
               std::string remedy) {
        plan_.drifts.push_back({fmt::format("database \"{}\"", wanted.name), std::move(property),
                                std::move(is_wanted), std::move(found), std::move(remedy), wanted.origin});
    }

    void warn(Code code, const config::Database& wanted, std::string what, std::string because, std::string hint) {
        Failure warning;
        warning.code = code;
        warning.what = std::move(what);
        warning.because = std::move(because);
        warning.hint = std::move(hint);
        warning.where = wanted.origin;
        plan_.warnings.push_back(std::move(warning));
    }

    std::string version() const { return fmt::format("PostgreSQL {}", observed_.version / 10000); }

    /// Whether this version of the server can make such a database at all.
    bool possible(const config::Database& wanted) {
        const auto too_old = [&](std::string_view key, const std::string& value, int since) {
            if (value.empty() || observed_.version >= since) return false;
            drift(wanted, std::string{key}, value, version() + ", which does not know it",
                  fmt::format("upgrade the server to {}, or remove {}", since / 10000, key));
            return true;
        };
        const std::string& provider = wanted.locale_provider;
        const int since = provider == "builtin" ? kBuiltinSince : provider == "icu" ? kProvidersSince : 0;
        return !too_old("locale_provider", provider, since) &&
               !too_old("icu_rules", wanted.icu_rules, kIcuRulesSince);
    }

    void make(config::Database wanted) {
        if (!wanted.strategy.empty() && observed_.version < kProvidersSince) {
            warn(Code::config_conflict, wanted, fmt::format("strategy of database \"{}\" is not used", wanted.name),
                 version() + " does not know it", "remove it");
            wanted.strategy.clear();
        }
        // The only one there is needs no name, and has none there.
        if (observed_.version < kProvidersSince) wanted.locale_provider.clear();
        if (!observed_.superuser && !observed_.createdb) {
            warn(Code::privilege, wanted, fmt::format("database \"{}\" cannot be created", wanted.name),
                 fmt::format("\"{}\" has no CREATEDB", observed_.user),
                 fmt::format("ALTER ROLE {} CREATEDB", quote_identifier(observed_.user)));
        }
        act_for(wanted.owner, observed_, wanted.origin, plan_);
        std::string reason = fmt::format("database \"{}\" does not exist", wanted.name);
        std::string owner = wanted.owner;
        add(CreateDatabase{wanted, std::move(owner)}, std::move(reason), wanted);
    }

    void adopt(const config::Database& wanted, const ObservedDatabase& found) {
        if (!wanted.owner.empty() && wanted.owner != found.owner) {
            act_for(wanted.owner, observed_, wanted.origin, plan_);
            add(AlterDatabaseOwner{wanted.name, wanted.owner}, fmt::format("its owner is \"{}\"", found.owner),
                wanted);
        }
        compare_fixed(wanted, found);
        if (!found.allows_connections) {
            drift(wanted, "allow_connections", "true", "false",
                  fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS true", quote_identifier(wanted.name)));
        }
        if (!found.collation_drift.empty()) {
            warn(Code::drift, wanted, fmt::format("the collation version of database \"{}\" has changed", wanted.name),
                 found.collation_drift,
                 "rebuild its indexes on text (REINDEX DATABASE), then ALTER DATABASE … REFRESH COLLATION VERSION");
        }
    }

    static bool given(const config::Database& wanted, std::string_view key) {
        return std::ranges::find(wanted.given, key) != wanted.given.end();
    }

    /// What was decided when the database was made.
    void compare_fixed(const config::Database& wanted, const ObservedDatabase& found) {
        const std::string again = "dump it, and restore it into a database made with the wanted one; or write down "
                                  "what there is";
        const auto compare = [&](std::string_view property, const std::string& is_wanted, const std::string& is) {
            // A locale that is C must be C: Synapse compares literally, and so do we where it is one of the two.
            const bool same = is_wanted == is || (plain(is_wanted) == plain(is) && is_wanted != "C" && is != "C");
            if (!is_wanted.empty() && !same) drift(wanted, std::string{property}, is_wanted, is, again);
        };
        compare("encoding", wanted.encoding, found.encoding);
        compare("lc_collate", wanted.lc_collate.empty() ? wanted.locale : wanted.lc_collate, found.lc_collate);
        compare("lc_ctype", wanted.lc_ctype.empty() ? wanted.locale : wanted.lc_ctype, found.lc_ctype);
        compare("locale_provider", wanted.locale_provider, found.locale_provider);
        // The server keeps an old ICU name (de@collation=phonebook) as the language tag it stands for.
        if (wanted.icu_locale.find('@') == std::string::npos) compare("icu_locale", wanted.icu_locale, found.locale);
        compare("icu_rules", wanted.icu_rules, found.icu_rules);
        compare("builtin_locale", wanted.builtin_locale, found.locale);
        if (!wanted.tablespace.empty() && wanted.tablespace != found.tablespace) {
            drift(wanted, "tablespace", wanted.tablespace, found.tablespace,
                  fmt::format("ALTER DATABASE {} SET TABLESPACE {} moves all its files and wants it empty of sessions",
                              quote_identifier(wanted.name), quote_identifier(wanted.tablespace)));
        }
    }

    /// What only the owner may do.
    void change(Action action, std::string reason, const config::Database& wanted) {
        act_for(wanted.owner, observed_, wanted.origin, plan_);
        add(std::move(action), std::move(reason), wanted);
    }

    void set(const config::Database& wanted, const ObservedDatabase* found) {
        if (found != nullptr && given(wanted, "connection_limit") &&
            wanted.connection_limit != found->connection_limit) {
            change(AlterConnectionLimit{wanted.name, wanted.connection_limit},
                fmt::format("its connection limit is {}", found->connection_limit), wanted);
        }
        for (const auto& [name, value] : wanted.settings) {
            const auto is = found == nullptr ? std::optional<std::string>{} : setting(found->settings, name);
            if (is && same_setting(name, *is, value)) continue;
            if (observed_.offer && observed_.offer->lacks_setting(name)) {
                warn(Code::config_type, wanted, fmt::format("\"{}\" of database \"{}\" cannot be set", name, wanted.name),
                     kNoSuchSetting, kSettingsHint);
            }
            change(SetDatabaseSetting{wanted.name, name, value}, setting_reason(is, value), wanted);
        }
        if (given(wanted, "comment") && wanted.comment != (found == nullptr ? "" : found->comment)) {
            change(CommentOnDatabase{wanted.name, wanted.comment}, "its comment differs", wanted);
        }
    }

    const config::Config& desired_;
    const Observed& observed_;
    Plan& plan_;
};

}  // namespace

void plan_databases(const config::Config& desired, const Observed& observed, Plan& plan) {
    Databases{desired, observed, plan}.all();
}

}  // namespace ainit::plan
