// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/compare.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate::sql {
namespace {

/// All names when they are few, the first of many.
std::string names(const std::vector<std::string>& all) {
    constexpr std::size_t kShown = 10;
    if (all.size() <= kShown) return list_of(all);
    const std::vector<std::string> some(all.begin(), all.begin() + kShown);
    return fmt::format("{} … and {} more", list_of(some), all.size() - kShown);
}

class Comparison {
  public:
    Comparison(const std::vector<File>& files, const std::vector<Row>& rows, const config::Migration& migration)
        : files_{files}, migration_{migration} {
        for (const Row& row : rows) rows_.emplace(row.name, row);
    }

    Level run() {
        empty();
        duplicates();
        for (const File& file : files_) enter(file);
        ahead();
        report(changed_, migration_.on_changed, "changed after they were applied",
               "restore them and put the change into a new migration; or set on_changed = \"warn\"");
        report(older_, migration_.on_older, "are older than the last that was applied",
               "give them a later number; or set on_older = \"warn\" to apply them now");
        report(ahead_, migration_.on_ahead, "are in the ledger, but no file has them",
               "an older version of the application is deployed than the one that migrated: deploy the newer one; or set "
               "on_ahead = \"warn\"");
        return std::move(level_);
    }

  private:
    Failure finding(std::string because, std::string hint) const {
        Failure failure;
        failure.code = Code::migration_set;
        failure.what = fmt::format("cannot trust the migrations of database \"{}\"", migration_.database);
        failure.because = std::move(because);
        failure.state = "Nothing was changed by these migrations.";
        failure.hint = std::move(hint);
        failure.where = migration_.origin;
        return failure;
    }

    void report(const std::vector<std::string>& found, const std::string& rule, std::string_view what, std::string hint) {
        if (found.empty() || rule == "ignore") return;
        Failure failure = finding(fmt::format("{} {}", names(found), what), std::move(hint));
        (rule == "warn" ? level_.warnings : level_.findings).push_back(std::move(failure));
    }

    void empty() {
        if (!files_.empty()) return;
        level_.findings.push_back(finding(fmt::format("no file matches {}", list_of(migration_.files)),
                                          "mend the path, or mount the folder; a set without files is never taken for "
                                          "\"nothing to do\""));
    }

    void duplicates() {
        std::map<std::string, std::vector<std::string>> by_version;
        for (const File& file : files_) {
            by_version[file.version.empty() ? file.name : file.version].push_back(file.path);
        }
        for (const auto& [version, paths] : by_version) {
            if (paths.size() == 1) continue;
            level_.findings.push_back(finding(fmt::format("{} have the same version, {}", names(paths), version),
                                              "give each a number of its own"));
        }
    }

    void enter(const File& file) {
        Entry entry;
        entry.name = file.name;
        entry.file = file.path;
        const auto row = rows_.find(file.name);
        if (row == rows_.end()) {
            entry.state = State::pending;
            if (later_applied(file)) {
                older_.push_back(file.name);
                entry.note = "older than the last applied";
            }
        } else if (!row->second.complete) {
            entry.state = State::pending;
            entry.note = fmt::format("cut off after {} statements", row->second.statements);
        } else {
            entry.state = State::applied;
            entry.applied_at = row->second.applied_at;
            if (row->second.checksum != file.checksum) {
                changed_.push_back(file.name);
                entry.note = "changed since it was applied";
            }
        }
        level_.entries.push_back(std::move(entry));
    }

    bool later_applied(const File& file) const {
        return std::ranges::any_of(files_, [&](const File& other) {
            const auto row = rows_.find(other.name);
            return row != rows_.end() && row->second.complete && before(file, other);
        });
    }

    void ahead() {
        for (const auto& [name, row] : rows_) {
            if (std::ranges::find(files_, name, &File::name) != files_.end()) continue;
            ahead_.push_back(name);
            level_.entries.push_back({name, State::unknown, "", row.applied_at, "no file has it"});
        }
    }

    const std::vector<File>& files_;
    const config::Migration& migration_;
    std::map<std::string, Row> rows_{};
    std::vector<std::string> changed_{};
    std::vector<std::string> older_{};
    std::vector<std::string> ahead_{};
    Level level_{};
};

}  // namespace

Level compare(const std::vector<File>& files, const std::vector<Row>& rows, const config::Migration& migration) {
    return Comparison{files, rows, migration}.run();
}

}  // namespace ainit::migrate::sql
