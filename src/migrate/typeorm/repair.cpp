// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/repair.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "migrate/outcome.h"
#include "migrate/sql/files.h"
#include "migrate/typeorm/journal.h"
#include "migrate/typeorm/ledger.h"
#include "migrate/typeorm/project.h"
#include "migrate/typeorm/revert.h"

namespace ainit::migrate::typeorm {
namespace {

using postgres::Session;
using Choice = Repair::Choice;

class Repairing {
  public:
    Repairing(const Context& context, const Repair& order, const Stop& stop) : context_{context}, order_{order}, stop_{stop} {}

    Run run() {
        const Deadline began = Clock::now();
        Run run;
        run.report.state = "nothing was done";
        run.failure = carry_out(run.report);
        if (run.failure) conclude(*run.failure);
        run.report.duration = std::chrono::duration_cast<Duration>(Clock::now() - began);
        return run;
    }

  private:
    std::optional<Failure> carry_out(Report& report) {
        // What only shows or forgets needs no script, which may be what is wrong.
        const bool scripts = !context_.migration.data_source.empty() || order_.choice == Choice::applied;
        if (scripts) {
            if (auto failure = load()) return failure;
        } else {
            listing_.schema = context_.migration.schema;
            listing_.table = context_.migration.table.empty() ? "migrations" : context_.migration.table;
        }
        auto session = context_.sessions.get(context_.login, stop_);
        if (!session) return std::move(session).error();
        auto rows = read_ledger(**session, listing_.schema, listing_.table, stop_);
        if (!rows) return std::move(rows).error();
        auto journals = read_journals(**session, listing_.ledger(), stop_);
        if (!journals) return std::move(journals).error();
        // Of one that is applied, and finished elsewhere, the journal tells nothing.
        for (const Row& row : *rows) journals->erase(row.name);
        show(*journals, report);
        if (order_.choice == Choice::show) return {};
        // Another program may have left it so, which keeps no journal.
        const bool unknown = order_.choice == Choice::continue_at && !journals->contains(order_.migration);
        if (unknown && !project_) {
            if (auto failure = load()) return failure;
        }
        if (auto refused = refuse(*rows, *journals)) return refused;
        auto done = order_.choice == Choice::applied      ? record(**session)
                    : order_.choice == Choice::from_start ? clear_journal(**session, listing_.ledger(), order_.migration, stop_)
                                                          : go_on(**session);
        if (!done) return std::move(done).error();
        if (order_.choice == Choice::applied) report.applied.push_back(order_.migration);
        report.state = state();
        return {};
    }

    std::optional<Failure> load() {
        auto project = Project::open(context_, order_.choice == Choice::applied ? Access::full : Access::none, stop_);
        if (!project) return std::move(project).error();
        project_ = std::move(*project);
        listing_ = project_->listing();
        return {};
    }

    void show(const Journals& journals, Report& report) const {
        for (const auto& [name, journal] : journals) {
            if (!order_.migration.empty() && name != order_.migration) continue;
            for (const Committed& one : journal) {
                report.journal.push_back({name, one.number, one.title, one.place, one.at, one.taken});
            }
        }
        report.state = "nothing is half done";
        if (!report.journal.empty()) {
            report.state = count_of(report.journal.size(), "statement is", "statements are") + " committed of what is half done";
        }
        if (report.journal.empty() && !order_.migration.empty()) report.state = fmt::format("{} is not half done", order_.migration);
    }

    std::optional<Failure> refuse(const std::vector<Row>& rows, const Journals& journals) const {
        const std::string& name = order_.migration;
        if (std::ranges::find(rows, name, &Row::name) != rows.end()) {
            return refusal("it is applied", "see: alkemio-init migrate show");
        }
        if (journals.contains(name) && (!project_ || listing_.find(name) != nullptr)) return {};
        if (project_ && listing_.find(name) == nullptr) return no_such_migration(context_, listing_, "repair", name);
        if (order_.choice != Choice::from_start) return {};
        std::vector<std::string> names;
        for (const auto& [known, journal] : journals) names.push_back(known);
        const std::string near = closest(name, names);
        return refusal("it is not half done", !near.empty() ? fmt::format("did you mean {}?", near)
                                              : names.empty() ? "see: alkemio-init migrate show"
                                                              : "half done is: " + join(names, ", "));
    }

    Failure refusal(std::string because, std::string hint) const {
        Failure failure;
        failure.code = Code::usage;
        failure.what = fmt::format("cannot repair migration {} of database \"{}\"", order_.migration, context_.migration.database);
        failure.because = std::move(because);
        failure.state = "Nothing was changed.";
        failure.hint = std::move(hint);
        failure.where = context_.migration.origin;
        return failure;
    }

    Result<void> record(Session& session) {
        if (auto done = project_->record(order_.migration); !done) return done;
        keep_checksum(session);
        return clear_journal(session, listing_.ledger(), order_.migration, stop_);
    }

    /// As of one that was run here, so that a later change of its file is noticed.
    void keep_checksum(Session& session) const {
        const Found* found = listing_.find(order_.migration);
        const auto text = found == nullptr || found->file.empty() ? Result<std::string>{std::string{}} : read_file(found->file);
        if (!text || text->empty()) return;
        NewRecord one{found->name, sql::checksum_of(*text)};
        if (found->alone) one.of_file = static_cast<int>(std::ranges::count(listing_.migrations, found->file, &Found::file));
        if (auto done = write_records(session, listing_.ledger(), {one}, stop_); !done) {
            log::warn("migrate", "cannot record the checksum of a migration, so a later change of its file will not be noticed",
                      {{"migration", found->name}, {"because", done.error().line()}});
        }
    }

    Result<void> go_on(Session& session) const {
        if (order_.number == 1) return clear_journal(session, listing_.ledger(), order_.migration, stop_);
        return continue_journal(session, listing_.ledger(), order_.migration, order_.number, stop_);
    }

    std::string state() const {
        switch (order_.choice) {
            case Choice::applied: return fmt::format("{} is recorded as applied", order_.migration);
            case Choice::from_start: return fmt::format("{} runs from its first statement", order_.migration);
            case Choice::continue_at: return fmt::format("{} goes on with statement {}", order_.migration, order_.number);
            case Choice::show: break;
        }
        return {};
    }

    void conclude(Failure& failure) const {
        ended_by_stop(failure, stop_, context_);
        if (failure.code == Code::internal) {
            failure.code = Code::migration_ledger;
            failure.what = fmt::format("cannot repair migration {} of database \"{}\"", order_.migration, context_.migration.database);
        }
        if (failure.state.empty()) failure.state = "Nothing was changed.";
    }

    const Context& context_;
    const Repair& order_;
    const Stop& stop_;
    std::unique_ptr<Project> project_{};
    Listing listing_{};
};

}  // namespace

Run repair(const Context& context, const Repair& order, const Stop& stop) {
    return Repairing{context, order, stop}.run();
}

}  // namespace ainit::migrate::typeorm
