// SPDX-License-Identifier: Apache-2.0
// The journal of migrations that commit before their row in TypeORM's ledger is written: which of a migration's statements
// are committed, and what they answered, in a table of our own (alkemio_init.typeorm_journal). It is written in the same
// transaction as what it tells of, so that after a kill the next run can go on behind it; for ordinary migrations nothing
// of it exists. See docs/migrations.md.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "migrate/engine.h"
#include "migrate/typeorm/demands.h"
#include "postgres/session.h"

namespace ainit::migrate::typeorm {

/// A statement that is committed.
struct Committed {
    int number{};            ///< within its migration, from 1
    std::string checksum{};  ///< of text and parameters
    std::string title{};     ///< the first line of its text, without literals
    std::string place{};     ///< file:line
    std::string at{};        ///< ISO 8601, UTC
    std::optional<std::string> answer{};  ///< the JSON that the script's driver takes; empty: too large to be kept
    bool taken{false};  ///< a person said that it is done, whatever it says
};

/// What is committed of migrations whose row in the ledger is missing, by their names.
using Journals = std::map<std::string, std::vector<Committed>>;

/// Empty where there is no journal, or no right to read it.
Result<Journals> read_journals(postgres::Session& session, const std::string& ledger, const Stop& stop);
Result<void> clear_journal(postgres::Session& session, const std::string& ledger, const std::string& migration,
                           const Stop& stop);
/// Takes the statements before `number` as done, and forgets those from it on.
Result<void> continue_journal(postgres::Session& session, const std::string& ledger, const std::string& migration,
                              int number, const Stop& stop);

/// SHA-256 of a statement's text and parameters.
std::string checksum_of(std::string_view text, const postgres::Parameters& parameters);

/// What a statement answered.
struct Outcome {
    std::shared_ptr<std::vector<postgres::Rows>> rows{std::make_shared<std::vector<postgres::Rows>>()};
    std::shared_ptr<const postgres::ErrorFields> error{};  ///< empty: none
};

/// As the script's driver takes it; empty if it is too large to be kept.
std::optional<std::string> answer_of(const Outcome& outcome);

/// A statement that a migration sent, which is not committed yet, as far as is known.
struct Noted {
    std::string migration{};
    int number{};
    std::string text_checksum{};
    std::string title{};  ///< as title_of() has it; without literals as soon as it is written
    std::shared_ptr<const std::string> stack{};  ///< of the script's call
    std::string place{};
    int wire{};  ///< over which session
    Outcome outcome{};  ///< most are never written, so it is made a text only then
    std::optional<std::string> answer{};
};

/// The journal during a run.
class Journal {
  public:
    Journal(std::string ledger, Journals journals) : ledger_{std::move(ledger)}, journals_{std::move(journals)} {}

    enum class Verdict {
        send,    ///< it is new
        resend,  ///< it is committed, but this session, or the script, needs it once more
        answer,  ///< it is committed, and what it answered is known
        refuse,  ///< it is not what was committed
    };
    Verdict judge(const Noted& noted, const Demands& demands) const;
    /// nullptr: this statement is not committed.
    const Committed* committed(const std::string& migration, int number) const;
    /// The number of the last committed statement; 0: none.
    int last(const std::string& migration) const;
    bool holds(const std::string& migration) const { return last(migration) > 0; }
    /// Whether anything was written, or is there from before.
    bool used() const { return used_ || !journals_.empty(); }

    /// A migration sent this, and got its answer.
    void note(Noted noted);
    /// What was noted of a session and is not committed.
    std::vector<Noted*> open(int wire);
    /// Writes what is open into the transaction that is open, or into one of its own.
    Result<void> write(postgres::Session& session, int wire, const Stop& stop);
    /// What was written is committed.
    void settle(int wire);
    /// The migration's row in the ledger is written in the transaction that is open: takes its journal out in the same one.
    void clear(postgres::Session& session, const std::string& migration, const Stop& stop);

    /// Nothing is sent any more.
    void stop(Failure failure) { stopped_ = std::move(failure); }
    const std::optional<Failure>& stopped() const { return stopped_; }

  private:
    std::string ledger_;
    Journals journals_;
    std::deque<Noted> noted_{};
    bool used_{false};
    std::optional<Failure> stopped_{};
};

}  // namespace ainit::migrate::typeorm
