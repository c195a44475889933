// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/survey.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate::sql {
namespace {

constexpr std::string_view kNothing{"Nothing was changed."};

class Surveyor {
  public:
    Surveyor(const config::Migration& migration,
             const std::vector<File>& files,
             const std::vector<Row>& ledger,
             Grammar grammar)
        : migration_{migration}, files_{files}, grammar_{grammar} {
        for (const Row& row : ledger) rows_.emplace(row.name, row);
    }

    Survey make() {
        result_.files = static_cast<int>(files_.size());
        if (files_.empty()) no_files();
        duplicates();
        for (const File& file : files_) look_at(file);
        if (migration_.transaction == "all") refuse_values_used_later();
        older();
        ahead();
        if (!changed_.empty()) {
            judge(migration_.on_changed,
                  "files that changed after they were applied",
                  changed_,
                  "restore them and put the change into a new file, or set on_changed");
        }
        return std::move(result_);
    }

  private:
    Failure about_the_set(std::string because, std::string list, std::string hint) const {
        Failure failure;
        failure.code = Code::migration_set;
        failure.what = fmt::format("cannot migrate database \"{}\"", migration_.database);
        failure.because = std::move(because);
        failure.state = kNothing;
        failure.hint = std::move(hint);
        failure.where = migration_.origin;
        failure.excerpt = std::move(list);
        return failure;
    }

    void judge(const std::string& rule,
               std::string because,
               const std::vector<std::string>& list,
               std::string hint) {
        if (rule == "ignore") return;
        Failure failure = about_the_set(fmt::format("{}: {}", because, join(first_few(list), ", ")),
                                        join(list, "\n"),
                                        std::move(hint));
        auto& place = rule == "warn" ? result_.level.warnings : result_.level.findings;
        place.push_back(std::move(failure));
    }

    /// For the one line of a cause; the excerpt has them all.
    static std::vector<std::string> first_few(const std::vector<std::string>& list) {
        constexpr std::size_t kFew = 5;
        std::vector<std::string> few{
            list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min(kFew, list.size()))};
        if (list.size() > kFew) few.push_back(fmt::format("and {} more", list.size() - kFew));
        return few;
    }

    void no_files() {
        const std::string recorded =
            rows_.empty() ? "" : fmt::format("; the ledger has {} files as applied", rows_.size());
        result_.level.findings.push_back(
            about_the_set(fmt::format("no file matches {}{}", list_of(migration_.files), recorded),
                          {},
                          "see whether the folder is mounted and `files` is right"));
    }

    void duplicates() {
        std::map<std::string, std::vector<std::string>> names;
        std::map<Version, std::vector<std::string>> versions;
        std::vector<std::string> down;
        for (const File& file : files_) {
            names[file.name].push_back(file.path);
            if (!file.version.empty()) versions[file.version].push_back(file.name);
            if (file.name.ends_with(".down.sql")) down.push_back(file.name);
        }
        std::vector<std::string> list;
        for (const auto& [name, paths] : names) {
            if (paths.size() > 1) list.push_back(fmt::format("{}: {}", name, join(paths, ", ")));
        }
        for (auto& [version, of_it] : versions) {
            const auto repeated = std::ranges::unique(of_it);
            of_it.erase(repeated.begin(), repeated.end());
            // Those of a pair whose other half takes the first back are told as that.
            std::erase_if(of_it, [](const auto& name) { return name.ends_with(".down.sql"); });
            if (of_it.size() > 1) {
                list.push_back(
                    fmt::format("version {}: {}", version_text(version), join(of_it, ", ")));
            }
        }
        if (!list.empty()) {
            judge("refuse",
                  "two files of one name or version",
                  list,
                  "give each file a number of its own");
        }
        if (!down.empty()) {
            judge("refuse",
                  "files that take a migration back are among the files",
                  down,
                  "let the glob match the other half only: \"*.up.sql\"");
        }
    }

    void look_at(const File& file) {
        Entry entry;
        entry.name = file.name;
        entry.file = file.path;
        const auto found = rows_.find(file.name);
        if (found != rows_.end()) found_.push_back(file.name);
        if (found != rows_.end() && !found->second.applied_at.empty()) {
            const Row& row = found->second;
            entry.state = State::applied;
            entry.applied_at = row.applied_at;
            if (row.checksum != file.checksum) {
                entry.note = "changed since it was applied";
                changed_.push_back(file.name);
            }
            last_applied_ = &file;
        } else {
            const Row* row = found == rows_.end() ? nullptr : &found->second;
            if (row != nullptr) {
                entry.note = fmt::format("{} of {} statements done", row->done, row->statements);
            }
            add_job(file, row);
            pending_.push_back(&file);
        }
        result_.level.entries.push_back(std::move(entry));
    }

    void add_job(const File& file, const Row* half) {
        auto script = read_script(file.path, file.text, grammar_);
        if (!script) {
            result_.level.findings.push_back(std::move(script).error());
            return;
        }
        Job job{&file, std::move(*script), true, half != nullptr, half == nullptr ? 0 : half->done};
        decide_transaction(job);
        if (half != nullptr && checksum_of_done(job.script, half->done) != half->done_checksum) {
            result_.level.findings.push_back(half_done_and_changed(file, *half));
        }
        result_.jobs.push_back(std::move(job));
    }

    Failure half_done_and_changed(const File& file, const Row& row) const {
        Failure failure = about_the_set(
            fmt::format("the first {} of {} statements of {} were done by an earlier run, and they "
                        "read differently now",
                        row.done,
                        row.statements,
                        file.name),
            {},
            "restore them as they were, and change only what follows; or finish the file by "
            "hand and mend its row in the ledger");
        failure.where = {file.path};
        return failure;
    }

    void decide_transaction(Job& job) {
        const Script& script = job.script;
        const bool demanded = script.transaction.value_or(migration_.transaction != "none");
        const bool all = migration_.transaction == "all";
        job.in_transaction = demanded && script.outside.empty();
        if (!script.outside.empty() && (all || script.transaction == true)) {
            refuse(job,
                   script.outside_offset,
                   fmt::format("{} cannot run in a transaction, and {}",
                               script.outside,
                               all ? "transaction = \"all\" puts all files into one"
                                   : "a directive of the file demands one"),
                   all ? "use transaction = \"each\"" : "remove the directive");
        } else if (all && !job.in_transaction) {
            refuse(job,
                   0,
                   "the file demands to run without a transaction, and transaction = \"all\" puts "
                   "all files into one",
                   "use transaction = \"each\"");
        } else if (job.in_transaction) {
            refuse_control(job);
        }
    }

    void refuse(const Job& job, std::size_t offset, std::string because, std::string hint) {
        Failure failure;
        failure.code = Code::migration_refused;
        failure.what = fmt::format("cannot apply migration {}", job.file->name);
        failure.because = std::move(because);
        failure.state = kNothing;
        failure.hint = std::move(hint);
        failure.where = job.script.origin(job.file->path, offset);
        failure.excerpt = caret(job.script.text, offset);
        result_.level.findings.push_back(std::move(failure));
    }

    /// The ledger's row and the file's changes are committed together, or not at all: a file that
    /// commits by itself would break that.
    void refuse_control(const Job& job) {
        const auto found = std::ranges::find_if(
            job.script.statements,
            [](const Statement& statement) { return !statement.nature.control.empty(); });
        if (found == job.script.statements.end()) return;
        refuse(job,
               found->offset,
               fmt::format("the file runs in a transaction already, and {} would begin or end one",
                           found->nature.control),
               "remove it, or let the file care for its transactions: put `-- alkemio-init: "
               "no-transaction` at its head");
    }

    /// 55P04: a value that is added to a type can be used when the transaction is over, unless the type is of the same one.
    void refuse_values_used_later() {
        std::vector<std::string> made;
        for (const Job& job : result_.jobs) {
            for (const Statement& statement : job.script.statements) {
                const Nature& nature = statement.nature;
                if (!nature.new_enum.empty()) made.push_back(nature.new_enum);
                if (nature.enum_label.empty() || std::ranges::find(made, nature.enum_type) != made.end()) continue;
                if (const Job* user = user_after(job, nature.enum_label)) refuse_value(job, statement, *user);
            }
        }
    }

    /// The first of the later files that uses a value; within one file the script sees it itself.
    const Job* user_after(const Job& job, const std::string& label) const {
        for (const Job* later = &job + 1; later != result_.jobs.data() + result_.jobs.size(); ++later) {
            const Script& script = later->script;
            const auto uses = [&](const Statement& one) {
                return one.nature.enum_label.empty() && uses_value(std::string{script.of(one)}, label);
            };
            if (std::ranges::any_of(script.statements, uses)) return later;
        }
        return nullptr;
    }

    void refuse_value(const Job& job, const Statement& statement, const Job& user) {
        refuse(job,
               statement.offset,
               fmt::format("{} uses the value '{}' that it adds, which the server allows only once the transaction is over, "
                           "and transaction = \"all\" puts all files into one",
                           user.file->name,
                           statement.nature.enum_label),
               "use transaction = \"each\"");
    }

    void older() {
        std::vector<std::string> list;
        for (const File* file : pending_) {
            if (last_applied_ != nullptr && goes_before(*file, *last_applied_)) {
                list.push_back(file->name);
            }
        }
        if (list.empty()) return;
        judge(
            migration_.on_older,
            fmt::format("pending files that come before {}, which is applied", last_applied_->name),
            list,
            "give them numbers behind it, or set on_older");
    }

    void ahead() {
        std::vector<std::string> list;
        for (const auto& [name, row] : rows_) {
            if (std::ranges::find(found_, name) != found_.end()) continue;
            list.push_back(name);
            result_.level.entries.push_back({name,
                                             State::unknown,
                                             {},
                                             row.applied_at,
                                             "in the ledger, but not among the files"});
        }
        if (list.empty() || files_.empty()) return;
        judge(migration_.on_ahead,
              "the ledger has files that are not there",
              list,
              "an image older than the database? restore the files, or set on_ahead");
    }

    const config::Migration& migration_;
    const std::vector<File>& files_;
    Grammar grammar_;
    std::map<std::string, Row> rows_{};
    Survey result_{};
    std::vector<std::string> found_{};
    std::vector<std::string> changed_{};
    std::vector<const File*> pending_{};
    const File* last_applied_{nullptr};
};

}  // namespace

Survey survey(const config::Migration& migration,
              const std::vector<File>& files,
              const std::vector<Row>& ledger,
              Grammar grammar) {
    return Surveyor{migration, files, ledger, grammar}.make();
}

std::string checksum_of_done(const Script& script, int count) {
    std::string text;
    for (int i = 0; i < count && i < static_cast<int>(script.statements.size()); ++i) {
        text += script.of(script.statements[static_cast<std::size_t>(i)]);
        text += ";\n";
    }
    return checksum_of(text);
}

}  // namespace ainit::migrate::sql
