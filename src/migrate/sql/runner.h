// SPDX-License-Identifier: Apache-2.0
// Applies pending files one after the other.
#pragma once

#include <vector>

#include "migrate/engine.h"
#include "migrate/sql/files.h"
#include "migrate/sql/ledger.h"
#include "migrate/sql/split.h"

namespace ainit::migrate::sql {

class Runner {
  public:
    Runner(const Context& context, postgres::Session& session, Ledger& ledger, const Stop& stop);

    /// All of `pending` in order, until one fails. `rows` tells how far files came that were cut off.
    Run run(const std::vector<File>& pending, const std::vector<Row>& rows);

  private:
    /// A pending file, split, and how it will run.
    struct Job {
        const File* file{};
        Script script{};
        bool in_transaction{true};
        int done{0};  ///< statements that an earlier run has done
    };

    Result<std::vector<Job>> prepare(const std::vector<File>& pending, const std::vector<Row>& rows) const;
    Result<Job> prepare(const File& file, const std::vector<Row>& rows) const;
    Result<void> prepare_session();
    Result<void> run_together(const std::vector<Job>& jobs);
    Result<void> run_each(const std::vector<Job>& jobs);
    Result<void> run_in_transaction(const Job& job);
    Result<void> try_in_transaction(const Job& job);
    Result<void> run_statements(const Job& job);
    Result<void> run_without_transaction(const Job& job);
    Result<void> run_alone(const Job& job, int index);
    Result<void> execute(const Job& job, const Statement& statement);
    Row row_of(const Job& job, int statements) const;
    void begin(const Job& job);
    void finish(const Job& job);
    Failure explain(const Job& job, const Statement& statement, Failure failure) const;
    Failure explain(const Job& job, Failure failure) const;
    void conclude(Run& run, Failure failure, const std::vector<Job>& jobs) const;

    template <class Work>
    Result<void> with_retries(Work work);

    const Context& context_;
    postgres::Session& session_;
    Ledger& ledger_;
    const Stop& stop_;
    int total_{0};
    int number_{0};
    Deadline began_{Clock::now()};
    std::vector<std::string> applied_{};
    std::string half_done_{};  ///< what became of the file that failed
};

}  // namespace ainit::migrate::sql
