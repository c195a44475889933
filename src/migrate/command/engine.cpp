// SPDX-License-Identifier: Apache-2.0
#include "migrate/command/engine.h"

#include <algorithm>
#include <deque>
#include <set>

#include <fmt/format.h>

#include "base/child.h"
#include "base/text.h"
#include "migrate/command/invocation.h"
#include "migrate/command/status.h"

namespace ainit::migrate::command {
namespace {

constexpr std::size_t kLastLines = 20;
/// A status answer beyond this is none.
constexpr std::size_t kLargestStatus = std::size_t{4} << 20U;

Duration since(Deadline began) {
    return std::chrono::duration_cast<Duration>(Clock::now() - began);
}

std::string lines(const std::deque<std::string>& last) {
    std::string out;
    for (const std::string& line : last) out += line + "\n";
    return scrub(out);
}

/// A tool run to its end: what it said on stdout, and the end of all it said.
struct Finished {
    Ending ending{};
    std::string out{};
    std::deque<std::string> last{};
};

/// Asks and runs one tool.
class Tool {
  public:
    Tool(const Context& context, const Stop& stop)
        : context_{context}, migration_{context.migration}, stop_{stop} {}

    Result<Level> look() {
        Level level;
        if (!context_.database_exists) return absent();
        // A tool with a wrong password tries for minutes; we know at once.
        auto session = context_.sessions.get(context_.login, stop_);
        if (!session && session.error().code == Code::no_database) return absent();
        if (!session) return std::move(session).error();
        if (!migration_.status_command.empty()) return ask_tool();
        if (!migration_.status_query.empty()) return ask_database();
        level.knowable = false;
        auto applied = ledger();
        if (!applied) return std::move(applied).error();
        enter_applied(level, *applied);
        return level;
    }

    Run run() {
        Run run;
        run.report.state = "nothing was done";
        const auto began = Clock::now();
        run.failure = attempt(run.report);
        run.report.duration = since(began);
        return run;
    }

  private:
    Level absent() const {
        Level level;
        level.exists = false;
        level.knowable = !migration_.status_command.empty() || !migration_.status_query.empty();
        if (level.knowable) level.entries.push_back({migration_.name, State::pending, "", "", "no database yet"});
        return level;
    }

    std::optional<Failure> attempt(Report& report) {
        auto session = context_.sessions.get(context_.login, stop_);
        if (!session) return std::move(session).error();
        auto command = invocation(context_, migration_.command);
        if (!command) return std::move(command).error();
        auto before = ledger();
        if (!before) return std::move(before).error();
        auto finished = execute(*command, Said::logged);
        if (!finished) {
            Failure failure = std::move(finished).error();
            failure.what = fmt::format("cannot run migration \"{}\": {}", migration_.name, failure.what);
            failure.code = Code::migration_failed;
            failure.where = migration_.origin;
            return failure;
        }
        auto after = ledger();
        if (after) report.applied = newcomers(*before, *after);
        if (auto failure = judge(*finished)) return conclude(report, std::move(*failure));
        if (!after) return std::move(after).error();
        // A tool that nobody can ask has done what it does.
        if (migration_.ledger_query.empty()) report.applied = {migration_.name};
        report.state = migration_.ledger_query.empty()
                           ? fmt::format("{} ran", migration_.command.front())
                           : fmt::format("{} applied", report.applied.size());
        return still_pending(report);
    }

    /// An aborted prompt ends with 0 as well: it is asked again.
    std::optional<Failure> still_pending(Report& report) {
        if (migration_.status_command.empty() && migration_.status_query.empty()) return {};
        auto level = look();
        if (!level) return std::move(level).error();
        if (level->pending() == 0) return {};
        Failure failure = cannot_run();
        failure.because = fmt::format("it ended with 0, but {} migrations are still pending", level->pending());
        failure.hint = "run it by hand; it may have asked a question (its --yes is missing)";
        return conclude(report, std::move(failure));
    }

    Failure cannot_run() const {
        Failure failure;
        failure.code = Code::migration_failed;
        failure.what = fmt::format("cannot run migration \"{}\" of database \"{}\"", migration_.name,
                                   migration_.database);
        failure.where = migration_.origin;
        return failure;
    }

    Failure conclude(Report& report, Failure failure) const {
        report.state = migration_.ledger_query.empty()
                           ? fmt::format("{} was ended before its time or failed; what it committed stays",
                                         migration_.command.front())
                           : fmt::format("{} applied by this run and committed", report.applied.size());
        failure.state = fmt::format("{}.", report.state);
        return failure;
    }

    std::optional<Failure> judge(const Finished& finished) const {
        const Ending& ending = finished.ending;
        if (ending.status == 0 && !ending.timed_out && !ending.stopped) return {};
        Failure failure = cannot_run();
        failure.because = fmt::format("{} {}", migration_.command.front(), ending.text());
        failure.excerpt = lines(finished.last);
        if (ending.stopped) {
            failure.code = Code::migration_interrupted;
            failure.signal = stop_.signal();
        } else if (ending.timed_out) {
            failure.code = Code::migration_timeout;
            failure.because = fmt::format("its timeout of {} has passed; {}", show(migration_.timeout), failure.because);
        } else {
            failure.hint = "look at its last words above, and run it by hand";
        }
        return failure;
    }

    enum class Said { logged, kept };

    Result<Finished> execute(const Command& command, Said said) {
        Finished finished;
        const auto sink = [&](Stream stream, std::string_view line) {
            finished.last.emplace_back(line);
            if (finished.last.size() > kLastLines) finished.last.pop_front();
            if (said == Said::kept && stream == Stream::out && finished.out.size() < kLargestStatus) {
                // A long line comes in pieces, which a newline between them would break; JSON needs none.
                finished.out += line;
            }
            if (said != Said::logged) return;
            Progress progress;
            progress.migration = migration_.name;
            progress.kind = Progress::Kind::line;
            progress.text = scrub(line);
            context_.progress(progress);
        };
        auto ending = ainit::run(command, stop_.within(migration_.timeout), migration_.grace, sink);
        if (!ending) return std::move(ending).error();
        finished.ending = *ending;
        return finished;
    }

    Failure cannot_ask(std::string because) const {
        Failure failure;
        failure.code = Code::migration_status;
        failure.what = fmt::format("cannot ask what is pending of migration \"{}\"", migration_.name);
        failure.because = std::move(because);
        failure.state = "Nothing was changed by it.";
        failure.where = migration_.origin;
        return failure;
    }

    Result<Level> ask_tool() {
        auto command = invocation(context_, migration_.status_command);
        if (!command) return std::move(command).error();
        auto finished = execute(*command, Said::kept);
        if (!finished) return cannot_ask(finished.error().line());
        if (finished->ending.stopped) return stop_.failure(Code::migration_status, "cannot ask what is pending");
        if (migration_.status_format == "exit") return by_exit_code(*finished);
        auto entries = read_ory_status(finished->out);
        if (entries && finished->ending.status == 0) {
            Level level;
            level.entries = std::move(*entries);
            return level;
        }
        Failure failure = cannot_ask(finished->ending.status == 0 ? entries.error().because
                                                                  : "it " + finished->ending.text());
        failure.excerpt = lines(finished->last);
        failure.hint = entries ? "" : entries.error().hint;
        return failure;
    }

    Result<Level> by_exit_code(const Finished& finished) const {
        Level level;
        const State state = finished.ending.status == 0 ? State::applied : State::pending;
        level.entries.push_back({migration_.name, state, "", "", ""});
        return level;
    }

    /// One number, or a boolean; a table that is not there yet means that nothing is applied.
    Result<Level> ask_database() {
        Level level;
        auto applied = ledger();
        if (!applied) return std::move(applied).error();
        enter_applied(level, *applied);
        auto rows = query(migration_.status_query);
        if (!rows) return cannot_ask(rows.error().line());
        const std::string answer = !*rows || (*rows)->size() == 0 ? "t" : std::string{(*rows)->text(0, 0)};
        int pending = answer == "t" ? 1 : 0;
        if (answer != "t" && answer != "f") {
            pending = static_cast<int>((*rows)->number(0, 0));
            if (answer != std::to_string(pending) || pending < 0) {
                return cannot_ask(fmt::format("status_query returned \"{}\", which is neither a number nor a boolean", answer));
            }
        }
        for (int i = 1; i <= pending; ++i) {
            level.entries.push_back({pending == 1 ? migration_.name : fmt::format("{} ({} of {})", migration_.name, i, pending),
                                     State::pending, "", "", ""});
        }
        return level;
    }

    static void enter_applied(Level& level, const std::vector<std::string>& applied) {
        for (const std::string& name : applied) level.entries.push_back({name, State::applied, "", "", ""});
    }

    /// Empty where a table does not exist yet (42P01).
    Result<std::optional<postgres::Rows>> query(const std::string& text) {
        auto session = context_.sessions.get(context_.login, stop_);
        if (!session) return std::move(session).error();
        auto rows = (*session)->query(Sql::foreign(text), stop_);
        if (rows) return std::optional<postgres::Rows>{std::move(*rows)};
        if (rows.error().sqlstate == postgres::sqlstate::kUndefinedTable) return std::optional<postgres::Rows>{};
        return std::move(rows).error();
    }

    Result<std::vector<std::string>> ledger() {
        std::vector<std::string> names;
        if (migration_.ledger_query.empty()) return names;
        auto rows = query(migration_.ledger_query);
        if (!rows) {
            Failure failure = std::move(rows).error();
            if (failure.code == Code::internal || failure.code == Code::privilege) failure.code = Code::migration_ledger;
            failure.what = fmt::format("cannot read the ledger of migration \"{}\"", migration_.name);
            failure.where = migration_.origin;
            return failure;
        }
        for (int i = 0; *rows && i < (*rows)->size(); ++i) names.emplace_back((*rows)->text(i, 0));
        return names;
    }

    static std::vector<std::string> newcomers(const std::vector<std::string>& before, const std::vector<std::string>& after) {
        const std::set<std::string> known(before.begin(), before.end());
        std::vector<std::string> out;
        for (const std::string& name : after) {
            if (!known.contains(name)) out.push_back(name);
        }
        return out;
    }

    const Context& context_;
    const config::Migration& migration_;
    const Stop& stop_;
};

}  // namespace

Result<Level> CommandEngine::look(const Context& context, const Stop& stop) {
    return Tool{context, stop}.look();
}

Run CommandEngine::run(const Context& context, const Stop& stop) {
    return Tool{context, stop}.run();
}

}  // namespace ainit::migrate::command
