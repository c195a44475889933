// SPDX-License-Identifier: Apache-2.0
#include "postgres/exchange.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include <libpq-fe.h>
#include <poll.h>

#include "base/text.h"
#include "postgres/error.h"
#include "postgres/link.h"

namespace ainit::postgres {
namespace {

/// For a cancel to reach the server, and for the server to obey it.
constexpr Duration kCancelPatience{5'000};

using Cancel = std::unique_ptr<PGcancelConn, decltype(&PQcancelFinish)>;

/// Asks the server to cancel, over a connection of its own; libpq waits for the server to close it,
/// so the signal has been sent when this returns true.
bool request_cancel(PGconn* connection, const Stop& stop) {
    const Cancel request{PQcancelCreate(connection), &PQcancelFinish};
    if (!request || PQcancelStart(request.get()) == 0) return false;
    short events = POLLOUT;
    while (true) {
        if (stop.wait_fd(PQcancelSocket(request.get()), events) <= 0) return false;
        switch (PQcancelPoll(request.get())) {
            case PGRES_POLLING_READING: events = POLLIN; break;
            case PGRES_POLLING_WRITING: events = POLLOUT; break;
            case PGRES_POLLING_OK: return true;
            default: return false;
        }
    }
}

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string{} : text;
}

/// The server counts characters from 1; we count bytes from 0.
std::optional<std::size_t> byte_offset(std::string_view text, const std::string& position) {
    if (position.empty()) return {};
    std::size_t left = std::strtoul(position.c_str(), nullptr, 10);
    if (left == 0) return {};
    std::size_t offset = 0;
    const auto continues = [&] {
        return offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U;
    };
    while (--left > 0 && offset < text.size()) {
        ++offset;
        while (continues()) ++offset;
    }
    return offset;
}

ErrorFields fields_of(const PGresult* result, std::string_view statement) {
    ErrorFields fields;
    fields.sqlstate = field(result, PG_DIAG_SQLSTATE);
    fields.severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    fields.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    fields.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    fields.hint = field(result, PG_DIAG_MESSAGE_HINT);
    fields.context = field(result, PG_DIAG_CONTEXT);
    fields.schema = field(result, PG_DIAG_SCHEMA_NAME);
    fields.table = field(result, PG_DIAG_TABLE_NAME);
    fields.column = field(result, PG_DIAG_COLUMN_NAME);
    fields.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    fields.data_type = field(result, PG_DIAG_DATATYPE_NAME);
    fields.internal_query = field(result, PG_DIAG_INTERNAL_QUERY);
    fields.internal_position = field(result, PG_DIAG_INTERNAL_POSITION);
    fields.source_file = field(result, PG_DIAG_SOURCE_FILE);
    fields.source_line = field(result, PG_DIAG_SOURCE_LINE);
    fields.routine = field(result, PG_DIAG_SOURCE_FUNCTION);
    fields.character = field(result, PG_DIAG_STATEMENT_POSITION);
    fields.position = byte_offset(statement, fields.character);
    if (fields.message.empty()) fields.message = trim(PQresultErrorMessage(result));
    return fields;
}

int send_parameters(PGconn* connection, const Statement& statement) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (std::size_t i = 0; i < statement.parameters.size(); ++i) {
        const auto& value = statement.parameters[i];
        values.push_back(value ? value->c_str() : nullptr);
        lengths.push_back(value ? static_cast<int>(value->size()) : 0);
        formats.push_back(i < statement.binary.size() && statement.binary[i] ? 1 : 0);
    }
    return PQsendQueryParams(connection, statement.text.c_str(), static_cast<int>(values.size()),
                             nullptr, values.data(), lengths.data(), formats.data(), 0);
}

Failure failure_of(Session::Link& link, const Rows& rows, std::string_view statement) {
    link.last = fields_of(static_cast<const PGresult*>(rows.handle()), statement);
    // The last words of a server that goes away come as an error before the end of the line.
    const std::string& sqlstate = link.last.sqlstate;
    const bool going = sqlstate.starts_with("57P0") || sqlstate.starts_with("08");
    const bool gone = PQstatus(link.connection) != CONNECTION_OK;
    return statement_failure(sqlstate, link.last, gone || going);
}

Failure loss_of(Session::Link& link) {
    link.last = {};
    link.last.message = trim(PQerrorMessage(link.connection));
    return statement_failure({}, link.last, true);
}

template <class Running>
bool cancel_and_wait(Running& running, Session::Link& link, Duration patience) {
    // A cancel that comes between two statements, or before the first, is lost.
    constexpr Duration kAgain{200};
    const Stop stop = Stop{}.within(patience);
    while (!running.done() && !stop.over() && request_cancel(link.connection, stop)) {
        const Stop pause = stop.within(kAgain);
        while (!running.done() && pause.wait_fd(running.fd(), running.events()) > 0) running.advance();
    }
    if (!running.done()) link.abandoned = true;
    return running.done();
}

}  // namespace

Exchange::Exchange(Session& session, Statement statement)
    : link_{*session.link_}, statement_{std::move(statement)} {
    link_.last = {};
    PGconn* connection = link_.connection;
    int sent = 0;
    if (statement_.parameters.empty() && !statement_.extended) {
        sent = PQsendQuery(connection, statement_.text.c_str());
    } else {
        sent = send_parameters(connection, statement_);
    }
    if (sent == 0 || !flush()) lose();
}

int Exchange::fd() const {
    return PQsocket(link_.connection);
}

short Exchange::events() const {
    return state_ == State::sending ? POLLIN | POLLOUT : POLLIN;
}

/// False when the connection is lost.
bool Exchange::flush() {
    const int left = PQflush(link_.connection);
    if (left == 0) state_ = State::reading;
    return left >= 0;
}

void Exchange::advance() {
    if (done()) return;
    // Also while sending: the server may have to be rid of its words before it takes ours.
    if (PQconsumeInput(link_.connection) == 0) return lose();
    if (state_ == State::sending && !flush()) return lose();
    if (state_ == State::copying_out && !drop_copy()) return;
    if (state_ == State::reading) read();
}

void Exchange::read() {
    while (state_ == State::reading && PQisBusy(link_.connection) == 0) {
        PGresult* result = PQgetResult(link_.connection);
        if (result == nullptr) {
            state_ = State::done;
            return;
        }
        Rows rows{result};
        switch (PQresultStatus(result)) {
            case PGRES_TUPLES_OK:
            case PGRES_COMMAND_OK:
            case PGRES_EMPTY_QUERY: rows_.push_back(std::move(rows)); break;
            case PGRES_COPY_IN:
                state_ = State::sending;
                if (PQputCopyEnd(link_.connection, statement_.no_rows.c_str()) < 0 ||
                    !flush())
                    return lose();
                break;
            case PGRES_COPY_OUT:
                state_ = State::copying_out;
                drop_copy();
                break;
            default: judge(rows);
        }
    }
}

/// False while more is to come.
bool Exchange::drop_copy() {
    char* row = nullptr;
    int size = 0;
    while ((size = PQgetCopyData(link_.connection, &row, 1)) > 0) PQfreemem(row);
    if (size == 0) return false;
    state_ = State::reading;
    return true;
}

void Exchange::judge(const Rows& rows) {
    if (!failure_) failure_ = failure_of(link_, rows, statement_.text);
}

void Exchange::lose() {
    // Words of the server that came before the end still count.
    if (PQstatus(link_.connection) == CONNECTION_OK || state_ == State::reading) {
        state_ = State::reading;
        read();
    }
    if (!failure_) failure_ = loss_of(link_);
    link_.abandoned = true;
    state_ = State::done;
}

Result<std::vector<Rows>> Exchange::take() {
    if (failure_) return *failure_;
    return std::move(rows_);
}

bool Exchange::cancel(Duration patience) {
    return cancel_and_wait(*this, link_, patience);
}

Pipeline::Pipeline(Session& session, std::vector<Statement> statements)
    : link_{*session.link_}, statements_{std::move(statements)} {
    link_.last = {};
    if (!send() || !flush()) lose();
}

bool Pipeline::send() {
    PGconn* connection = link_.connection;
    if (PQenterPipelineMode(connection) == 0) return false;
    for (const Statement& statement : statements_) {
        // Without the request the server would keep its answers until the end.
        if (send_parameters(connection, statement) == 0 || PQsendFlushRequest(connection) == 0) return false;
    }
    return PQpipelineSync(connection) != 0;
}

int Pipeline::fd() const {
    return PQsocket(link_.connection);
}

short Pipeline::events() const {
    return state_ == State::sending ? POLLIN | POLLOUT : POLLIN;
}

/// False when the connection is lost.
bool Pipeline::flush() {
    const int left = PQflush(link_.connection);
    if (left == 0) state_ = State::reading;
    return left >= 0;
}

void Pipeline::advance() {
    if (done()) return;
    const bool alive = PQconsumeInput(link_.connection) != 0 && (state_ == State::reading || flush());
    // Words of the server that came before the end still count.
    read();
    if (!alive && !done()) lose();
}

void Pipeline::read() {
    while (!done() && PQisBusy(link_.connection) == 0) {
        PGresult* result = PQgetResult(link_.connection);
        if (result == nullptr) {
            // The end of one statement, or of the line.
            if (PQstatus(link_.connection) != CONNECTION_OK) lose();
            continue;
        }
        Rows rows{result};
        switch (PQresultStatus(result)) {
            case PGRES_PIPELINE_SYNC:
                PQexitPipelineMode(link_.connection);
                state_ = State::done;
                break;
            case PGRES_PIPELINE_ABORTED: break;
            case PGRES_TUPLES_OK:
            case PGRES_COMMAND_OK:
            case PGRES_EMPTY_QUERY:
                ++answered_;
                rows_.push_back(std::move(rows));
                break;
            default:
                if (!failure_) failure_ = failure_of(link_, rows, statements_[std::min(answered_, statements_.size() - 1)].text);
        }
    }
}

void Pipeline::lose() {
    if (!failure_) failure_ = loss_of(link_);
    link_.abandoned = true;
    state_ = State::done;
}

std::optional<Result<Rows>> Pipeline::take() {
    // The server went away behind the last one: that it was done is not certain.
    if (done() && failure_ && answered_ == statements_.size() && rows_.size() == 1) rows_.clear();
    const bool last = rows_.size() == 1 && answered_ == statements_.size();
    if (!rows_.empty() && (done() || !last)) {
        Rows rows = std::move(rows_.front());
        rows_.pop_front();
        return rows;
    }
    if (!rows_.empty() || !done() || !failure_) return {};
    return *std::exchange(failure_, std::nullopt);
}

bool Pipeline::cancel(Duration patience) {
    return cancel_and_wait(*this, link_, patience);
}

namespace {

/// The end of a statement whose Stop was over before it was done.
Result<std::vector<Rows>> give_up(Exchange& running, const Stop& stop) {
    const bool answered = running.cancel(kCancelPatience);
    if (answered) {
        auto results = running.take();
        // It was faster than the cancel, or failed by itself: what it did is as it is.
        if (results || results.error().sqlstate != sqlstate::kQueryCanceled) return results;
    }
    Failure failure = stop.failure(Code::not_ready, "cannot finish a statement");
    failure.sqlstate = sqlstate::kQueryCanceled;
    failure.state = answered ? "The statement was cancelled."
                             : "The server did not answer the request to cancel the statement; "
                               "the connection was given up.";
    return failure;
}

/// Polls until one of them can go on; false when the Stop is over.
bool advance_any(std::vector<Exchange>& all, const Stop& stop) {
    std::vector<pollfd> polled{{stop.fd(), POLLIN, 0}};
    std::vector<Exchange*> waiting;
    for (Exchange& one : all) {
        if (one.done()) continue;
        polled.push_back({one.fd(), one.events(), 0});
        waiting.push_back(&one);
    }
    ::poll(polled.data(), polled.size(), static_cast<int>(stop.remaining().count()));
    if (stop.over()) return false;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        if (polled[i + 1].revents != 0) waiting[i]->advance();
    }
    return true;
}

}  // namespace

Result<std::vector<Rows>> exchange(Session& session, Statement statement, const Stop& stop) {
    Exchange running{session, std::move(statement)};
    while (!running.done() && stop.wait_fd(running.fd(), running.events()) > 0) running.advance();
    return running.done() ? running.take() : give_up(running, stop);
}

std::vector<Result<std::vector<Rows>>> exchange_all(
    const std::vector<std::pair<Session*, Sql>>& orders, const Stop& stop) {
    std::vector<Exchange> all;
    all.reserve(orders.size());
    for (const auto& [session, sql] : orders) all.emplace_back(*session, Statement{sql.text()});
    const auto under_way = [](const Exchange& one) { return !one.done(); };
    while (std::ranges::any_of(all, under_way) && advance_any(all, stop)) {
    }
    std::vector<Result<std::vector<Rows>>> results;
    for (Exchange& one : all) results.push_back(one.done() ? one.take() : give_up(one, stop));
    return results;
}

}  // namespace ainit::postgres
