// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/revert.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "migrate/outcome.h"
#include "migrate/retry.h"
#include "migrate/typeorm/ledger.h"

namespace ainit::migrate::typeorm {
namespace {

using postgres::Session;

/// After a stop, to tell how things stand.
constexpr Duration kAfterwards{5'000};

class Reverting {
  public:
    Reverting(const Context& context, const Revert& order, const Stop& stop)
        : backwards_{[&context](const Progress& progress) {
              Progress back = progress;
              back.back = true;
              if (context.progress) context.progress(back);
          }},
          context_{context.config, context.migration, context.sessions, context.login, backwards_},
          order_{order},
          stop_{stop} {
        context_.run_until = context.run_until;
    }

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
        auto opened = Project::open(context_, Access::full, stop_);
        if (!opened) return std::move(opened).error();
        std::unique_ptr<Project> project = std::move(*opened);
        auto rows = ledger_of(*project, stop_);
        if (!rows) return std::move(rows).error();
        report.state = standing(*project, *rows);
        auto targets = choose(project->listing(), *rows);
        if (!targets) return std::move(targets).error();
        if (targets->empty()) {
            report.state = "nothing to revert; " + report.state;
            return {};
        }
        // Each is told when its row is gone, which is after the script's own end.
        project->watch().expect(static_cast<int>(targets->size()), false);
        std::optional<Failure> failure;
        for (std::size_t i = 0; i < targets->size() && !failure; ++i) {
            if (stop_.over()) {
                failure = stop_.failure(Code::migration_timeout, {});
                failure->what = fmt::format("cannot revert migration {} of database \"{}\"", (*targets)[i],
                                            context_.migration.database);
                continue;
            }
            failure = revert_one(project, (*targets)[i], static_cast<int>(targets->size() - i));
            if (!failure) failure = look_whether_gone(*project, (*targets)[i]);
            if (!failure) {
                tell(*project, (*targets)[i], static_cast<int>(i) + 1, static_cast<int>(targets->size()), report);
            }
        }
        settle(*project, *rows, report, failure);
        return failure;
    }

    /// TypeORM asks for no answer behind its COMMIT, and there may have been nothing to commit.
    std::optional<Failure> look_whether_gone(Project& project, const std::string& name) {
        auto rows = ledger_of(project, Stop{}.within(kAfterwards), &read_free_ledger);
        // It is told at the end that it cannot be read.
        if (!rows) return {};
        if (std::ranges::find(*rows, name, &Row::name) == rows->end()) return {};
        const Work* work = project.watch().current();
        Failure failure;
        failure.code = Code::migration_failed;
        failure.what = fmt::format("cannot revert migration {} of database \"{}\"", name, context_.migration.database);
        failure.because = work != nullptr && work->left_open ? "its down left a transaction open, which was rolled back"
                                                             : "TypeORM ended well, but its ledger still has it";
        if (const Found* found = project.listing().find(name)) failure.where.file = found->file;
        failure.hint = "let its down end the transactions that it begins, and no other";
        return failure;
    }

    /// Again, with the scripts loaded anew, if it gave way to others and nothing of it stays.
    std::optional<Failure> revert_one(std::unique_ptr<Project>& project, const std::string& name, int left) {
        for (int attempt = 0;; ++attempt) {
            auto done = project->revert(order_.fake);
            if (done) return {};
            const Work* work = project->watch().current();
            const bool stays = work != nullptr && work->outside;
            if (stays || !try_again(context_, done.error(), name, attempt, stop_)) return std::move(done).error();
            auto again = Project::open(context_, Access::full, stop_);
            if (!again) return std::move(again).error();
            project = std::move(*again);
            project->watch().expect(left, false);
        }
    }

    Result<std::vector<Row>> ledger_of(Project& project, const Stop& stop, decltype(&read_ledger) read = &read_ledger) {
        auto session = context_.sessions.get(context_.login, stop);
        if (!session) return std::move(session).error();
        return read(**session, project.listing().schema, project.listing().table, stop);
    }

    static std::string standing(const Project& project, const std::vector<Row>& rows) {
        const auto known = std::ranges::count_if(
            rows, [&](const Row& row) { return project.listing().find(row.name) != nullptr; });
        return fmt::format("{} of {} applied", known, project.listing().migrations.size());
    }

    /// The names in the order of reverting: TypeORM takes the row that was written last.
    Result<std::vector<std::string>> choose(const Listing& listing, const std::vector<Row>& rows) const {
        std::vector<std::string> names;
        for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
            if (order_.to.empty() ? static_cast<int>(names.size()) == order_.count : row->name == order_.to) break;
            names.push_back(row->name);
        }
        if (!order_.to.empty() && names.size() == rows.size()) return not_applied(listing);
        if (order_.to.empty() && order_.count > 1 && static_cast<int>(names.size()) < order_.count) {
            return refusal(Code::usage, fmt::format("cannot revert {} migrations of database \"{}\"", order_.count,
                                                    context_.migration.database),
                           fmt::format("only {} applied", names.size() == 1 ? "1 is" : fmt::format("{} are", names.size())),
                           "ask for fewer");
        }
        for (const std::string& name : names) {
            if (listing.find(name) != nullptr) continue;
            return refusal(Code::migration_set, fmt::format("cannot revert migration {} of database \"{}\"", name,
                                                            context_.migration.database),
                           "the ledger has it, but no file does, so nobody knows its way back",
                           "restore its file, or run this with the image that applied it");
        }
        return names;
    }

    Failure not_applied(const Listing& listing) const {
        if (listing.find(order_.to) == nullptr) return no_such_migration(context_, listing, "revert down to", order_.to);
        return refusal(Code::usage, fmt::format("cannot revert down to migration {} of database \"{}\"", order_.to,
                                                context_.migration.database),
                       "it is not applied", "see: alkemio-init migrate show");
    }

    Failure refusal(Code code, std::string what, std::string because, std::string hint) const {
        Failure failure;
        failure.code = code;
        failure.what = std::move(what);
        failure.because = std::move(because);
        failure.state = "Nothing was changed.";
        failure.hint = std::move(hint);
        failure.where = context_.migration.origin;
        return failure;
    }

    void tell(const Project& project, const std::string& name, int number, int total, Report& report) {
        report.reverted.push_back(name);
        const Work* work = order_.fake ? nullptr : project.watch().current();
        if (work != nullptr && work->statements == 0) report.idle.push_back(name);
        Progress progress{name, number, total, Progress::Kind::done};
        if (work != nullptr) progress.duration = work->took;
        backwards_(progress);
        if (order_.fake) {
            log::warn("migrate", fmt::format("only the row of {} was taken out of the ledger; its down was not run", name));
        } else if (!report.idle.empty() && report.idle.back() == name) {
            log::warn("migrate", fmt::format("the down of {} did nothing: what its up has made is still there", name));
        } else if (work != nullptr && work->rolled_back) {
            log::warn("migrate", fmt::format("the down of {} rolled back the transaction that it ran in: what its up has made is still there", name));
        }
    }

    /// What is in the ledger now is what stays, whatever ended it.
    void settle(Project& project, const std::vector<Row>& before, Report& report, std::optional<Failure>& failure) {
        const Stop patience = Stop{}.within(kAfterwards);
        auto rows = ledger_of(project, patience, &read_free_ledger);
        if (!rows) {
            report.state = "the ledger could not be read";
            if (failure) {
                failure->state = fmt::format("How far it came is not known, since the ledger could not be read: {}.", rows.error().because);
            }
            return;
        }
        report.reverted.clear();
        for (auto row = before.rbegin(); row != before.rend(); ++row) {
            if (std::ranges::find(*rows, row->name, &Row::name) == rows->end()) report.reverted.push_back(row->name);
        }
        report.state = standing(project, *rows);
        if (failure) failure->state = state_of(project, report);
        forget(project, report.reverted, patience);
    }

    void forget(Project& project, const std::vector<std::string>& names, const Stop& stop) {
        if (names.empty()) return;
        auto session = context_.sessions.get(context_.login, stop);
        auto done = session ? forget_records(**session, project.listing().ledger(), names, stop) : Result<void>{session.error()};
        if (!done) log::warn("migrate", "cannot forget the checksums of reverted migrations", {{"because", done.error().line()}});
    }

    std::string state_of(const Project& project, const Report& report) {
        const Work* work = project.watch().current();
        std::string state;
        if (work != nullptr && std::ranges::find(report.reverted, work->name) == report.reverted.end()) {
            if (project.listing().transaction == "none") {
                state = fmt::format("{} is still recorded as applied, but what the first statements of its down did stays; ",
                                    work->name);
            } else if (work->committed > 0) {
                halfway_ = work->name;
                state = fmt::format("the down of {} committed its first {} statements itself, they stay; it is still recorded "
                                    "as applied; ",
                                    work->name, work->committed);
            } else {
                state = fmt::format("{} is applied as before; ", work->name);
            }
        }
        if (!report.reverted.empty()) {
            state += fmt::format("{} of this run {} reverted; ", count_of(report.reverted.size(), "migration", "migrations"),
                                 report.reverted.size() == 1 ? "stays" : "stay");
        }
        return state + report.state + ".";
    }

    void conclude(Failure& failure) const {
        ended_by_stop(failure, stop_, context_);
        if (failure.code == Code::migration_interrupted) failure.hint = "run it again for what is left";
        if (failure.state.empty()) failure.state = "Nothing was changed.";
        if (!halfway_.empty()) {
            failure.hint = fmt::format("take back by hand what is left of {} and revert it with --fake: another try runs its down from "
                                       "the first statement", halfway_);
        }
        if (failure.hint.empty() && failure.code == Code::migration_failed) {
            failure.hint = "mend its down, or take it back by hand and revert with --fake";
        }
    }

    ProgressSink backwards_;
    Context context_;
    const Revert& order_;
    const Stop& stop_;
    std::string halfway_{};  ///< its down has committed a part of itself
};

}  // namespace

Run revert(const Context& context, const Revert& order, const Stop& stop) {
    return Reverting{context, order, stop}.run();
}

Failure no_such_migration(const Context& context, const Listing& listing, std::string_view verb, const std::string& name) {
    std::vector<std::string> names;
    for (const Found& found : listing.migrations) names.push_back(found.name);
    const std::string near = closest(name, names);
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot {} migration {} of database \"{}\"", verb, name, context.migration.database);
    failure.because = "there is no migration of that name";
    failure.state = "Nothing was changed.";
    failure.hint = near.empty() ? "see: alkemio-init migrate show" : fmt::format("did you mean {}?", near);
    failure.where = context.migration.origin;
    return failure;
}

}  // namespace ainit::migrate::typeorm
