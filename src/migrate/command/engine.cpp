// SPDX-License-Identifier: Apache-2.0
#include "migrate/command/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "migrate/command/status.h"
#include "migrate/command/tool.h"
#include "migrate/outcome.h"

namespace ainit::migrate::command {
namespace {

namespace sqlstate = postgres::sqlstate;

constexpr std::string_view kRoom = "migrate";
constexpr Duration kStatusPatience{60'000};
constexpr Duration kAfterwards{5'000};

/// Someone who cannot log in, cannot migrate; tools tend to find out in minutes.
Result<postgres::Session*> log_in(const Context& context, const Stop& stop) {
    return context.sessions.get(context.login, stop);
}

Failure cannot_ask(const config::Migration& migration, std::string because, std::string excerpt) {
    Failure failure;
    failure.code = Code::migration_status;
    failure.what = fmt::format("cannot ask what is pending in database \"{}\"", migration.database);
    failure.because = std::move(because);
    failure.state = "Nothing was changed by asking.";
    failure.hint = "run the status command by hand, or set a status_query";
    failure.where = migration.origin;
    failure.excerpt = std::move(excerpt);
    return failure;
}

/// Whether a question comes after a run of the tool that ended well, when the tables that it asks
/// for must be there.
enum class Asked { before, after };

std::string hint_for(std::string_view key, const std::string& query, const Failure& failure) {
    if (failure.sqlstate == sqlstate::kReadOnly) {
        return fmt::format("let {} only read: it is asked in a transaction that is READ ONLY", key);
    }
    return fmt::format("mend {}: {}", key, query);
}

struct Answer {
    Ending ending{};
    std::vector<std::string> out{};  ///< stdout in pieces, lines that were not too long
    std::string last_lines{};
};

/// The tool logs in as its role itself, and never with the maintenance user's password: where the server wants one that is not
/// known here, it is not started.
Result<void> tool_can_log_in(const Context& context, const Stop& stop) {
    auto refused = postgres::refused_in_person(context.sessions.server(), context.login, stop);
    if (!refused) return ok();
    refused->where = context.migration.origin;
    return std::move(*refused);
}

Result<Answer> ask_tool(const Context& context, const Stop& stop) {
    if (auto fit = tool_can_log_in(context, stop); !fit) return std::move(fit).error();
    Answer answer;
    LastLines last;
    const auto hear = [&](Stream stream, std::string_view line) {
        if (stream == Stream::out) answer.out.emplace_back(line);
        if (stream == Stream::err || answer.out.size() < 2) last.add(clean(line).substr(0, 500));
    };
    const config::Migration& migration = context.migration;
    const Stop patience = stop.within(std::min(kStatusPatience, migration.timeout));
    const Command command = make_command(context, migration.status_command);
    auto ending = ainit::run(command, patience, migration.grace, hear);
    if (!ending) {
        Failure failure = std::move(ending).error();
        failure.state = "Nothing was changed.";
        failure.where = migration.origin;
        return failure;
    }
    answer.last_lines = last.text();
    if (ending->stopped) {
        return stop.failure(Code::migration_status, cannot_ask(migration, {}, {}).what);
    }
    if (ending->timed_out) {
        return cannot_ask(migration,
                          fmt::format("{} did not answer within {}",
                                      migration.status_command.front(),
                                      show(std::min(kStatusPatience, migration.timeout))),
                          answer.last_lines);
    }
    answer.ending = *ending;
    return answer;
}

Result<std::vector<Entry>> entries_of_tool(const Context& context, const Stop& stop) {
    const config::Migration& migration = context.migration;
    auto answer = ask_tool(context, stop);
    if (!answer) return std::move(answer).error();
    const int status = answer->ending.status;
    const std::string& name = migration.status_command.front();
    constexpr int kReserved = 126;
    if (migration.status_format == "exit" && status < kReserved) {
        return pending_entries(migration.name, status == 0 ? 0 : 1);
    }
    if (status != 0) {
        return cannot_ask(
            migration, fmt::format("{} {}", name, answer->ending.text()), answer->last_lines);
    }
    auto entries = read_ory_status(answer->out);
    if (entries) return entries;
    return cannot_ask(
        migration,
        fmt::format("the answer of {} is not understood: {}", name, entries.error().because),
        answer->last_lines);
}

Result<std::vector<Entry>> entries_of_query(const Context& context,
                                            postgres::Session& session,
                                            Asked asked,
                                            const Stop& stop) {
    const config::Migration& migration = context.migration;
    auto rows = postgres::read_only(
        session, Sql::foreign(migration.status_query), stop.within(kStatusPatience));
    if (!rows) {
        // The tool's own table is not there: it has never run.
        if (asked == Asked::before && rows.error().sqlstate == sqlstate::kUndefinedTable) {
            return pending_entries(migration.name, 1);
        }
        Failure failure = cannot_ask(migration, rows.error().because, {});
        failure.sqlstate = rows.error().sqlstate;
        failure.hint = hint_for("status_query", migration.status_query, failure);
        const Code code = rows.error().code;
        if (code == Code::connection_lost || code == Code::interrupted) return rows.error();
        return failure;
    }
    const bool one = rows->size() == 1 && rows->columns() == 1 && !rows->null(0, 0);
    const auto count = one ? read_pending(rows->text(0, 0)) : std::nullopt;
    if (count) return pending_entries(migration.name, *count);
    Failure failure =
        cannot_ask(migration, "status_query did not answer with one number or boolean", {});
    failure.hint =
        "let it return the number of pending migrations, or true if something is pending";
    return failure;
}

Result<std::vector<std::string>> names_in_ledger(const Context& context,
                                                 postgres::Session& session,
                                                 Asked asked,
                                                 const Stop& stop) {
    std::vector<std::string> names;
    auto rows = postgres::read_only(session, Sql::foreign(context.migration.ledger_query), stop);
    const bool none = !rows && rows.error().sqlstate == sqlstate::kUndefinedTable;
    if (none && asked == Asked::before) return names;
    if (!rows) {
        Failure failure = std::move(rows).error();
        if (failure.code == Code::connection_lost || failure.code == Code::interrupted) {
            return failure;
        }
        failure.code = Code::migration_ledger;
        failure.what = fmt::format("cannot read what is applied in database \"{}\"",
                                   context.migration.database);
        failure.state = "Nothing was changed by asking.";
        failure.hint = hint_for("ledger_query", context.migration.ledger_query, failure);
        failure.where = context.migration.origin;
        return failure;
    }
    for (int i = 0; i < rows->size(); ++i) {
        if (rows->columns() > 0) names.emplace_back(rows->text(i, 0));
    }
    return names;
}

std::vector<Entry> applied_entries(const std::vector<std::string>& names) {
    std::vector<Entry> entries;
    for (const std::string& name : names) {
        Entry entry;
        entry.name = name;
        entry.state = State::applied;
        entries.push_back(std::move(entry));
    }
    return entries;
}

/// What is known from the ledger alone, beside what is pending.
Result<void> add_ledger(Level& level,
                        const Context& context,
                        postgres::Session& session,
                        Asked asked,
                        const Stop& stop) {
    if (context.migration.ledger_query.empty() || level.applied() > 0) return ok();
    auto names = names_in_ledger(context, session, asked, stop);
    if (!names) return std::move(names).error();
    auto entries = applied_entries(*names);
    level.entries.insert(level.entries.begin(), entries.begin(), entries.end());
    return ok();
}

std::optional<Failure> refuse_secrets(const Context& context) {
    for (const auto* arguments : {&context.migration.command, &context.migration.status_command}) {
        if (auto refused =
                secret_in_arguments(context.config, context.migration, context.login, *arguments)) {
            return refused;
        }
    }
    return {};
}

Result<Level> look_at(const Context& context, Asked asked, const Stop& stop) {
    const config::Migration& migration = context.migration;
    Level level;
    level.knowable = !migration.status_command.empty() || !migration.status_query.empty();
    if (auto refused = refuse_secrets(context)) {
        level.findings.push_back(std::move(*refused));
        return level;
    }
    const auto without_database = [&] {
        level.exists = false;
        level.entries = pending_entries(migration.name, 1);
        return level;
    };
    if (!context.database_exists) return without_database();
    auto session = log_in(context, stop);
    if (!session) {
        if (session.error().code == Code::no_database) return without_database();
        return std::move(session).error();
    }
    if (level.knowable) {
        auto entries = migration.status_command.empty()
                           ? entries_of_query(context, **session, asked, stop)
                           : entries_of_tool(context, stop);
        if (!entries) return std::move(entries).error();
        level.entries = std::move(*entries);
    }
    if (auto added = add_ledger(level, context, **session, asked, stop); !added) {
        return std::move(added).error();
    }
    return level;
}

/// One run of the tool.
class ToolRun {
  public:
    ToolRun(const Context& context, const Stop& stop)
        : context_{context}, stop_{stop}, patience_{stop.within(context.migration.timeout)} {}

    Run run() {
        const Deadline began = Clock::now();
        Run run;
        run.report.state = "the tool was not started";
        run.failure = carry_out(run.report);
        run.report.duration = std::chrono::duration_cast<Duration>(Clock::now() - began);
        return run;
    }

  private:
    bool has_ledger() const { return !context_.migration.ledger_query.empty(); }

    std::optional<Failure> carry_out(Report& report) {
        if (auto refused = refuse_secrets(context_)) return refused;
        auto session = log_in(context_, patience_);
        if (!session) return before_anything(std::move(session).error());
        if (auto fit = tool_can_log_in(context_, patience_); !fit) return before_anything(std::move(fit).error());
        if (has_ledger()) {
            auto names = names_in_ledger(context_, **session, Asked::before, patience_);
            if (!names) return before_anything(std::move(names).error());
            before_ = std::move(*names);
        }
        // Ours would be in the way of a tool that wants the database for itself.
        context_.sessions.drop(context_.migration.database);
        tell(Progress::Kind::begin, {});
        const Deadline began = Clock::now();
        const auto hear = [&](Stream, std::string_view line) {
            last_.add(line);
            tell(Progress::Kind::line, clean(line));
        };
        const Command command = make_command(context_, context_.migration.command);
        auto ending = ainit::run(command, patience_, context_.migration.grace, hear);
        if (!ending) return not_started(std::move(ending).error());
        auto misread = look_at_ledger(report, ending->status == 0);
        if (auto failure = judge(*ending, report)) return failure;
        if (misread) return misread;
        tell(Progress::Kind::done, {}, std::chrono::duration_cast<Duration>(Clock::now() - began));
        return still_pending(report);
    }

    void tell(Progress::Kind kind, std::string text, Duration duration = Duration{0}) const {
        if (!context_.progress) return;
        context_.progress({context_.migration.name, 1, 0, kind, std::move(text), duration});
    }

    std::string what(std::string_view verb) const {
        return fmt::format("cannot {} \"{}\" for database \"{}\"",
                           verb,
                           clean(join(context_.migration.command, " ")),
                           context_.migration.database);
    }

    Failure before_anything(Failure failure) const {
        if (ended_by_stop(failure, patience_, context_)) {
            failure.what = what("start");
            failure.state = "Nothing was changed.";
        }
        return failure;
    }

    Failure not_started(Failure failure) const {
        failure.what = what("start");
        failure.state = "Nothing was changed in this database.";
        failure.where = context_.migration.origin;
        return failure;
    }

    /// Also after a stop: what the tool has done is worth five seconds. A Failure if the query itself
    /// is wrong.
    std::optional<Failure> look_at_ledger(Report& report, bool good) {
        if (!has_ledger()) {
            report.state = "the tool ran";
            // The run itself is all there is to count.
            if (good) report.applied = {context_.migration.name};
            return {};
        }
        const Stop patience = Stop{}.within(kAfterwards);
        auto session = log_in(context_, patience);
        auto names = session ? names_in_ledger(
                                       context_, **session, good ? Asked::after : Asked::before, patience)
                             : Result<std::vector<std::string>>{session.error()};
        if (!names) {
            log::warn(kRoom, names.error().line(), {{"migration", context_.migration.name}});
            report.state = "the tool ran; what it recorded is not known";
            Failure failure = std::move(names).error();
            if (!good || failure.code != Code::migration_ledger) return {};
            failure.state = state_of(report);
            return failure;
        }
        for (const std::string& name : *names) {
            if (std::ranges::find(before_, name) == before_.end()) report.applied.push_back(name);
        }
        report.state =
            report.applied.empty()
                ? fmt::format("nothing new; {} recorded", names->size())
                : fmt::format("{} recorded, {} of them new", names->size(), report.applied.size());
        return {};
    }

    std::string state_of(const Report& report) const {
        if (!has_ledger()) {
            return "What the tool has committed stays; without a ledger_query it is not known what "
                   "that is.";
        }
        return fmt::format("What the tool has committed stays: {}.", report.state);
    }

    std::optional<Failure> judge(const Ending& ending, const Report& report) const {
        Failure failure;
        if (ending.stopped || ending.timed_out) {
            ended_by_stop(failure, patience_, context_);
            failure.because += fmt::format("; the tool {}", ending.text());
        } else if (ending.status != 0) {
            failure.code = Code::migration_failed;
            failure.because = fmt::format("it {}", ending.text());
            failure.hint = "its last lines are shown; mend the cause and run it again";
        } else {
            return {};
        }
        failure.what = what("finish");
        failure.state = state_of(report);
        failure.where = context_.migration.origin;
        failure.excerpt = last_.text();
        return failure;
    }

    /// Exit code 0 is also what a prompt that nobody answers ends with.
    std::optional<Failure> still_pending(const Report& report) {
        const config::Migration& migration = context_.migration;
        if (migration.status_command.empty() && migration.status_query.empty()) return {};
        auto level = look_at(context_, Asked::after, stop_);
        if (!level) {
            Failure failure = before_anything(std::move(level).error());
            failure.state = state_of(report);
            return failure;
        }
        if (level->pending() == 0) return {};
        Failure failure;
        failure.code = Code::migration_failed;
        failure.what = what("finish");
        failure.because =
            fmt::format("it exited with 0, but {} still pending",
                        level->pending() == 1 ? "1 migration is"
                                              : fmt::format("{} migrations are", level->pending()));
        failure.state = state_of(report);
        failure.hint = "let it ask no questions (--yes), and see its last lines";
        failure.where = migration.origin;
        failure.excerpt = last_.text();
        return failure;
    }

    const Context& context_;
    const Stop& stop_;
    Stop patience_;
    LastLines last_{};
    std::vector<std::string> before_{};
};

}  // namespace

Result<Level> CommandEngine::look(const Context& context, const Stop& stop) {
    return look_at(context, Asked::before, stop);
}

Run CommandEngine::run(const Context& context, const Stop& stop) {
    return ToolRun{context, stop}.run();
}

}  // namespace ainit::migrate::command
