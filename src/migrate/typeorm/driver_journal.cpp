// SPDX-License-Identifier: Apache-2.0
// How the driver keeps the journal, and goes on behind what it has. What sets up a session or begins and ends transactions
// is always sent, so that the session is what the script takes it for; of all else what is committed is answered again.
#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "migrate/typeorm/driver.h"
#include "migrate/typeorm/wire.h"

namespace ainit::migrate::typeorm {

using postgres::ErrorFields;
using script::Value;

namespace {

/// Of what cannot be in a transaction, or ends one inside.
constexpr std::string_view kActiveTransaction{"25001"};
constexpr std::string_view kInvalidTermination{"2D000"};

/// "statement 3, CREATE TABLE x (x.ts:5)".
std::string name_of(const Committed& one) {
    std::string name = fmt::format("statement {}", one.number);
    if (!one.title.empty()) name += fmt::format(", {}", one.title);
    if (!one.place.empty()) name += fmt::format(" ({})", one.place);
    return name;
}

/// file:line, the file without folders: the next image may have it elsewhere.
std::string place_of(const Origin& where) {
    if (where.empty()) return {};
    return fmt::format("{}:{}", base_name(where.file), where.line);
}

/// The command tag of something that was done and told nothing.
std::string empty_tag(const std::string& title) {
    std::string word = title.substr(0, title.find_first_of(" (\t"));
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (word == "INSERT") return "INSERT 0 0";
    const bool counts = word == "UPDATE" || word == "DELETE" || word == "SELECT" || word == "MERGE";
    return counts ? word + " 0" : word;
}

Failure half_done(const Work& work, std::string because) {
    Failure failure;
    failure.code = Code::migration_failed;
    failure.what = fmt::format("cannot go on with migration {}", work.name);
    failure.because = std::move(because);
    failure.hint = fmt::format("see what is committed, and say what holds: alkemio-init migrate repair {}", work.name);
    return failure;
}

}  // namespace

bool Driver::writes_ledger(const postgres::Statement& statement, const std::string& migration) {
    return std::string_view{statement.text}.starts_with("INSERT INTO") &&
           std::ranges::find(statement.parameters, migration) != statement.parameters.end();
}

bool Driver::refuse(Wire& wire, Failure failure) {
    journal_->stop(std::move(failure));
    return refuse(wire);
}

bool Driver::refuse(Wire& wire) {
    ErrorFields fields;
    fields.severity = "ERROR";
    fields.sqlstate = "55000";
    fields.message = journal_->stopped()->because;
    later(wire.orders.front().done, {error_answer(wire, fields)});
    return false;
}

bool Driver::consult(Wire& wire, Order& order) {
    const postgres::Statement& statement = order.statement;
    if (journal_->stopped()) return refuse(wire);
    const Work* work = watch_.work_of(order.sender);
    if (work == nullptr || work->failed) return true;
    if (order.sender.number == 0) return consult_after_end(wire, order, *work);
    Noted noted{work->name, order.sender.number, checksum_of(statement.text, statement.parameters),
                title_of(statement.text), order.stack};
    noted.wire = wire.number;
    const Demands demands = demands_of(statement.text);
    const Committed* done = journal_->committed(noted.migration, noted.number);
    switch (journal_->judge(noted, demands)) {
        case Journal::Verdict::send: prepare(wire, order, std::move(noted), demands); return true;
        case Journal::Verdict::resend: return true;
        case Journal::Verdict::answer: answer_again(wire, *done); return false;
        case Journal::Verdict::refuse: break;
    }
    const bool same = done->checksum == noted.text_checksum;
    const std::string title = bare(noted.title);
    const std::string now = title == done->title ? "differs from that, in its parameters or further down" : "is now " + title;
    Failure failure = half_done(
        *work, same ? fmt::format("{} is committed, but its answer was too large to be kept", name_of(*done))
                    : fmt::format("{} is committed, and {}", name_of(*done), now));
    failure.where = watch_.read(*noted.stack);
    return refuse(wire, std::move(failure));
}

bool Driver::consult_after_end(Wire& wire, Order& order, const Work& work) {
    const int last = journal_->last(work.name);
    if (last == 0) return true;
    const Committed* done = journal_->committed(work.name, last);
    if (last > work.statements) {
        const std::string why = done->taken ? fmt::format("it was to go on at statement {}, but has only {}", last + 1, work.statements)
                                            : fmt::format("{} is committed, and it ends before", name_of(*done));
        return refuse(wire, half_done(work, why));
    }
    if (!writes_ledger(order.statement, work.name)) return true;
    order.kept.emplace();
    order.kept->to_ledger = true;
    order.kept->noted.migration = work.name;
    if (!wire.session.in_transaction()) wrap(wire, order);
    return true;
}

void Driver::prepare(Wire& wire, Order& order, Noted noted, const Demands& demands) {
    const bool inside = wire.session.in_transaction();
    const bool sound = inside && !wire.session.in_failed_transaction();
    order.kept.emplace();
    order.kept->demands = demands;
    if (sound && (demands.commits || demands.controls)) {
        // A COMMIT alone tells of itself, too: it is done if this is.
        if (demands.commits) journal_->note(noted);
        write_journal(wire);
        order.kept->written = true;
    }
    order.kept->noted = std::move(noted);
    if (inside || demands.loose) return;
    order.kept->statement = order.statement;
    wrap(wire, order);
}

void Driver::wrap(Wire& wire, Order& order) {
    // Answered at once, as are the others of its kind, so it may block the loop.
    order.kept->wrapped = wire.session.query("BEGIN", stop_).has_value();
}

void Driver::write_journal(Wire& wire) {
    for (Noted* one : journal_->open(wire.number)) {
        if (!one->place.empty()) continue;
        one->place = place_of(watch_.read(*one->stack));
        one->title = bare(one->title);
    }
    auto written = journal_->write(wire.session, wire.number, stop_);
    constexpr std::string_view kReadOnly = postgres::sqlstate::kReadOnly;
    if (written || written.error().sqlstate == kReadOnly || std::exchange(warned_, true)) return;
    log::warn("migrate", "cannot keep a journal of a migration that commits by itself: after a kill nobody can go on behind it",
              {{"migration", watch_.work_of(wire.orders.front().sender)->name}, {"because", written.error().line()}});
}

void Driver::answer_again(Wire& wire, const Committed& done) {
    for (const std::string& setting : settings_in(wire.orders.front().text)) {
        static_cast<void>(wire.session.query(Sql::foreign(setting), stop_));
    }
    std::optional<Value> answer;
    if (done.answer) {
        if (auto parsed = engine_.parse_json(*done.answer)) answer = std::move(*parsed);
    }
    if (!answer) {
        const Value results[] = {engine_.object({{"tag", engine_.string(empty_tag(bare(title_of(wire.orders.front().text))))}})};
        answer = engine_.object({{"results", engine_.array(results)}});
    }
    static_cast<void>(answer->set("lost", engine_.boolean(!wire.session.usable())));
    static_cast<void>(answer->set("active", engine_.boolean(wire.session.in_transaction())));
    log::debug("typeorm", fmt::format("{} is committed, and was answered from the journal", name_of(done)));
    const Order& order = wire.orders.front();
    watch_.answered(order.sender, order.text, *order.stack, wire.session.in_transaction(), nullptr);
    later(order.done, {*answer});
}

bool Driver::conclude(Wire& wire, Outcome& outcome) {
    Kept kept = *std::exchange(wire.orders.front().kept, std::nullopt);
    const auto end = [&](const char* how) {
        if (how == std::string_view{"COMMIT"}) {
            if (auto done = wire.session.query("COMMIT", stop_); !done) {
                outcome = {};
                outcome.error = std::make_shared<const ErrorFields>(wire.session.last_error());
            }
        } else {
            static_cast<void>(wire.session.query("ROLLBACK", stop_));
        }
    };
    const bool usable = wire.session.usable();
    const bool good = !outcome.error;
    if (kept.to_ledger) {
        if (good) journal_->clear(wire.session, kept.noted.migration, stop_);
        if (kept.wrapped && usable) end(good ? "COMMIT" : "ROLLBACK");
        return false;
    }
    const bool unwrappable = !good && (outcome.error->sqlstate == kActiveTransaction || outcome.error->sqlstate == kInvalidTermination);
    if (kept.wrapped && usable && unwrappable) {
        end("ROLLBACK");
        postgres::Statement statement = std::move(kept.statement);
        kept.wrapped = false;
        wire.orders.front().kept = std::move(kept);
        start(wire.number, std::move(statement));
        return true;
    }
    // What was written before it is committed now.
    if (good && kept.written) journal_->settle(wire.number);
    const bool told = good && kept.demands.commits && journal_->committed(kept.noted.migration, kept.noted.number) != nullptr;
    if (!told) {
        kept.noted.outcome = outcome;
        journal_->note(std::move(kept.noted));
    }
    if (!usable) return false;
    if (kept.wrapped && !good) end("ROLLBACK");
    if (kept.wrapped && good) {
        write_journal(wire);
        end("COMMIT");
        if (!outcome.error) journal_->settle(wire.number);
        else journal_->open(wire.number).back()->answer = answer_of(outcome);
    } else if (good && !kept.demands.again && !wire.session.in_transaction()) {
        write_journal(wire);
        journal_->settle(wire.number);
    }
    return false;
}

}  // namespace ainit::migrate::typeorm
