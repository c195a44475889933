// SPDX-License-Identifier: Apache-2.0
// What is known of a run of migrations while scripts run it: which migration is at work, from which line of it a statement
// came, how many it sent, and which of them failed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrate/engine.h"
#include "postgres/session.h"
#include "script/engine.h"

namespace ainit::migrate::typeorm {

/// The first line of a statement with something on it, cut to what a line of the log can show.
std::string title_of(std::string_view text);

/// A statement that the server refused.
struct Refused {
    std::string migration{};  ///< empty: TypeORM's own, outside of any
    int number{};             ///< within its migration, from 1
    std::string text{};
    Origin where{};  ///< the line of the script, if one is known
    std::string blocker{};  ///< who it waited for, if that was seen
    postgres::ErrorFields fields{};
};

/// What a migration did until now.
struct Work {
    std::string name{};
    Deadline began{};
    Duration took{0};
    int statements{0};
    int committed{0};  ///< the last statement that it committed by itself, or sent without a transaction; 0: none
    bool ended{false};    ///< its script is done, and what it sent perhaps not
    bool recorded{false}; ///< all that it sent is done, and its row in the ledger is written; committed, unless all commit together
    bool failed{false};  ///< its script has thrown, or one of its statements was refused: what is sent now is TypeORM's own
    bool outside{false};  ///< it sent something outside of TypeORM's transaction, which may stay whatever comes
    bool inside{false};   ///< it began in a transaction, TypeORM's
    bool left_open{false};    ///< it began a transaction that it did not end, by TypeORM's count
    bool rolled_back{false};  ///< it rolled back the transaction that TypeORM began
};

/// Whose a statement is.
struct Sender {
    int work{-1};  ///< the place of its migration in Watch::works(); none before the first
    int number{};  ///< within its migration, from 1; 0: TypeORM's own, behind the end of its script
};

class Watch {
  public:
    explicit Watch(const ProgressSink& progress) : progress_{&progress} {}

    /// In the place of the one before; it must live until the work is done.
    void tell_to(const ProgressSink& progress) { progress_ = &progress; }

    /// Makes the module `alkemio-init:watch`. The Watch must live as long as scripts run, and the engine as long as
    /// places are asked for.
    void provide(script::Engine& engine);
    /// `at_once`: what is done is told when it is, not when all is committed.
    void expect(int total, bool at_once) { total_ = total, at_once_ = at_once; }
    /// Tells those of `names` that it did not tell before: they are committed.
    void committed(const std::vector<std::string>& names) const;

    /// Of the driver: a script sends a statement; it is sent to the server; and what became of it.
    Sender enlist();
    void sent(const Sender& sender, const std::string& text, bool in_transaction);
    /// The statement that runs waits for these; empty: not any more.
    void blocked(std::string blocker);
    void answered(const Sender& sender, const std::string& text, const std::string& stack, bool in_transaction,
                  const postgres::ErrorFields* error);
    /// A script's call of its query runner has rolled back: TypeORM's transaction, unless it committed that before.
    void rolled_back(const Sender& sender);
    /// The server was at this statement when the run was broken off.
    void broke_off(const Sender& sender, const std::string& text, const std::string& stack);
    /// nullptr: it was at none.
    const Refused* broken_off() const { return broken_off_ ? &*broken_off_ : nullptr; }
    /// One that was answered ahead was refused, or broken off: what came behind its migration is as if it had never begun.
    void fall_back_to(const Sender& sender);

    const std::vector<Work>& works() const { return works_; }
    /// The one that runs, or ran last.
    const Work* current() const { return works_.empty() ? nullptr : &works_.back(); }
    /// nullptr: no migration's.
    const Work* work_of(const Sender& sender) const { return sender.work < 0 ? nullptr : &works_[static_cast<std::size_t>(sender.work)]; }
    /// A TypeORM elsewhere has applied what was to be applied: it must be looked again.
    bool overtaken() const { return overtaken_; }
    /// Who the last statement waited for, if that was seen.
    const std::string& blocker() const { return blocker_; }
    /// The last statement that was CONCURRENTLY: what it left when it was broken off must be looked for. Empty: there was none.
    const std::string& concurrently() const { return concurrently_; }
    /// The latest refusal of a statement with this text and message, else with this message, since one that was answered ahead
    /// fails another behind it; else with this text. nullptr if there was none.
    const Refused* refused(std::string_view text, std::string_view message) const;
    /// The line that the last call of a script came from.
    Origin place() const { return read(*place_); }
    /// The stack of the script's call that sends this statement, cheap to take, and to be read by read(); and whether it is known
    /// that it called TypeORM's query(). Once.
    std::pair<std::shared_ptr<const std::string>, bool> take_stack(const std::string& text);
    Origin read(const std::string& stack) const;

  private:
    void begin(const std::string& name, bool inside);
    void end(bool open);
    void fail();
    void record(int work);
    void remember_place(const std::string& text);
    void tell(Progress::Kind kind, int number, std::string text, Duration duration) const;
    bool at_work() const { return !works_.empty() && !works_.back().ended; }

    const ProgressSink* progress_;
    int total_{0};
    bool at_once_{true};
    bool overtaken_{false};
    std::vector<Work> works_{};
    script::Engine* engine_{nullptr};
    // Stacks as they are: only that of a failure is worth reading. Statements of one loop share theirs.
    using Stack = std::shared_ptr<const std::string>;
    std::map<std::string, Stack, std::less<>> places_{};  ///< of the statements that are about to be sent
    Stack place_{std::make_shared<const std::string>()};
    Sender running_{};  ///< whose the statement is that was sent last
    std::string blocker_{};
    std::string concurrently_{};
    std::vector<Refused> refused_{};
    std::optional<Refused> broken_off_{};
};

}  // namespace ainit::migrate::typeorm
