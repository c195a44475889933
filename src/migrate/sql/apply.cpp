// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/apply.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "migrate/outcome.h"
#include "migrate/retry.h"
#include "migrate/sql/advice.h"
#include "postgres/presence.h"

namespace ainit::migrate::sql {
namespace {

using postgres::Transaction;

constexpr std::string_view kRoom = "migrate";
constexpr Duration kRollbackPatience{5'000};

Duration since(Deadline began) {
    return std::chrono::duration_cast<Duration>(Clock::now() - began);
}

void log_notice(std::string_view migration, std::string_view severity, std::string_view text) {
    const bool warning = severity == "WARNING";
    const bool quiet = severity == "DEBUG" || severity == "LOG";
    const log::Level level = warning ? log::Level::warn
                             : quiet ? log::Level::debug
                                     : log::Level::info;
    log::write(level,
               kRoom,
               text,
               {{"severity", std::string{severity}}, {"migration", std::string{migration}}});
}

}  // namespace

Applier::Applier(const Context& context,
                 postgres::Session& session,
                 const Ledger& ledger,
                 const Stop& stop,
                 int applied,
                 int files)
    : context_{context},
      session_{session},
      ledger_{ledger},
      stop_{stop},
      applied_before_{applied},
      files_{files} {}

Duration Applier::lock_timeout() const {
    return context_.migration.lock_timeout.value_or(context_.config.postgres.lock_timeout);
}

std::string Applier::standing() const {
    const int now = applied_before_ + static_cast<int>(applied_.size());
    return fmt::format("{} of {} applied", now, files_);
}

void Applier::tell(const Job& job, Progress::Kind kind, std::string text, Duration duration) const {
    if (!context_.progress) return;
    context_.progress({job.file->name, number_, total_, kind, std::move(text), duration});
}

/// A file starts with the session as a login makes it, whatever the one before it has set; and with
/// no limit of the server's but lock_timeout, since the migration has its own.
std::optional<Failure> Applier::prepare(bool fresh) {
    if (!fresh && !session_.in_transaction()) {
        if (auto done = session_.query("DISCARD ALL", stop_); !done) return std::move(done).error();
    }
    Sql sql;
    // DISCARD ALL, but for what a transaction does not allow.
    if (session_.in_transaction()) {
        sql.add(
            "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *; "
            "DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES; ");
    }
    // The role that the login came with, if it acts for one.
    if (!fresh) sql.add("RESET ROLE; ");
    sql.add("SET lock_timeout = ").number(lock_timeout().count());
    sql.add("; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0");
    constexpr int kHasTransactionTimeout = 170'000;
    if (session_.server_version() >= kHasTransactionTimeout) {
        sql.add("; SET transaction_timeout = 0");
    }
    const bool inside = session_.in_transaction();
    // What cannot be set must not be tried where a failure would end the transaction.
    if (inside && watched_) sql.add("; SET client_connection_check_interval = '1s'");
    if (auto done = session_.query_all(sql, stop_); !done) return std::move(done).error();
    if (inside) return {};
    auto watched = postgres::announce(session_, stop_);
    if (!watched) return std::move(watched).error();
    watched_ = *watched;
    return {};
}

std::optional<Failure> Applier::apply(const std::vector<Job>& jobs) {
    total_ = static_cast<int>(jobs.size());
    if (auto failure = prepare(true)) {
        return explain({std::move(*failure)}, fmt::format("Nothing was changed; {}.", standing()));
    }
    if (context_.migration.transaction == "all") {
        number_ = 1;
        return in_one_transaction(jobs);
    }
    for (const Job& job : jobs) {
        if (number_ > 0) {
            if (auto failure = prepare(false)) {
                return explain({std::move(*failure), &job},
                               fmt::format("{} was not begun; {}.", job.file->name, standing()));
            }
        }
        ++number_;
        auto failure =
            job.in_transaction ? in_one_transaction({&job, 1}) : without_transaction(job);
        if (failure) return failure;
    }
    return {};
}

Applier::Attempt Applier::send(const Job& job, const Statement& statement) {
    if (stop_.over()) return Setback{stop_.failure(Code::migration_timeout, {}), &job, &statement};
    tell(job, Progress::Kind::statement, job.script.title(statement), {});
    auto done = session_.query(Sql::foreign(std::string{job.script.of(statement)}), stop_);
    if (done) return {};
    return Setback{std::move(done).error(), &job, &statement, session_.last_error()};
}

Applier::Attempt Applier::record(const Job& job, int done, Deadline began) {
    Record record;
    record.name = job.file->name;
    record.checksum = job.file->checksum;
    record.statements = static_cast<int>(job.script.statements.size());
    record.done = done;
    record.done_checksum = record.whole() ? "" : checksum_of_done(job.script, done);
    record.duration = since(began);
    auto written = ledger_.write(session_, record, stop_);
    if (!written) return Setback{std::move(written).error(), &job, nullptr};
    if (*written) return {};
    Failure raced;
    raced.code = Code::migration_ledger;
    raced.because = "another run, which does not use this cluster lock, has applied it meanwhile";
    raced.hint = "let all runs use one maintenance database";
    return Setback{std::move(raced), &job, nullptr};
}

void Applier::hear_notices_of(const Job& job) {
    session_.on_notice([name = job.file->name](std::string_view severity, std::string_view text) {
        log_notice(name, severity, text);
    });
}

Applier::Attempt Applier::run_in_transaction(const Job& job, std::vector<Done>& recorded) {
    hear_notices_of(job);
    const Deadline began = Clock::now();
    tell(job, Progress::Kind::begin, {}, {});
    const auto& statements = job.script.statements;
    for (auto i = static_cast<std::size_t>(job.done); i < statements.size(); ++i) {
        if (auto setback = send(job, statements[i])) return setback;
        if (session_.in_transaction()) continue;
        // Only what the grammar did not understand gets here.
        Failure ended;
        ended.because = "this statement has ended the transaction that the file runs in";
        ended.state = fmt::format(
            "What stands before it in {} is committed, but the file is not recorded as applied.",
            job.file->name);
        ended.hint =
            "finish the file by hand, and let it care for its transactions: put "
            "`-- alkemio-init: no-transaction` at its head";
        return Setback{std::move(ended), &job, &statements[i]};
    }
    if (auto setback = record(job, static_cast<int>(statements.size()), began)) return setback;
    recorded.push_back({&job, since(began)});
    return {};
}

Applier::Attempt Applier::try_transaction(std::span<const Job> jobs, std::vector<Done>& recorded) {
    auto transaction = Transaction::begin(session_, stop_);
    if (!transaction) return Setback{std::move(transaction).error(), &jobs.front(), nullptr};
    for (const Job& job : jobs) {
        if (&job != &jobs.front()) {
            ++number_;
            if (auto failure = prepare(false)) return Setback{std::move(*failure), &job, nullptr};
        }
        if (auto setback = run_in_transaction(job, recorded)) return setback;
    }
    // The cluster lock may be lost since the last statement.
    if (stop_.over()) return Setback{stop_.failure(Code::migration_timeout, {}), &jobs.back(), nullptr};
    auto done = transaction->commit(stop_);
    if (done) return {};
    return Setback{std::move(done).error(), &jobs.back(), nullptr};
}

std::optional<Failure> Applier::in_one_transaction(std::span<const Job> jobs) {
    const int first = jobs.size() > 1 ? 1 : number_;
    for (int attempt = 0;; ++attempt) {
        number_ = first;
        std::vector<Done> recorded;
        Attempt setback = try_transaction(jobs, recorded);
        if (!setback) {
            number_ = first - 1;
            for (const Done& done : recorded) {
                ++number_;
                applied_.push_back(done.job->file->name);
                tell(*done.job, Progress::Kind::done, {}, done.duration);
            }
            return {};
        }
        if (retry(*setback, attempt)) continue;
        std::string state = rolled_back(jobs.size(), *setback);
        return explain(std::move(*setback), std::move(state));
    }
}

std::string Applier::rolled_back(std::size_t jobs, const Setback& setback) const {
    // What happened to COMMIT may not be known, and a statement may have made an end of its own.
    const std::string& known = setback.failure.state;
    if (setback.failure.what == "cannot commit" && !known.empty()) {
        return fmt::format("{} {} before it.", known, standing());
    }
    if (setback.failure.what.empty() && !known.empty()) {
        return fmt::format("{} {}.", known, standing());
    }
    if (jobs > 1) {
        return fmt::format("All {} files of this run were rolled back; {}.", jobs, standing());
    }
    return fmt::format("{} was rolled back; {}.", setback.job->file->name, standing());
}

bool Applier::retry(const Setback& setback, int attempt) {
    return session_.usable() && try_again(context_, setback.failure, setback.job->file->name, attempt, stop_);
}

std::optional<Failure> Applier::without_transaction(const Job& job) {
    hear_notices_of(job);
    const Deadline began = Clock::now();
    tell(job, Progress::Kind::begin, {}, {});
    int recorded = job.done;
    const int count = static_cast<int>(job.script.statements.size());
    // Known before anything is done: the right to write the ledger, and that this was begun.
    Attempt setback = record(job, job.done, began);
    for (int i = job.done; i < count && !setback; ++i) {
        setback = step(job, i);
        if (!setback && !session_.in_transaction()) recorded = i + 1;
    }
    if (!setback && session_.in_transaction()) {
        Failure open;
        open.because = "the file begins a transaction and does not end it";
        open.hint = "add COMMIT at its end";
        setback = Setback{std::move(open), &job, &job.script.statements.back()};
    }
    if (!setback) {
        applied_.push_back(job.file->name);
        tell(job, Progress::Kind::done, {}, since(began));
        return {};
    }
    if (session_.usable() && session_.in_transaction()) {
        [[maybe_unused]] const auto back =
            session_.query("ROLLBACK", Stop{}.within(kRollbackPatience));
    }
    look_for_invalid_indexes(*setback);
    std::string state = state_of(job, recorded, *setback);
    return explain(std::move(*setback), std::move(state));
}

/// An index that CONCURRENTLY could not finish is there, and is in the way of the next try.
void Applier::look_for_invalid_indexes(Setback& setback) {
    if (setback.statement == nullptr || !setback.statement->nature.waits) return;
    const std::string text{setback.job->script.of(*setback.statement)};
    setback.invalid = invalid_indexes(session_, text, Stop{}.within(kRollbackPatience));
}

/// IF NOT EXISTS passes over an index that an earlier try has left unfinished.
Applier::Attempt Applier::accepted_as_it_is(const Job& job, const Statement& statement) {
    const auto found = passed_over(session_, statement.nature.index, statement.nature.index_table, stop_);
    if (found.empty()) return {};
    Failure failure;
    failure.because = fmt::format("{} is there already, and no query uses it", told(found));
    return Setback{std::move(failure), &job, &statement};
}

Applier::Attempt Applier::step(const Job& job, int index) {
    const Nature& nature = job.script.statements[static_cast<std::size_t>(index)].nature;
    if (nature.alone || !nature.outside.empty() || session_.in_transaction()) {
        return step_alone(job, index);
    }
    for (int attempt = 0;; ++attempt) {
        Attempt setback = step_with_record(job, index);
        if (!setback || !retry(*setback, attempt)) return setback;
    }
}

/// Committed together with its record, so that a kill at any moment leaves both or neither.
Applier::Attempt Applier::step_with_record(const Job& job, int index) {
    const Deadline began = Clock::now();
    const Statement& statement = job.script.statements[static_cast<std::size_t>(index)];
    auto transaction = Transaction::begin(session_, stop_);
    if (!transaction) return Setback{std::move(transaction).error(), &job, &statement};
    if (auto setback = send(job, statement)) return setback;
    if (auto setback = record(job, index + 1, began)) return setback;
    auto done = transaction->commit(stop_);
    if (!done) return Setback{std::move(done).error(), &job, &statement};
    return {};
}

/// Recorded after it; not tried again, since what it left behind is not known.
Applier::Attempt Applier::step_alone(const Job& job, int index) {
    const Deadline began = Clock::now();
    const Statement& statement = job.script.statements[static_cast<std::size_t>(index)];
    const bool waits =
        statement.nature.waits && job.script.text.find("lock_timeout") == std::string::npos;
    const auto set_lock_timeout = [&](Duration timeout) -> Attempt {
        Sql sql{"SET lock_timeout = "};
        auto set = session_.query(sql.number(timeout.count()), stop_);
        if (set) return {};
        return Setback{std::move(set).error(), &job, &statement};
    };
    if (waits) {
        if (auto setback = set_lock_timeout(Duration{0})) return setback;
    }
    if (auto setback = send(job, statement)) return setback;
    if (auto setback = accepted_as_it_is(job, statement)) return setback;
    // Within a transaction of the file's own nothing is recorded: it may be rolled back yet.
    if (session_.in_transaction()) return {};
    Attempt setback = record(job, index + 1, began);
    if (setback) setback->unrecorded = true;
    if (!setback && waits) setback = set_lock_timeout(lock_timeout());
    return setback;
}

std::string Applier::state_of(const Job& job, int done, const Setback& setback) const {
    const std::size_t count = job.script.statements.size();
    const std::string kept =
        done == 0   ? "none of its statements is done"
        : done == 1 ? fmt::format("its first statement of {} is done and stays", count)
                    : fmt::format("its first {} statements of {} are done and stay", done, count);
    std::string rest;
    if (setback.unrecorded) {
        rest = fmt::format("; statement {} is done too, but could not be recorded", done + 1);
    } else if (!session_.usable()) {
        rest = fmt::format("; whether statement {} was done is not known", done + 1);
    } else if (!setback.invalid.empty()) {
        rest = fmt::format("; of statement {} {} stays", done + 1, told(setback.invalid));
    }
    return fmt::format(
        "{} runs without a transaction: {}{}; the next run goes on with statement "
        "{}. {}.",
        job.file->name,
        kept,
        rest,
        done + 1,
        standing());
}

void Applier::point_at_statement(Failure& failure, const Setback& setback) const {
    const Script& script = setback.job->script;
    const std::size_t offset = setback.statement->offset + setback.fields.position.value_or(0);
    failure.where = script.origin(setback.job->file->path, offset);
    failure.excerpt = caret(script.text, offset);
    if (!setback.fields.context.empty()) failure.excerpt += "\n" + setback.fields.context;
}

Failure Applier::explain(Setback setback, std::string state) const {
    Failure failure = std::move(setback.failure);
    const bool ledger = failure.code == Code::migration_ledger;
    const bool stopped = ended_by_stop(failure, stop_, context_);
    failure.transient = failure.code == Code::connection_lost;
    if (!stopped && !ledger && !failure.transient) failure.code = Code::migration_failed;
    failure.state = std::move(state);
    const std::string of = fmt::format("database \"{}\"", context_.migration.database);
    if (setback.job == nullptr) {
        failure.what = "cannot migrate " + of;
        return failure;
    }
    const std::string_view verb = stopped ? "finish" : ledger ? "record" : "apply";
    failure.what = fmt::format("cannot {} migration {} of {}", verb, setback.job->file->name, of);
    failure.where = {setback.job->file->path};
    if (setback.statement != nullptr) point_at_statement(failure, setback);
    if (!setback.invalid.empty()) {
        failure.hint = drop_first(setback.invalid);
    } else if (!stopped && !failure.transient) {
        const auto* first = setback.job->script.statements.data() + setback.job->done;
        const bool repeated = setback.job->begun && setback.statement == first;
        advise(failure, repeated);
    }
    return failure;
}

}  // namespace ainit::migrate::sql
