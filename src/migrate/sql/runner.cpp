// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/runner.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate::sql {
namespace {

constexpr Duration kFirstPause{100};

Duration since(Deadline began) {
    return std::chrono::duration_cast<Duration>(Clock::now() - began);
}

/// What is shown of a statement while it runs.
std::string first_line(const std::string& statement) {
    constexpr std::size_t kShown = 120;
    std::string line = statement.substr(0, statement.find('\n'));
    if (line.size() > kShown) line = mend_utf8(line.substr(0, kShown)) + "…";
    return line;
}

/// Of the statements done of a file that was cut off.
std::string prefix_checksum(const Script& script, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += script.statements[static_cast<std::size_t>(i)].text + ";\n";
    return checksum_of(text);
}

bool worth_a_retry(const Failure& failure) {
    using namespace postgres::sqlstate;
    return failure.sqlstate == kLockNotAvailable || failure.sqlstate == kDeadlock ||
           failure.sqlstate == kSerialization;
}

}  // namespace

Runner::Runner(const Context& context, postgres::Session& session, Ledger& ledger, const Stop& stop)
    : context_{context}, session_{session}, ledger_{ledger}, stop_{stop} {}

Run Runner::run(const std::vector<File>& pending, const std::vector<Row>& rows) {
    Run run;
    total_ = static_cast<int>(pending.size());
    // Everything is read before anything runs, so that a file that cannot be used stops all.
    auto jobs = prepare(pending, rows);
    if (!jobs) {
        run.failure = std::move(jobs).error();
        run.report.state = "nothing was done";
        return run;
    }
    session_.on_notice([this](std::string_view severity, std::string_view text) {
        Progress progress;
        progress.migration = half_done_.empty() ? context_.migration.name : half_done_;
        progress.kind = Progress::Kind::line;
        progress.text = fmt::format("{}: {}", severity, text);
        context_.progress(progress);
    });
    Result<void> done = prepare_session();
    if (done && !ledger_.exists()) done = ledger_.create(session_, stop_);
    if (done) {
        done = context_.migration.transaction == "all" ? run_together(*jobs) : run_each(*jobs);
    }
    session_.on_notice({});
    run.report.applied = applied_;
    run.report.duration = since(began_);
    run.report.state = fmt::format("{} of {} applied", applied_.size(), total_);
    if (!done) conclude(run, std::move(done).error(), *jobs);
    // What a migration left set must reach nobody else; a new login would cost more.
    if (run.failure || !session_.query("DISCARD ALL", stop_)) {
        context_.sessions.drop(context_.login.database);
    }
    return run;
}

Result<std::vector<Runner::Job>> Runner::prepare(const std::vector<File>& pending, const std::vector<Row>& rows) const {
    std::vector<Job> jobs;
    for (const File& file : pending) {
        auto job = prepare(file, rows);
        if (!job) return std::move(job).error();
        jobs.push_back(std::move(*job));
    }
    return jobs;
}

Result<Runner::Job> Runner::prepare(const File& file, const std::vector<Row>& rows) const {
    auto script = split_script(file.text, file.path);
    if (!script) return std::move(script).error();
    Job job{&file, std::move(*script)};
    const Statement* alone = job.script.first_alone();
    const std::string& mode = context_.migration.transaction;
    job.in_transaction = mode != "none" && !job.script.no_transaction && alone == nullptr;
    if (mode == "all" && !job.in_transaction) {
        Failure failure = alone == nullptr ? Failure{} : explain(job, *alone, {});
        failure.code = Code::migration_refused;
        failure.what = fmt::format("cannot run \"{}\" in one transaction with the others", file.path);
        failure.because = alone == nullptr ? "it says that it runs without a transaction"
                                           : "this command does not run inside a transaction";
        failure.state = "Nothing was done.";
        failure.hint = "use transaction = \"each\" for this [[migration]]";
        if (failure.where.empty()) failure.where = {file.path, 0, 0};
        return failure;
    }
    const auto row = std::ranges::find(rows, file.name, &Row::name);
    if (row == rows.end() || row->complete) return job;
    const int count = static_cast<int>(job.script.statements.size());
    if (row->statements > count || prefix_checksum(job.script, row->statements) != row->checksum) {
        Failure failure;
        failure.code = Code::migration_set;
        failure.what = fmt::format("cannot go on with \"{}\"", file.path);
        failure.because = fmt::format("it was cut off after {} statements, and these have changed since", row->statements);
        failure.state = fmt::format("The first {} statements as they were then are done.", row->statements);
        failure.hint = fmt::format("restore them; or finish by hand, and set complete and checksum of its row in {}",
                                   ledger_.shown());
        failure.where = {file.path, 0, 0};
        return failure;
    }
    job.done = row->statements;
    // Once begun without a transaction, it is finished without one.
    job.in_transaction = false;
    return job;
}

Result<void> Runner::prepare_session() {
    const Duration timeout =
        context_.migration.lock_timeout.value_or(context_.config.postgres.lock_timeout);
    Sql sql{"SET lock_timeout = "};
    sql.number(timeout.count());
    auto set = session_.query(sql, stop_);
    if (!set) return std::move(set).error();
    return ok();
}

Result<void> Runner::run_each(const std::vector<Job>& jobs) {
    for (const Job& job : jobs) {
        begin(job);
        auto done = job.in_transaction ? run_in_transaction(job) : run_without_transaction(job);
        if (!done) return done;
        finish(job);
        // The next migration finds a session as a new login would.
        if (auto fresh = session_.query("DISCARD ALL", stop_); !fresh) return std::move(fresh).error();
        if (auto set = prepare_session(); !set) return set;
    }
    return ok();
}

Result<void> Runner::run_together(const std::vector<Job>& jobs) {
    return with_retries([&]() -> Result<void> {
        number_ = 0;
        applied_.clear();
        auto transaction = postgres::Transaction::begin(session_, stop_);
        if (!transaction) return std::move(transaction).error();
        for (const Job& job : jobs) {
            begin(job);
            if (auto done = run_statements(job); !done) return done;
            auto recorded = ledger_.record(session_, row_of(job, -1), since(began_), stop_);
            if (!recorded) return explain(job, std::move(recorded).error());
        }
        if (auto committed = transaction->commit(stop_); !committed) {
            return explain(jobs.back(), std::move(committed).error());
        }
        number_ = 0;
        for (const Job& job : jobs) {
            ++number_;
            finish(job);
        }
        return ok();
    });
}

Result<void> Runner::run_in_transaction(const Job& job) {
    return with_retries([&] { return try_in_transaction(job); });
}

Result<void> Runner::try_in_transaction(const Job& job) {
    auto transaction = postgres::Transaction::begin(session_, stop_);
    if (!transaction) return explain(job, std::move(transaction).error());
    if (auto done = run_statements(job); !done) return done;
    auto recorded = ledger_.record(session_, row_of(job, -1), since(began_), stop_);
    if (!recorded) return explain(job, std::move(recorded).error());
    if (auto committed = transaction->commit(stop_); !committed) {
        return explain(job, std::move(committed).error());
    }
    return ok();
}

Result<void> Runner::run_statements(const Job& job) {
    for (const Statement& statement : job.script.statements) {
        if (auto done = execute(job, statement); !done) return done;
    }
    return ok();
}

Result<void> Runner::run_without_transaction(const Job& job) {
    const int count = static_cast<int>(job.script.statements.size());
    for (int i = job.done; i < count; ++i) {
        auto done = with_retries([&] { return run_alone(job, i); });
        if (!done) return done;
    }
    auto recorded = ledger_.record(session_, row_of(job, -1), since(began_), stop_);
    if (!recorded) return explain(job, std::move(recorded).error());
    return ok();
}

/// One statement, and how far the file came: in one transaction where the statement lets it.
Result<void> Runner::run_alone(const Job& job, int index) {
    const Statement& statement = job.script.statements[static_cast<std::size_t>(index)];
    half_done_ = fmt::format("{}: statements 1 to {} of {} are done and stay", job.file->name, index,
                             job.script.statements.size());
    std::optional<postgres::Transaction> transaction;
    if (!statement.alone) {
        auto begun = postgres::Transaction::begin(session_, stop_);
        if (!begun) return explain(job, std::move(begun).error());
        transaction.emplace(std::move(*begun));
    }
    if (auto done = execute(job, statement); !done) return done;
    // Deaf to a stop: what is done must be known.
    const Stop patience = stop_.deaf().within(Duration{5'000});
    auto recorded = ledger_.record(session_, row_of(job, index + 1), Duration{0}, patience);
    if (!recorded) return explain(job, statement, std::move(recorded).error());
    if (transaction) {
        if (auto committed = transaction->commit(stop_); !committed) {
            return explain(job, statement, std::move(committed).error());
        }
    }
    return ok();
}

Result<void> Runner::execute(const Job& job, const Statement& statement) {
    Progress progress{job.file->name, number_, total_, Progress::Kind::statement, first_line(statement.text)};
    context_.progress(progress);
    auto results = session_.query_all(Sql::foreign(statement.text), stop_);
    if (!results) return explain(job, statement, std::move(results).error());
    return ok();
}

/// `statements` -1: the whole file is done.
Row Runner::row_of(const Job& job, int statements) const {
    Row row;
    row.name = job.file->name;
    row.complete = statements < 0;
    row.statements = row.complete ? static_cast<int>(job.script.statements.size()) : statements;
    row.checksum = row.complete ? job.file->checksum : prefix_checksum(job.script, statements);
    return row;
}

void Runner::begin(const Job& job) {
    ++number_;
    began_ = Clock::now();
    half_done_ = fmt::format("{} was rolled back", job.file->name);
    context_.progress({job.file->name, number_, total_, Progress::Kind::begin});
}

void Runner::finish(const Job& job) {
    half_done_.clear();
    applied_.push_back(job.file->name);
    Progress progress{job.file->name, number_, total_, Progress::Kind::done};
    progress.duration = since(began_);
    context_.progress(progress);
}

Failure Runner::explain(const Job& job, const Statement& statement, Failure failure) const {
    const std::size_t within = session_.last_error().position.value_or(0);
    const std::size_t offset = statement.offset + std::min(within, statement.text.size());
    const Position position = position_at(job.file->text, offset);
    failure = explain(job, std::move(failure));
    failure.where = {job.file->path, position.line, position.column};
    failure.excerpt = caret(job.file->text, offset);
    return failure;
}

Failure Runner::explain(const Job& job, Failure failure) const {
    failure.what = fmt::format("cannot apply migration \"{}\" to database \"{}\"", job.file->name,
                               context_.login.database);
    if (failure.where.empty()) failure.where = {job.file->path, 0, 0};
    return failure;
}

/// Gives the failure its code and tells how things stand now.
void Runner::conclude(Run& run, Failure failure, const std::vector<Job>& jobs) const {
    const bool late = stop_.expired() && !stop_.requested();
    if (failure.code == Code::interrupted) {
        failure.code = Code::migration_interrupted;
    } else if (failure.code == Code::not_ready && late) {
        failure.code = Code::migration_timeout;
        failure.because = fmt::format("its timeout of {} has passed", show(context_.migration.timeout));
    } else if (failure.code == Code::internal || failure.code == Code::privilege) {
        failure.code = Code::migration_failed;
    }
    const bool unknown = failure.code == Code::connection_lost && failure.state.starts_with("The answer to COMMIT");
    const bool together = context_.migration.transaction == "all" && !jobs.empty();
    std::string state = together ? "All of this run was rolled back" : half_done_;
    if (unknown) state = fmt::format("Whether {} was committed is not known", jobs.empty() ? "it" : "the last");
    run.report.state = fmt::format("{}{}{}", state, state.empty() ? "" : "; ", run.report.state);
    failure.state = fmt::format("{}.", run.report.state);
    if (failure.hint.empty() && failure.code == Code::migration_failed) {
        failure.hint = "mend the migration, or the data, and run it again: it goes on with this one";
    }
    run.failure = std::move(failure);
}

template <class Work>
Result<void> Runner::with_retries(Work work) {
    std::mt19937 random{std::random_device{}()};
    Duration pause = kFirstPause;
    for (int left = context_.migration.retries; true; --left, pause *= 2) {
        Result<void> done = work();
        if (done || left <= 0 || !worth_a_retry(done.error())) return done;
        std::uniform_int_distribution<Duration::rep> spread{pause.count() / 2, pause.count()};
        if (!stop_.sleep(Duration{spread(random)})) return done;
    }
}

}  // namespace ainit::migrate::sql
