// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "migrate/outcome.h"
#include "migrate/sql/apply.h"
#include "migrate/sql/files.h"
#include "migrate/sql/ledger.h"
#include "migrate/sql/parser.h"
#include "migrate/sql/survey.h"

namespace ainit::migrate::sql {
namespace {

using postgres::Session;

sql::Grammar grammar_for(int server_version) {
    constexpr int kMajor = 10'000;
    return server_version / kMajor > sql::grammar_version() ? sql::Grammar::newer
                                                            : sql::Grammar::strict;
}

/// Of a server whose database is not there yet; one that cannot be asked is not held against the files.
sql::Grammar grammar_of_server(const Context& context, const Stop& stop) {
    const auto session = context.sessions.maintenance(stop);
    return session ? grammar_for((*session)->server_version()) : sql::Grammar::newer;
}

/// One run on a session of its own.
class SqlRun {
  public:
    SqlRun(const Context& context, const Stop& stop) : context_{context}, stop_{stop} {}

    Run run() {
        const Deadline began = Clock::now();
        Run run;
        run.failure = carry_out(run.report);
        run.report.duration = std::chrono::duration_cast<Duration>(Clock::now() - began);
        return run;
    }

  private:
    std::optional<Failure> carry_out(Report& report) {
        report.state = "nothing was done";
        auto files = sql::find_files(context_.migration.files);
        if (!files) return std::move(files).error();
        // Its own session: what migrations set must not reach those who ask questions over the kept
        // ones.
        auto session = Session::open(context_.sessions.server(), context_.login, stop_);
        if (!session) return before_anything(std::move(session).error());
        sql::Ledger ledger{context_.migration};
        auto rows = ledger.read(*session, stop_);
        if (!rows) return before_anything(std::move(rows).error());
        const sql::Survey survey =
            sql::survey(context_.migration, *files, *rows, grammar_for(session->server_version()));
        if (!survey.level.findings.empty()) return survey.level.findings.front();
        if (!survey.jobs.empty()) {
            if (auto made = ledger.make(*session, stop_); !made) {
                return before_anything(std::move(made).error());
            }
        }
        sql::Applier applier{
            context_, *session, ledger, stop_, survey.level.applied(), survey.files};
        std::optional<Failure> failure;
        if (!survey.jobs.empty()) failure = applier.apply(survey.jobs);
        report.applied = applier.applied();
        report.state = applier.standing();
        if (failure && !failure->state.empty()) {
            report.state = failure->state.substr(0, failure->state.find_last_not_of('.') + 1);
        }
        return failure;
    }

    /// A stop on the way is the migration's, too.
    Failure before_anything(Failure failure) const {
        if (ended_by_stop(failure, stop_, context_)) {
            failure.what =
                fmt::format("cannot migrate database \"{}\"", context_.migration.database);
            failure.state = "Nothing was changed.";
        }
        return failure;
    }

    const Context& context_;
    const Stop& stop_;
};

}  // namespace

Result<Level> SqlEngine::look(const Context& context, const Stop& stop) {
    auto files = sql::find_files(context.migration.files);
    if (!files) return std::move(files).error();
    const auto without_database = [&] {
        Level level = sql::survey(context.migration, *files, {}, grammar_of_server(context, stop)).level;
        level.exists = false;
        return level;
    };
    if (!context.database_exists) return without_database();
    auto session = context.sessions.get(context.login, stop);
    if (!session) {
        if (session.error().code == Code::no_database) return without_database();
        return std::move(session).error();
    }
    auto rows = sql::Ledger{context.migration}.read(**session, stop);
    if (!rows) return std::move(rows).error();
    return sql::survey(context.migration, *files, *rows, grammar_for((*session)->server_version()))
        .level;
}

Run SqlEngine::run(const Context& context, const Stop& stop) {
    const Stop patience = stop.within(context.migration.timeout);
    return SqlRun{context, patience}.run();
}

}  // namespace ainit::migrate::sql
