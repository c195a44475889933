// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/survey.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate::typeorm {
namespace {

class Surveyor {
  public:
    Surveyor(const config::Migration& migration, const Listing& listing, const Evidence& evidence)
        : migration_{migration}, listing_{listing}, evidence_{evidence} {
        for (const Row& row : evidence.rows) applied_.insert(row.name);
    }

    Level make() {
        if (listing_.migrations.empty()) nothing_found();
        for (const Found& found : listing_.migrations) look_at(found);
        older();
        ahead();
        judge(migration_.on_changed, "files that changed after they were applied", changed_,
              "put the change into a new migration, or set on_changed");
        return std::move(level_);
    }

  private:
    Failure about_the_set(std::string because, std::string list, std::string hint) const {
        Failure failure;
        failure.code = Code::migration_set;
        failure.what = fmt::format("cannot migrate database \"{}\"", migration_.database);
        failure.because = std::move(because);
        failure.state = "Nothing was changed.";
        failure.hint = std::move(hint);
        failure.where = migration_.origin;
        failure.excerpt = std::move(list);
        return failure;
    }

    void judge(const std::string& rule, std::string_view because, const std::vector<std::string>& list,
               std::string hint) {
        if (rule == "ignore" || list.empty()) return;
        constexpr std::size_t kFew = 5;
        std::vector<std::string> few{list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min(kFew, list.size()))};
        if (list.size() > kFew) few.push_back(fmt::format("and {} more", list.size() - kFew));
        Failure failure = about_the_set(fmt::format("{}: {}", because, join(few, ", ")), join(list, "\n"), std::move(hint));
        (rule == "warn" ? level_.warnings : level_.findings).push_back(std::move(failure));
    }

    void nothing_found() {
        const std::string recorded = applied_.empty() ? "" : fmt::format("; the ledger has {} as applied", applied_.size());
        const std::string where = listing_.globs.empty() ? "the data source names no file" : "no migration is found by " + list_of(listing_.globs);
        level_.findings.push_back(about_the_set(where + recorded, {}, "see whether the folder is mounted and the globs are right"));
    }

    void look_at(const Found& found) {
        Entry entry;
        entry.name = found.name;
        entry.file = found.file;
        known_.insert(found.name);
        if (!applied_.contains(found.name)) {
            pending_.push_back(&found);
            const auto journal = evidence_.journals.find(found.name);
            if (journal != evidence_.journals.end()) {
                entry.half_done = true;
                entry.note = fmt::format("half done: its first {} statements are committed; see migrate repair",
                                         journal->second.back().number);
            }
            level_.entries.push_back(std::move(entry));
            return;
        }
        entry.state = State::applied;
        last_ = &found;
        const auto record = evidence_.records.find(found.name);
        if (record != evidence_.records.end()) {
            entry.applied_at = record->second.applied_at;
            const auto checksum = evidence_.checksums.find(found.file);
            if (checksum != evidence_.checksums.end() && checksum->second != record->second.checksum) {
                entry.note = "changed since it was applied";
                changed_.push_back(found.name);
            }
        }
        level_.entries.push_back(std::move(entry));
    }

    /// TypeORM's order is by time, so what is applied last is the last of the applied.
    void older() {
        std::vector<std::string> list;
        for (const Found* found : pending_) {
            if (last_ != nullptr && found->timestamp < last_->timestamp) list.push_back(found->name);
        }
        if (list.empty()) return;
        judge(migration_.on_older, fmt::format("pending migrations that are older than {}, which is applied", last_->name),
              list, "give them a newer timestamp, or set on_older");
    }

    void ahead() {
        std::vector<std::string> list;
        for (const Row& row : evidence_.rows) {
            if (known_.contains(row.name)) continue;
            list.push_back(row.name);
            level_.entries.push_back({row.name, State::unknown, {}, {}, "in the ledger, but not among the files"});
        }
        if (listing_.migrations.empty()) return;
        judge(migration_.on_ahead, "the ledger has migrations that are not there", list,
              "an image older than the database? restore the files, or set on_ahead");
    }

    const config::Migration& migration_;
    const Listing& listing_;
    const Evidence& evidence_;
    std::set<std::string> applied_{};
    std::set<std::string> known_{};
    std::vector<const Found*> pending_{};
    std::vector<std::string> changed_{};
    const Found* last_{nullptr};
    Level level_{};
};

}  // namespace

Result<Evidence> read_evidence(postgres::Session& session, const Listing& listing, const Stop& stop) {
    Evidence evidence;
    auto rows = read_ledger(session, listing.schema, listing.table, stop);
    if (!rows) return std::move(rows).error();
    evidence.rows = std::move(*rows);
    auto records = read_records(session, listing.ledger(), stop);
    if (!records) return std::move(records).error();
    evidence.records = std::move(*records);
    return evidence;
}

Level survey(const config::Migration& migration, const Listing& listing, const Evidence& evidence) {
    return Surveyor{migration, listing, evidence}.make();
}

}  // namespace ainit::migrate::typeorm
