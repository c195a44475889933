// SPDX-License-Identifier: Apache-2.0
// The door of all migration engines. An engine looks (what is applied, what is pending, what is
// wrong with the set) and runs. It is called under the cluster lock when it runs, without it when
// it looks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "postgres/sessions.h"

namespace ainit::migrate {

enum class State { applied, pending, unknown /* in the ledger, but not among the files */ };

struct Entry {
    std::string name{};
    State state{State::pending};
    std::string file{};        ///< path; empty for a tool's
    std::string applied_at{};  ///< ISO 8601, empty if not applied or not recorded
    std::string note{};        ///< "changed since it was applied"
    bool half_done{false};     ///< a part of it is committed, while the ledger does not have it
};

/// Where a database stands.
struct Level {
    bool knowable{true};  ///< false: the tool cannot be asked; it runs each time
    bool exists{true};    ///< false: the database is not there yet, so everything is pending
    std::vector<Entry> entries{};
    std::vector<Failure> findings{};  ///< reasons to refuse (exit 32)
    std::vector<Failure> warnings{};
    int applied() const;
    int pending() const;
};

/// How far a run is: for a terminal and the log.
struct Progress {
    std::string migration{};  ///< name of the file, or of the tool
    int number{};             ///< of `total`, from 1
    int total{};              ///< 0: unknown
    enum class Kind { begin, statement, waits, done, line } kind{Kind::begin};
    std::string text{};  ///< of a statement (first line) or of a tool's output; whom a statement waits for, empty: nobody any more
    Duration duration{0};
    bool back{false};  ///< it is reverted, not applied
};

using ProgressSink = std::function<void(const Progress&)>;

/// A statement of a migration that is half done: it is committed, while the ledger does not have the migration.
struct JournalLine {
    std::string migration{};
    int number{};             ///< within its migration, from 1
    std::string statement{};  ///< its first line, without literals
    std::string place{};      ///< file:line
    std::string committed_at{};
    bool taken{false};  ///< a person said that it is done
};

/// What a run did; also filled when it failed.
struct Report {
    std::vector<std::string> applied{};
    std::string state{};  ///< "3 of 5 applied; 0004_x.sql was rolled back"
    Duration duration{0};
    std::vector<std::string> reverted{};
    std::vector<std::string> idle{};  ///< of the reverted: those whose way back did nothing
    std::vector<JournalLine> journal{};  ///< of a repair: what was committed before it
};

struct Run {
    Report report{};
    std::optional<Failure> failure{};
};

/// How much of what is pending a run applies.
struct Extent {
    std::string to{};  ///< the last one of it; empty: all
    bool fake{false};  ///< the ledger's rows alone, nothing is run

    bool whole() const { return to.empty() && !fake; }
};

/// What is reverted.
struct Revert {
    int count{1};      ///< how many of the last ones
    std::string to{};  ///< in its place: those that were applied after this one, which stays
    bool fake{false};  ///< the ledger's rows alone, nothing is run
};

/// What a person says of a migration that is half done.
struct Repair {
    std::string migration{};  ///< empty: all that are half done are shown
    enum class Choice { show, applied, from_start, continue_at } choice{Choice::show};
    int number{0};  ///< continue_at: the first statement that is not done
};

/// A new, empty migration.
struct Created {
    std::string name{};
    std::string file{};
};

struct Context {
    const config::Config& config;
    const config::Migration& migration;
    postgres::Sessions& sessions;
    postgres::Login login;  ///< who migrates, in which database
    const ProgressSink& progress;
    bool database_exists{
        true};  ///< false: known not to be there, so look() needs no login to say so
    Deadline run_until{kNever};  ///< of the whole run, which may come before the migration's own
    Extent extent{};
};

class Engine {
  public:
    virtual ~Engine() = default;
    /// Reads only. A database that does not exist yet is `exists = false`, not a Failure.
    virtual Result<Level> look(const Context& context, const Stop& stop) = 0;
    /// Applies everything pending, after looking again.
    virtual Run run(const Context& context, const Stop& stop) = 0;
    /// Takes the last migrations back, under the cluster lock; refused by an engine that cannot.
    virtual Run revert(const Context& context, const Revert& order, const Stop& stop);
    /// Does what a person says of a migration that is half done, under the cluster lock, or shows it; refused likewise.
    virtual Run repair(const Context& context, const Repair& order, const Stop& stop);
    /// Writes an empty migration into `folder` (empty: beside the others); needs no server. Refused likewise.
    virtual Result<Created> create(const Context& context, const std::string& name, const std::string& folder,
                                   const Stop& stop);
};

/// Why this migration's engine cannot run a part of what is pending, if it cannot and shall.
std::optional<Failure> not_in_part(const config::Migration& migration, const Extent& extent);

/// The engine of `migration.engine`; a new engine is one more line here.
Result<std::unique_ptr<Engine>> make_engine(const config::Migration& migration);

}  // namespace ainit::migrate
