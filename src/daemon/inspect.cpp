// SPDX-License-Identifier: Apache-2.0
#include "daemon/inspect.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/profile.h"

namespace ainit::daemon {
namespace {

class Inspection {
  public:
    Inspection(const config::Database& wanted, const Summary& seen) : wanted_{wanted}, seen_{seen} {}

    std::vector<verify::Finding> all(const config::Config& config) {
        const auto found = seen_.observed.databases.find(wanted_.name);
        const bool there = found != seen_.observed.databases.end();
        tell("the database exists", there, "it does not exist", "provision it: alkemio-init once", wanted_.origin);
        if (!there) return std::move(findings_);
        look_at_owner(found->second);
        look_at_what_is_fixed(found->second);
        for (const config::Extension& extension : wanted_.extensions) look_at(extension, found->second);
        for (const MigrationStatus& status : seen_.migrations) {
            if (status.database == wanted_.name) look_at(status, config);
        }
        return std::move(findings_);
    }

  private:
    verify::Finding& tell(std::string what, bool good, std::string detail, std::string hint, const Origin& origin) {
        verify::Finding& finding = findings_.emplace_back();
        finding.database = wanted_.name;
        finding.check = std::move(what);
        finding.good = good;
        finding.origin = origin;
        if (good) return finding;
        Failure failure;
        failure.code = Code::check_failed;
        failure.what = fmt::format("cannot verify that {} in database \"{}\"", finding.check, wanted_.name);
        if (finding.check.starts_with("the database")) failure.what = fmt::format("cannot verify that database \"{}\" exists", wanted_.name);
        failure.because = finding.detail = std::move(detail);
        failure.state = "Nothing was changed by the check.";
        failure.hint = std::move(hint);
        failure.where = origin;
        finding.failure = std::move(failure);
        return finding;
    }

    void look_at_owner(const plan::ObservedDatabase& found) {
        if (wanted_.owner.empty()) return;
        tell(fmt::format("its owner is \"{}\"", wanted_.owner), found.owner == wanted_.owner, fmt::format("it is \"{}\"", found.owner),
             "alkemio-init once gives it to its owner", wanted_.origin);
    }

    /// What was given once, when it was made: encoding, locale and their like.
    void look_at_what_is_fixed(const plan::ObservedDatabase& found) {
        const std::string object = fmt::format("database \"{}\"", wanted_.name);
        std::vector<std::string> wrong;
        std::string remedy;
        for (const plan::Drift& drift : seen_.plan.drifts) {
            if (drift.object != object) continue;
            wrong.push_back(fmt::format("{} is {}, wanted {}", drift.property, drift.found, drift.wanted));
            remedy = drift.remedy;
        }
        tell("encoding and locale are as wanted", wrong.empty(), join(wrong, "; "), remedy, wanted_.origin).detail =
            wrong.empty() ? fmt::format("{}, {}, {}", found.encoding, found.lc_collate, found.lc_ctype) : join(wrong, "; ");
    }

    void look_at(const config::Extension& extension, const plan::ObservedDatabase& found) {
        const config::Profile* profile = config::find_profile(wanted_.profile);
        // Its own checks ask for those, over the service's own login.
        if (profile != nullptr && std::ranges::find(profile->extensions, extension.name) != profile->extensions.end()) return;
        const auto installed = found.extensions.find(extension.name);
        const bool there = installed != found.extensions.end();
        auto& finding = tell(fmt::format("extension \"{}\" is installed", extension.name), there,
                             found.inside ? "it is not installed" : "nobody could log in to look", "alkemio-init once installs it",
                             extension.origin);
        if (there) finding.detail = fmt::format("version {}", installed->second.version);
    }

    void look_at(const MigrationStatus& status, const config::Config& config) {
        const std::string what = fmt::format("migrations \"{}\" are applied", status.name);
        if (status.failure || !status.level) {
            auto& finding = tell(what, false, status.failure ? status.failure->line() : "they were not looked at", {}, status.origin);
            if (!status.failure) return;
            finding.failure->code = status.failure->transient || status.failure->signal != 0 ? status.failure->code : Code::check_error;
            finding.failure->sqlstate = status.failure->sqlstate;
            finding.failure->hint = status.failure->hint;
            finding.failure->transient = status.failure->transient;
            finding.failure->signal = status.failure->signal;
            return;
        }
        const migrate::Level& level = *status.level;
        if (!level.findings.empty()) {
            tell(what, false, level.findings.front().line(), level.findings.front().hint, status.origin);
            return;
        }
        const auto migration = std::ranges::find(config.migrations, status.name, &config::Migration::name);
        const bool recorded = migration == config.migrations.end() || migration->ledger_query.empty() || level.applied() > 0;
        const bool good = level.knowable ? level.pending() == 0 : recorded;
        const std::string count = fmt::format("{} applied, {} pending", level.applied(), level.pending());
        tell(what, good, level.knowable ? count : "nothing is recorded", "alkemio-init migrate run applies them", status.origin).detail =
            level.knowable ? count : recorded ? fmt::format("{} recorded; its tool cannot be asked", level.applied()) : "nothing is recorded";
    }

    const config::Database& wanted_;
    const Summary& seen_;
    std::vector<verify::Finding> findings_{};
};

}  // namespace

std::vector<verify::Finding> inspect(const config::Config& config, const Summary& seen, const std::vector<std::string>& databases) {
    std::vector<verify::Finding> all;
    for (const config::Database& wanted : config.databases) {
        if (!databases.empty() && std::ranges::find(databases, wanted.name) == databases.end()) continue;
        std::ranges::move(Inspection{wanted, seen}.all(config), std::back_inserter(all));
    }
    return all;
}

}  // namespace ainit::daemon
