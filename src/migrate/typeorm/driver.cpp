// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/driver.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "migrate/invalid_index.h"
#include "migrate/sql/nature.h"
#include "migrate/typeorm/ahead.h"
#include "migrate/typeorm/concurrently.h"
#include "migrate/typeorm/wire.h"
#include "postgres/presence.h"

namespace ainit::migrate::typeorm {

using postgres::ErrorFields;
using postgres::Rows;
using script::Call;
using script::Value;

namespace {

constexpr Duration kCancelPatience{5'000};
/// After which it is asked what a statement waits for, and between two times.
constexpr Duration kLong{3'000};
/// How many statements of a script may be on their way.
constexpr std::size_t kMostAhead = 32;

void log_notice(const Work* work, std::string_view severity, std::string_view text) {
    const log::Level level = severity == "WARNING" ? log::Level::warn
                             : severity == "DEBUG" || severity == "LOG" ? log::Level::debug
                                                                        : log::Level::info;
    log::write(level, "migrate", text,
               {{"severity", std::string{severity}}, {"migration", work == nullptr ? "" : work->name}});
}

/// The fields of an error that the server never sent.
ErrorFields own_error(std::string sqlstate, std::string message) {
    ErrorFields fields;
    fields.sqlstate = std::move(sqlstate);
    fields.severity = "ERROR";
    fields.message = std::move(message);
    return fields;
}

struct Parameter {
    std::optional<std::string> value{};
    bool binary{false};
};

Parameter parameter_of(const Value& value) {
    if (value.nullish()) return {};
    if (const auto bytes = value.bytes()) {
        return {std::string{reinterpret_cast<const char*>(bytes->data()), bytes->size()}, true};
    }
    std::string text = value.text();
    // libpq's text ends at a NUL; as bytes it reaches the server, which is who has to refuse it.
    const bool nul = text.find('\0') != std::string::npos;
    return {std::move(text), nul};
}

}  // namespace

Driver::Driver(script::Engine& engine, Target target, Watch& watch, const Stop& stop)
    : engine_{engine}, target_{std::move(target)}, watch_{watch}, stop_{stop},
      blockers_{target_.server, target_.login} {
    provide();
}

Driver::~Driver() {
    close();
}

void Driver::close() {
    for (auto& [number, wire] : wires_) {
        if (!wire->busy()) continue;
        if (!wire->orders.empty()) {
            const Order& at = wire->at_server();
            watch_.broke_off(at.sender, at.text, *at.stack);
        }
        // What the server has not come to has not begun.
        if (!wire->orders.empty() && wire->orders.front().answered) watch_.fall_back_to(wire->orders.front().sender);
        engine_.unwatch(wire->watched);
        wire->cancel(kCancelPatience);
    }
    wires_.clear();
}

void Driver::provide() {
    engine_.module("alkemio-init:postgres", [this](script::Engine& engine) -> Answer {
        return engine.object({
            {"open", engine.function("open", [this](const Call& call) { return open(call); })},
            {"send", engine.function("send", [this](const Call& call) { return send(call); })},
            {"isBehind", engine.function("isBehind", [this](const Call& call) { return is_behind(call); })},
            {"settle", engine.function("settle", [this](const Call& call) { return settle(call); })},
            {"close", engine.function("close", [this](const Call& call) { return close_one(call); })},
        });
    });
}

/// What scripts may say of a session: options that any user may set.
postgres::Server Driver::server_for(const Value& settings) const {
    std::string options = postgres::start_option("lock_timeout", fmt::format("{}", target_.lock_timeout.count()));
    options += " -c statement_timeout=0 -c idle_in_transaction_session_timeout=0";
    for (const char* name : {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}) {
        auto given = settings.get(name);
        if (given && given->truthy()) options += " " + postgres::start_option(name, given->text());
    }
    if (auto given = settings.get("options"); given && given->string()) options += " " + *given->string();
    postgres::Server server = target_.server;
    for (auto& [keyword, value] : server.parameters) {
        if (keyword != "options") continue;
        value += " " + options;
        return server;
    }
    server.parameters.emplace_back("options", options);
    return server;
}

Driver::Answer Driver::open(const Call& call) {
    if (target_.closed) return Value{};
    when_settled([this, settings = call[0], notice = call[1], done = call[2]] { open_now(settings, notice, done); });
    return Value{};
}

void Driver::open_now(const Value& settings, const Value& notice, const Value& done) {
    // The script would not have come here.
    if (late_) return later(done, {fields_of(*late_->error)});
    // A login waits for no other session of the script, so it may block the loop.
    auto session = postgres::Session::open(server_for(settings), target_.login, stop_);
    const auto announced = session ? postgres::announce(*session, stop_) : Result<bool>{session.error()};
    if (!announced) {
        refused_ = announced.error();
        const std::string state = refused_->sqlstate.empty() ? "08006" : refused_->sqlstate;
        return later(done, {fields_of(own_error(state, refused_->because))});
    }
    const int number = ++last_;
    auto& wire = *wires_.emplace(number, std::make_unique<Wire>(number, std::move(*session))).first->second;
    hear_notices(wire, notice);
    const auto says = [&](const char* name) { return settings.get(name) ? settings.get(name)->text() : std::string{}; };
    wire.own_lock_timeout = says("lock_timeout").find_first_of("123456789") != std::string::npos ||
                            says("options").find("lock_timeout") != std::string::npos;
    const Value opened = engine_.object({{"session", engine_.number(number)},
                                         {"pid", engine_.number(wire.session.backend_pid())}});
    later(done, {engine_.null(), opened});
}

void Driver::hear_notices(Wire& wire, const Value& notice) {
    wire.notice = notice;
    wire.session.on_notice([this, &wire](std::string_view severity, std::string_view text) {
        log_notice(wire.orders.empty() ? watch_.current() : watch_.work_of(wire.at_server().sender), severity, text);
        ErrorFields fields = own_error("00000", std::string{text});
        fields.severity = severity;
        wire.noticed = true;
        later(wire.notice, {fields_of(fields)});
    });
}

Driver::Answer Driver::send(const Call& call) {
    const auto number = static_cast<int>(call[0].number().value_or(0));
    const auto found = wires_.find(number);
    if (found == wires_.end()) return engine_.error("Error", "the session is closed");
    Wire& wire = *found->second;
    Order order;
    order.text = call[1].text();
    order.done = call[4];
    std::tie(order.stack, order.by_runner) = watch_.take_stack(order.text);
    postgres::Statement& statement = order.statement;
    statement.text = order.text;
    statement.extended = call[3].truthy();
    statement.no_rows = "No source stream defined";  // pg's words
    auto values = call[2].elements();
    if (!values) return std::move(values).error();
    for (const Value& one : *values) {
        Parameter parameter = parameter_of(one);
        statement.parameters.push_back(std::move(parameter.value));
        statement.binary.push_back(parameter.binary);
    }
    if (late_) {
        later(order.done, {error_answer(wire, *std::exchange(late_, std::nullopt)->error)});
        return Value{};
    }
    order.sender = watch_.enlist();
    order.tag = tag_ahead(wire, order);
    wire.orders.push_back(std::move(order));
    if (wire.orders.size() == 1) begin(wire);
    else if (wire.orders.size() <= kMostAhead) answer_ahead(wire.orders.back());
    return Value{};
}

std::string Driver::tag_ahead(const Wire& wire, const Order& order) {
    const Work* work = watch_.work_of(order.sender);
    if (work == nullptr || work->failed || journal_ == nullptr || wires_.size() != 1 || !waiting_.empty()) return {};
    const postgres::Statement& statement = order.statement;
    const bool to_ledger = order.sender.number == 0;
    if (to_ledger && !writes_ledger(statement, work->name)) return {};
    if (!to_ledger && (!order.by_runner || statement.extended || !statement.parameters.empty())) return {};
    if (order.text.find('\0') != std::string::npos) return {};
    if (journal_->stopped() || journal_->holds(work->name)) return {};
    // Those that are on their way left the transaction as it was.
    const postgres::Session& session = wire.session;
    if (wire.orders.empty() && (!session.usable() || !session.in_transaction() || session.in_failed_transaction())) return {};
    if (!may_go_ahead(work->name)) return {};
    return to_ledger ? "INSERT 0 1" : known_tag(order.text);
}

bool Driver::may_go_ahead(const std::string& migration) {
    if (!may_ahead_) return false;
    if (ahead_.first != migration) ahead_ = {migration, may_ahead_(migration)};
    return ahead_.second;
}

void Driver::answer_ahead(Order& order) {
    if (order.tag.empty() || order.answered) return;
    order.answered = true;
    const Value results[] = {engine_.object({{"tag", engine_.string(order.tag)}})};
    const Value answer = engine_.object({{"results", engine_.array(results)}, {"active", engine_.boolean(true)}});
    later(order.done, {answer});
}

void Driver::begin(Wire& wire) {
    const auto alone = std::ranges::find_if(wire.orders, &std::string::empty, &Order::tag);
    if (alone - wire.orders.begin() > 1) return start_together(wire, static_cast<std::size_t>(alone - wire.orders.begin()));
    Order& order = wire.orders.front();
    if (order.text.find('\0') != std::string::npos) {
        // As the server says it, which libpq would send what comes before the NUL.
        const ErrorFields refusal = own_error("08P01", "invalid message format");
        watch_.answered(order.sender, order.text, *order.stack, wire.session.in_transaction(), &refusal);
        later(order.done, {error_answer(wire, refusal)});
        wire.orders.pop_front();
        return;
    }
    watch_.sent(order.sender, order.text, wire.session.in_transaction());
    if (journal_ == nullptr || consult(wire, order)) {
        start(wire.number, std::move(order.statement));
        answer_ahead(order);
    } else {
        wire.orders.pop_front();
    }
}

void Driver::start(int number, postgres::Statement statement) {
    Wire& wire = *wires_.at(number);
    // Answered at once by the server, so it may block the loop.
    wire.lifted = !wire.own_lock_timeout && !wire.session.in_transaction() && waits_by_design(wire.orders.front().text) &&
                  lift_lock_timeout(wire.session, stop_);
    wire.running.emplace(wire.session, std::move(statement));
    if (wire.running->done()) {
        engine_.post([this, number] { finish(number); });
        return;
    }
    ask_later(wire);
    wire.watched = engine_.watch(wire.running->fd(), wire.running->events(), [this, number](short) {
        Wire& ready = *wires_.at(number);
        ready.running->advance();
        if (!ready.running->done()) {
            engine_.watch_for(ready.watched, ready.running->events());
            return;
        }
        engine_.unwatch(ready.watched);
        // Behind the notices, as the server sent it.
        if (std::exchange(ready.noticed, false)) engine_.post([this, number] { finish(number); });
        else finish(number);
    });
}

void Driver::finish(int number) {
    const auto found = wires_.find(number);
    if (found == wires_.end()) return;
    Wire& wire = *found->second;
    engine_.cancel(std::exchange(wire.asking, 0));
    auto results = wire.running->take();
    Outcome outcome;
    if (results) *outcome.rows = std::move(*results);
    else outcome.error = std::make_shared<const ErrorFields>(wire.session.last_error());
    wire.running.reset();
    if (std::exchange(wire.lifted, false)) restore_lock_timeout(wire.session, stop_);
    if (!outcome.error) outcome.error = unfinished_index(wire);
    if (wire.orders.front().kept && conclude(wire, outcome)) return;
    conclude_order(wire, outcome);
}

std::shared_ptr<const ErrorFields> Driver::unfinished_index(Wire& wire) {
    const std::string& text = wire.orders.front().text;
    // The parser is asked only where the answer may be yes.
    if (!contains_ignoring_case(text, "concurrently")) return {};
    const sql::Nature nature = sql::nature_of(text);
    const auto found = passed_over(wire.session, nature.index, nature.index_table, stop_);
    if (found.empty()) return {};
    ErrorFields fields = own_error("55000", fmt::format("{} is there already, and no query uses it", told(found)));
    fields.hint = drop_first(found);
    return std::make_shared<const ErrorFields>(std::move(fields));
}

void Driver::start_together(Wire& wire, std::size_t count) {
    std::vector<postgres::Statement> statements;
    for (std::size_t i = 0; i < count; ++i) {
        Order& order = wire.orders[i];
        // It has nothing of them, or they would not be answered ahead.
        static_cast<void>(consult(wire, order));
        statements.push_back(std::move(order.statement));
    }
    watch_.sent(wire.orders.front().sender, wire.orders.front().text, true);
    wire.pipeline.emplace(wire.session, std::move(statements));
    const int number = wire.number;
    if (wire.pipeline->done()) {
        engine_.post([this, number] { take_answers(number); });
        return;
    }
    ask_later(wire);
    wire.watched = engine_.watch(wire.pipeline->fd(), wire.pipeline->events(), [this, number](short) {
        Wire& ready = *wires_.at(number);
        ready.pipeline->advance();
        if (ready.pipeline->done()) engine_.unwatch(ready.watched);
        else engine_.watch_for(ready.watched, ready.pipeline->events());
        take_answers(number);
    });
}

void Driver::take_answers(int number) {
    while (true) {
        const auto found = wires_.find(number);
        if (found == wires_.end() || !found->second->pipeline) return;
        Wire& wire = *found->second;
        auto answer = wire.pipeline->take();
        if (!answer) return;
        Outcome outcome;
        if (*answer) outcome.rows->push_back(std::move(**answer));
        else outcome.error = std::make_shared<const ErrorFields>(wire.session.last_error());
        engine_.cancel(std::exchange(wire.asking, 0));
        if (wire.pipeline->over()) wire.pipeline.reset();
        else ask_later(wire);
        if (auto& kept = wire.orders.front().kept) {
            kept->noted.outcome = outcome;
            journal_->note(std::move(kept->noted));
        }
        conclude_order(wire, outcome);
    }
}

void Driver::ask_later(Wire& wire) {
    wire.asking = engine_.after(kLong, [this, number = wire.number] { look_for_blockers(number); }, script::Holds::nothing);
}

void Driver::conclude_order(Wire& wire, const Outcome& outcome) {
    const Order order = std::move(wire.orders.front());
    wire.orders.pop_front();
    watch_.answered(order.sender, order.text, *order.stack, wire.session.in_transaction(), outcome.error.get());
    if (!outcome.error && order.by_runner && rolls_back(order.text)) watch_.rolled_back(order.sender);
    if (!order.answered) {
        const Value arguments[] = {answer_for(wire, outcome)};
        // What it throws is for connection.js to pass on; see there.
        static_cast<void>(order.done.call(arguments));
        return;
    }
    if (outcome.error) fail_late(wire, order, outcome);
    if (!wire.orders.empty()) {
        if (wire.pipeline) watch_.sent(wire.orders.front().sender, wire.orders.front().text, true);
        else begin(wire);
        if (!wire.orders.empty() && wire.orders.size() <= kMostAhead / 2) answer_ahead(wire.orders.back());
    }
    look_whether_settled();
}

void Driver::fail_late(Wire& wire, const Order& order, const Outcome& outcome) {
    late_ = {order.text, outcome.error};
    watch_.fall_back_to(order.sender);
    const std::deque<Order> rest = std::exchange(wire.orders, {});
    // All others have their answers: they are as if they had never been sent.
    if (rest.empty() || rest.back().answered) return;
    later(rest.back().done, {error_answer(wire, *std::exchange(late_, std::nullopt)->error)});
}

Driver::Answer Driver::is_behind(const Call& call) {
    // What is refused by now is not this one's.
    return engine_.boolean(late_ || (on_the_way() && !may_go_ahead(call[0].text())));
}

Driver::Answer Driver::settle(const Call& call) {
    when_settled([this, done = call[0]] {
        if (!late_) return later(done, {});
        const Late late = *std::exchange(late_, std::nullopt);
        later(done, {engine_.string(late.text), fields_of(*late.error)});
    });
    return Value{};
}

void Driver::when_settled(std::function<void()> work) {
    waiting_.push_back(std::move(work));
    look_whether_settled();
}

bool Driver::on_the_way() const {
    return std::ranges::any_of(wires_, [](const auto& one) { return std::ranges::any_of(one.second->orders, &Order::answered); });
}

void Driver::look_whether_settled() {
    if (on_the_way()) return;
    for (const auto& work : std::exchange(waiting_, {})) work();
}

void Driver::look_for_blockers(int number) {
    const auto found = wires_.find(number);
    if (found == wires_.end() || !found->second->busy()) return;
    Wire& wire = *found->second;
    std::vector<int> own;
    for (const auto& [other, one] : wires_) own.push_back(one->session.backend_pid());
    std::string blocker = blockers_.of(wire.session.backend_pid(), own, stop_);
    if (!blocker.empty() && blocker != wire.blocker) {
        const Work* work = watch_.work_of(wire.orders.front().sender);
        log::warn("migrate", fmt::format("a statement waits for {}", blocker),
                  {{"migration", work == nullptr ? "" : work->name}, {"statement", title_of(wire.orders.front().text)}});
    }
    wire.blocker = blocker;
    watch_.blocked(std::move(blocker));
    ask_later(wire);
}

Value Driver::error_answer(const Wire& wire, const ErrorFields& fields) {
    return engine_.object({{"results", engine_.array()},
                           {"error", fields_of(fields)},
                           {"lost", engine_.boolean(!wire.session.usable())},
                           {"active", engine_.boolean(wire.session.in_transaction())}});
}

Value Driver::answer_for(Wire& wire, const Outcome& outcome) {
    std::vector<Value> all;
    for (const Rows& rows : *outcome.rows) all.push_back(result_of(rows));
    const Value answer = engine_.object({{"results", engine_.array(all)},
                                         {"lost", engine_.boolean(!wire.session.usable())},
                                         {"active", engine_.boolean(wire.session.in_transaction())}});
    if (outcome.error) static_cast<void>(answer.set("error", fields_of(*outcome.error)));
    return answer;
}

Value Driver::result_of(const Rows& rows) {
    const Value result = engine_.object({{"tag", engine_.string(rows.tag())}});
    if (!rows.returns_rows()) return result;
    std::array<std::vector<Value>, 6> columns;
    for (int i = 0; i < rows.columns(); ++i) {
        const postgres::Column column = rows.column(i);
        columns[0].push_back(engine_.string(column.name));
        columns[1].push_back(engine_.number(column.type));
        columns[2].push_back(engine_.number(column.table));
        columns[3].push_back(engine_.number(column.number));
        columns[4].push_back(engine_.number(column.size));
        columns[5].push_back(engine_.number(column.modifier));
    }
    static constexpr std::array kNames{"names", "types", "tables", "numbers", "sizes", "modifiers"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        static_cast<void>(result.set(kNames[i], engine_.array(columns[i])));
    }
    std::vector<Value> lines;
    std::vector<std::optional<std::string_view>> line(static_cast<std::size_t>(rows.columns()));
    for (int row = 0; row < rows.size(); ++row) {
        for (int i = 0; i < rows.columns(); ++i) {
            auto& cell = line[static_cast<std::size_t>(i)];
            cell.reset();
            if (!rows.null(row, i)) cell = rows.text(row, i);
        }
        lines.push_back(engine_.strings(line));
    }
    static_cast<void>(result.set("rows", engine_.array(lines)));
    return result;
}

Value Driver::fields_of(const ErrorFields& fields) {
    const std::pair<const char*, const std::string&> all[] = {
        {"message", fields.message},
        {"code", fields.sqlstate},
        {"severity", fields.severity},
        {"detail", fields.detail},
        {"hint", fields.hint},
        {"position", fields.character},
        {"internalPosition", fields.internal_position},
        {"internalQuery", fields.internal_query},
        {"where", fields.context},
        {"schema", fields.schema},
        {"table", fields.table},
        {"column", fields.column},
        {"dataType", fields.data_type},
        {"constraint", fields.constraint},
        {"file", fields.source_file},
        {"line", fields.source_line},
        {"routine", fields.routine},
    };
    const Value object = engine_.object();
    for (const auto& [name, text] : all) {
        if (!text.empty()) static_cast<void>(object.set(name, engine_.string(text)));
    }
    return object;
}

Driver::Answer Driver::close_one(const Call& call) {
    const auto found = wires_.find(static_cast<int>(call[0].number().value_or(0)));
    if (found == wires_.end()) return Value{};
    Wire& wire = *found->second;
    if (wire.busy()) {
        engine_.unwatch(wire.watched);
        wire.cancel(kCancelPatience);
    }
    wires_.erase(found);
    look_whether_settled();
    return Value{};
}

void Driver::later(const Value& done, std::vector<Value> arguments) {
    engine_.post([done, arguments = std::move(arguments)] { static_cast<void>(done.call(arguments)); });
}

}  // namespace ainit::migrate::typeorm
