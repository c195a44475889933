// SPDX-License-Identifier: Apache-2.0
// Applies files on a session of their own and records them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "migrate/engine.h"
#include "migrate/invalid_index.h"
#include "migrate/sql/survey.h"

namespace ainit::migrate::sql {

class Applier {
  public:
    /// `applied`: how many of `files` are applied already, for the state that is reported.
    Applier(const Context& context,
            postgres::Session& session,
            const Ledger& ledger,
            const Stop& stop,
            int applied,
            int files);

    /// In order, until one fails; `transaction = "all"` makes it one transaction.
    std::optional<Failure> apply(const std::vector<Job>& jobs);

    const std::vector<std::string>& applied() const { return applied_; }

    /// "3 of 5 applied".
    std::string standing() const;

  private:
    /// A try that did not succeed, with what is known of the place.
    struct Setback {
        Failure failure{};
        const Job* job{};
        const Statement* statement{};  ///< null: before the first or after the last
        postgres::ErrorFields fields{};
        bool unrecorded{false};  ///< the statement is done, but its record is not
        std::vector<InvalidIndex> invalid{};  ///< that it left behind
    };

    /// A file whose changes and record are in the transaction that is open.
    struct Done {
        const Job* job{};
        Duration duration{};
    };

    using Attempt = std::optional<Setback>;

    std::optional<Failure> in_one_transaction(std::span<const Job> jobs);
    Attempt try_transaction(std::span<const Job> jobs, std::vector<Done>& recorded);
    Attempt run_in_transaction(const Job& job, std::vector<Done>& recorded);
    std::optional<Failure> without_transaction(const Job& job);
    Attempt step(const Job& job, int index);
    Attempt step_alone(const Job& job, int index);
    Attempt step_with_record(const Job& job, int index);
    Attempt send(const Job& job, const Statement& statement);
    Attempt record(const Job& job, int done, Deadline began);

    void look_for_invalid_indexes(Setback& setback);
    Attempt accepted_as_it_is(const Job& job, const Statement& statement);

    std::optional<Failure> prepare(bool fresh);
    bool retry(const Setback& setback, int attempt);
    Failure explain(Setback setback, std::string state) const;
    void point_at_statement(Failure& failure, const Setback& setback) const;
    std::string rolled_back(std::size_t jobs, const Setback& setback) const;
    std::string state_of(const Job& job, int done, const Setback& setback) const;
    void hear_notices_of(const Job& job);
    void tell(const Job& job, Progress::Kind kind, std::string text, Duration duration) const;
    Duration lock_timeout() const;

    const Context& context_;
    postgres::Session& session_;
    const Ledger& ledger_;
    const Stop& stop_;
    int applied_before_;
    int files_;
    int number_{0};
    int total_{0};
    bool watched_{false};  ///< the server notices when we are gone
    std::vector<std::string> applied_{};
};

}  // namespace ainit::migrate::sql
