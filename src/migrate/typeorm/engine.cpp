// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/engine.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "migrate/invalid_index.h"
#include "migrate/outcome.h"
#include "migrate/retry.h"
#include "migrate/sql/files.h"
#include "migrate/typeorm/ahead.h"
#include "migrate/typeorm/create.h"
#include "migrate/typeorm/known.h"
#include "migrate/typeorm/ledger.h"
#include "migrate/typeorm/project.h"
#include "migrate/typeorm/repair.h"
#include "migrate/typeorm/revert.h"
#include "migrate/typeorm/survey.h"

namespace ainit::migrate::typeorm {
namespace {

using postgres::Session;

/// For reading what stays, when the run itself may be out of time.
constexpr Duration kAfterwards{5'000};

bool says_all(const std::string& file) {
    auto text = read_file(file);
    return text && tells_its_migrations(*text);
}

/// Of the files as they are now.
std::map<std::string, std::string> checksums_of(const Listing& listing) {
    std::map<std::string, std::string> all;
    for (const Found& found : listing.migrations) {
        if (found.file.empty() || all.contains(found.file)) continue;
        if (auto text = read_file(found.file)) all.emplace(found.file, sql::checksum_of(*text));
    }
    return all;
}

Result<Evidence> evidence_of(Session& session, const Listing& listing, const Stop& stop) {
    auto evidence = read_evidence(session, listing, stop);
    if (!evidence) return evidence;
    evidence->checksums = checksums_of(listing);
    auto journals = read_journals(session, listing.ledger(), stop);
    if (!journals) return std::move(journals).error();
    evidence->journals = std::move(*journals);
    return evidence;
}

/// One run: looks again, lets TypeORM work, and tells what became of it.
class TypeormRun {
  public:
    /// `looked`: the Project of a look, or nullptr.
    TypeormRun(const Context& context, std::unique_ptr<Project> looked, const Stop& stop)
        : context_{context}, looked_{std::move(looked)}, stop_{stop} {}

    /// What was found, if TypeORM came so far.
    std::optional<Listing>& listing() { return listing_; }

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
        constexpr int kClashes = 3;
        int clashes = 0;
        for (int attempt = 0;; ++attempt) {
            repeatable_ = overtaken_ = clashed_ = false;
            auto failure = try_once(report);
            if (clashed_) clashed_ = clashes++ < kClashes;
            if (failure && repeatable_ && (overtaken_ || clashed_) && !stop_.over()) {
                log::info("migrate", "a TypeORM elsewhere migrates at the same time; looking again",
                          {{"database", context_.migration.database}, {"because", failure->because}});
                --attempt;
                continue;
            }
            if (!failure || !repeatable_ || !try_again(context_, *failure, current_, attempt, stop_)) return failure;
        }
    }

    std::optional<Failure> try_once(Report& report) {
        auto session = context_.sessions.get(context_.login, stop_);
        if (!session) return std::move(session).error();
        auto project = open();
        if (!project) return std::move(project).error();
        Project& made = **project;
        listing_ = made.listing();
        auto before = evidence_of(**session, made.listing(), stop_);
        if (!before) return std::move(before).error();
        const Level level = survey(context_.migration, made.listing(), *before);
        if (!level.findings.empty()) return level.findings.front();
        total_ = static_cast<int>(made.listing().migrations.size());
        applied_ = level.applied() - static_cast<int>(report.applied.size());
        report.state = fmt::format("{} of {} applied", level.applied(), total_);
        const auto pending = pending_of(level, made.listing());
        if (!pending) return pending.error();
        if (*pending == 0) return {};
        made.watch().expect(*pending, made.listing().transaction != "all");
        begun_ = true;
        Journal journal{made.listing().ledger(), before->journals};
        if (!context_.extent.fake) made.keep(journal);
        auto ran = made.run();
        auto failure = ran ? std::optional<Failure>{} : std::move(ran).error();
        settle(made, *before, journal, report, failure);
        if (!failure) failure = look_for_missing(made, *ran, report);
        return failure;
    }

    /// Each try but the first loads the scripts anew: what they remember of the last one may be wrong.
    Result<std::unique_ptr<Project>> open() {
        if (!looked_) return Project::open(context_, Access::full, stop_);
        looked_->resume(context_, stop_);
        return std::move(looked_);
    }

    /// How many are to be applied: all that are pending, or those up to the one that is named.
    Result<int> pending_of(const Level& level, const Listing& listing) const {
        const std::string& to = context_.extent.to;
        if (to.empty()) return level.pending();
        if (listing.find(to) == nullptr) return no_such_migration(context_, listing, "run up to", to);
        int count = 0;
        for (const Found& found : listing.migrations) {
            const auto entry = std::ranges::find(level.entries, found.name, &Entry::name);
            if (entry->state == State::pending) ++count;
            if (found.name == to) break;
        }
        return count;
    }

    /// What is in the ledger now is what stays, whatever ended the run.
    void settle(Project& project, const Evidence& before, const Journal& journal, Report& report,
                std::optional<Failure>& failure) {
        const Stop patience = Stop{}.within(kAfterwards);
        auto session = context_.sessions.get(context_.login, patience);
        auto rows = session ? read_free_ledger(**session, project.listing().schema, project.listing().table, patience)
                            : Result<std::vector<Row>>{session.error()};
        if (!rows) {
            if (failure) {
                failure->state = fmt::format("What stays of this run is not known, since the ledger could not be read: {}.", rows.error().because);
            }
            report.state = "the ledger could not be read";
            there_.reset();
            return;
        }
        std::set<std::string> old;
        std::vector<std::string> fresh;
        for (const Row& row : before.rows) old.insert(row.name);
        there_.emplace();
        for (const Row& row : *rows) there_->insert(row.name);
        for (const Row& row : *rows) {
            if (old.contains(row.name)) continue;
            if (by_us(project, row.name)) fresh.push_back(row.name);
            else overtaken_ = true, ++applied_;
        }
        overtaken_ = overtaken_ || project.watch().overtaken();
        clashed_ = project.watch().works().empty() && before.rows.empty() && failure && is_there_already(*failure);
        report.applied.insert(report.applied.end(), fresh.begin(), fresh.end());
        if (!failure) {
            project.watch().committed(fresh);
            tell_what_was_undone(project, fresh);
        }
        note_what_is_left(project, *rows);
        if (journal.used()) tidy_journal(project, **session, *rows, patience);
        report.state = fmt::format("{} of {} applied", applied_ + static_cast<int>(report.applied.size()), total_);
        const std::string& concurrently = project.watch().concurrently();
        if (failure && !concurrently.empty()) invalid_ = invalid_indexes(**session, concurrently, patience);
        if (failure) failure->state = state_of(project, report);
        if (context_.extent.fake) {
            for (const std::string& name : report.applied) {
                log::info("migrate", fmt::format("recorded {} as applied; it was not run", name));
            }
        }
        record(project, **session, before, fresh, patience);
    }

    /// Who left a transaction open that took it and those behind it, else who rolled one back that took those before it.
    static std::vector<Work>::const_iterator who_broke(const std::vector<Work>& works, const std::vector<std::string>& missing) {
        const auto lost = [&](const Work& work) { return std::ranges::find(missing, work.name) != missing.end(); };
        const auto open = std::ranges::find_if(works, [&](const Work& work) { return work.left_open && lost(work); });
        if (open != works.end()) return open;
        return std::ranges::find_if(std::ranges::find_if(works, lost), works.end(), &Work::rolled_back);
    }

    /// TypeORM asks for no answer behind its COMMIT, and there may have been nothing to commit.
    std::optional<Failure> look_for_missing(const Project& project, const std::vector<std::string>& ran, const Report& report) const {
        if (!there_) return {};
        std::vector<std::string> missing;
        std::ranges::copy_if(ran, std::back_inserter(missing), [&](const std::string& name) { return !there_->contains(name); });
        if (missing.empty()) return {};
        const auto& works = project.watch().works();
        const auto broke = who_broke(works, missing);
        Failure failure;
        failure.code = Code::migration_failed;
        failure.what = fmt::format("cannot apply migration {} of database \"{}\"", broke == works.end() ? missing.front() : broke->name,
                                   context_.migration.database);
        failure.because = "TypeORM ended well, but its ledger does not have it";
        if (broke != works.end()) {
            failure.because = !broke->rolled_back ? "it left a transaction open, which was rolled back" : "it rolled back the transaction that it ran in";
            if (const Found* found = project.listing().find(broke->name)) failure.where.file = found->file;
        }
        const std::string_view verb = missing.size() == 1 ? "is" : "are";
        failure.state = fmt::format("{} {} not in the ledger, though TypeORM ran {} to the end; {}.", join(missing, ", "), verb,
                                    missing.size() == 1 ? "it" : "them", report.state);
        failure.hint = "let each migration end the transactions that it begins, and no other";
        return failure;
    }

    /// Its row was written behind that, and tells nothing of it.
    static void tell_what_was_undone(const Project& project, const std::vector<std::string>& fresh) {
        for (const Work& work : project.watch().works()) {
            if (!work.rolled_back || std::ranges::find(fresh, work.name) == fresh.end()) continue;
            log::warn("migrate", fmt::format("{} rolled back the transaction that it ran in: it is in the ledger, but what it did before "
                                             "that is undone", work.name));
        }
    }

    /// Else a TypeORM elsewhere wrote its row.
    bool by_us(const Project& project, const std::string& name) const {
        const auto& works = project.watch().works();
        const auto work = std::ranges::find(works, name, &Work::name);
        return context_.extent.fake || (work != works.end() && work->ended);
    }

    static bool is_there_already(const Failure& failure) {
        static constexpr std::array<std::string_view, 3> kStates{"23505", "42P07", "42710"};
        return std::ranges::find(kStates, failure.sqlstate) != kStates.end();
    }

    /// It may be tried again if nothing stays of what the ledger does not have.
    void note_what_is_left(const Project& project, const std::vector<Row>& rows) {
        const auto& works = project.watch().works();
        repeatable_ = std::ranges::none_of(works, [&](const Work& work) {
            return work.outside && std::ranges::find(rows, work.name, &Row::name) == rows.end();
        });
        current_ = works.empty() ? project.listing().table : works.back().name;
        half_ = 0;
        half_before_.clear();
        unkept_ = works.empty() || std::ranges::find(rows, current_, &Row::name) != rows.end() ? 0 : works.back().committed;
        blocker_ = project.watch().blocker();
    }

    /// What the ledger has needs no journal; how far the one that was at work came is what the others tell.
    void tidy_journal(const Project& project, Session& session, const std::vector<Row>& rows, const Stop& stop) {
        const std::string ledger = project.listing().ledger();
        auto journals = read_journals(session, ledger, stop);
        if (!journals) return;
        half_ = journals->contains(current_) ? journals->at(current_).back().number : 0;
        for (const auto& [name, journal] : *journals) {
            if (std::ranges::find(rows, name, &Row::name) == rows.end()) {
                if (name != current_) half_before_.emplace_back(name, journal.back().number);
                continue;
            }
            if (name == current_) half_ = 0;
            if (auto done = clear_journal(session, ledger, name, stop); !done) {
                log::warn("migrate", "cannot take an applied migration out of the journal",
                          {{"migration", name}, {"because", done.error().line()}});
            }
        }
    }

    static std::string itself(const std::string& name, int count) {
        if (count == 1) return fmt::format("{} committed its first statement itself, it stays; ", name);
        return fmt::format("{} committed its first {} statements itself, they stay; ", name, count);
    }

    std::string state_of(const Project& project, const Report& report) const {
        const Work* work = project.watch().current();
        std::string state;
        for (const auto& [name, count] : half_before_) state += itself(name, count);
        if (work != nullptr) {
            const bool recorded = std::ranges::find(report.applied, work->name) != report.applied.end();
            if (half_ > 0) {
                state += itself(work->name, half_) + "the rest was rolled back; ";
            } else if (project.listing().transaction == "none" && !recorded) {
                state += fmt::format("{} ran without a transaction: what its first statements did stays; ", work->name);
            } else if (work->committed > 0 && !recorded) {
                state += itself(work->name, work->committed) + "the rest was rolled back; ";
            } else if (!recorded) {
                state += fmt::format("{} was rolled back; ", work->name);
            }
        }
        if (!invalid_.empty()) state += told(invalid_) + " stays; ";
        if (!report.applied.empty()) {
            state += fmt::format("{} of this run {}; ", count_of(report.applied.size(), "migration", "migrations"),
                                 report.applied.size() == 1 ? "stays" : "stay");
        }
        return state + report.state + ".";
    }

    void record(Project& project, Session& session, const Evidence& before, const std::vector<std::string>& fresh,
                const Stop& stop) {
        std::vector<NewRecord> records;
        for (const Found& found : project.listing().migrations) {
            if (std::ranges::find(fresh, found.name) == fresh.end()) continue;
            const auto checksum = before.checksums.find(found.file);
            if (checksum == before.checksums.end()) continue;
            NewRecord one{found.name, checksum->second};
            const auto in_file = std::ranges::count(project.listing().migrations, found.file, &Found::file);
            if (found.alone && says_all(found.file)) one.of_file = static_cast<int>(in_file);
            const auto& works = project.watch().works();
            const auto work = std::ranges::find(works, found.name, &Work::name);
            if (work != works.end()) one.took = work->took, one.statements = work->statements;
            records.push_back(std::move(one));
        }
        if (records.empty()) return;
        if (auto written = write_records(session, project.listing().ledger(), records, stop); !written) {
            log::warn("migrate", "cannot record the checksums of migrations, so later changes of their files will not be noticed",
                      {{"because", written.error().line()}, {"database", context_.migration.database}});
        }
    }

    void conclude(Failure& failure) const {
        if (ended_by_stop(failure, stop_, context_)) {
            if (!blocker_.empty()) failure.because += fmt::format("; a statement waited for {}", blocker_);
            if (!begun_) failure.what = fmt::format("cannot migrate database \"{}\"", context_.migration.database);
        }
        if (failure.state.empty()) failure.state = "Nothing was changed.";
        if (!invalid_.empty()) failure.hint = drop_first(invalid_);
        if (failure.hint.empty() && failure.code == Code::migration_failed) failure.hint = way_on();
    }

    std::string way_on() const {
        if (half_ > 0) {
            return fmt::format("mend what comes behind statement {}, or the data, and run it again: it goes on there; what is committed shows: "
                               "alkemio-init migrate repair {}", half_, current_);
        }
        if (unkept_ > 0) {
            return fmt::format("no journal has what it committed: undo that by hand, or finish it and record it by alkemio-init migrate repair {} "
                               "--applied", current_);
        }
        return fmt::format("mend the migration, or the data, and run it again: it goes on with {}",
                           half_before_.empty() ? "this one" : half_before_.front().first);
    }

    const Context& context_;
    std::unique_ptr<Project> looked_;
    const Stop& stop_;
    std::optional<std::set<std::string>> there_{};  ///< what the ledger had at the end, if it could be read
    int total_{0};
    int applied_{0};  ///< before this run
    bool begun_{false};
    bool repeatable_{false};
    bool overtaken_{false};  ///< by a TypeORM elsewhere
    bool clashed_{false};    ///< it made the ledger at the same moment
    std::string current_{};
    std::vector<std::pair<std::string, int>> half_before_{};  ///< of others that are half done, too
    int half_{0};  ///< how many statements of the current one are committed, while the ledger does not have it
    int unkept_{0};  ///< how many statements it committed itself, whether the journal has them or not
    std::string blocker_{};
    std::vector<InvalidIndex> invalid_{};  ///< what a statement that is CONCURRENTLY left behind
    std::optional<Listing> listing_{};
};

}  // namespace

Result<Level> TypeormEngine::look(const Context& context, const Stop& stop) {
    if (context.database_exists && !listing_) {
        auto known = known_level(context, stop);
        if (!known || known->has_value()) return known ? Result<Level>{std::move(**known)} : std::move(known).error();
    }
    // What is found does not change while a run lasts.
    if (!listing_) {
        // Scripts run here, too: they are loaded.
        const Stop patience = stop.within(context.migration.timeout);
        auto project = Project::open(context, Access::none, patience);
        if (!project) {
            Failure failure = std::move(project).error();
            static_cast<void>(ended_by_stop(failure, patience, context));
            if (failure.state.empty()) failure.state = "Nothing was changed.";
            return failure;
        }
        project_ = std::move(*project);
        listing_ = project_->listing();
    }
    const Listing& listing = *listing_;
    const auto without_database = [&] {
        Level level = survey(context.migration, listing, {});
        level.exists = false;
        return level;
    };
    if (!context.database_exists) return without_database();
    auto session = context.sessions.get(context.login, stop);
    if (!session) {
        if (session.error().code == Code::no_database) return without_database();
        return std::move(session).error();
    }
    auto evidence = evidence_of(**session, listing, stop);
    if (!evidence && is_at_work(evidence.error())) {
        log::info("migrate", "another run is at work, so the ledger cannot be read, and all counts as pending",
                  {{"database", context.migration.database}});
        evidence = Evidence{};
    }
    if (!evidence) return std::move(evidence).error();
    Level level = survey(context.migration, listing, *evidence);
    if (level.pending() == 0) project_.reset();
    return level;
}

Run TypeormEngine::revert(const Context& context, const Revert& order, const Stop& stop) {
    const Stop patience = stop.within(context.migration.timeout);
    return typeorm::revert(context, order, patience);
}

Run TypeormEngine::repair(const Context& context, const Repair& order, const Stop& stop) {
    const Stop patience = stop.within(context.migration.timeout);
    return typeorm::repair(context, order, patience);
}

Result<Created> TypeormEngine::create(const Context& context, const std::string& name, const std::string& folder,
                                      const Stop& stop) {
    return typeorm::create(context, name, folder, stop);
}

Run TypeormEngine::run(const Context& context, const Stop& stop) {
    const Stop patience = stop.within(context.migration.timeout);
    TypeormRun work{context, std::move(project_), patience};
    Run run = work.run();
    if (work.listing()) listing_ = std::move(work.listing());
    return run;
}

}  // namespace ainit::migrate::typeorm
