// SPDX-License-Identifier: Apache-2.0
#include "postgres/exchange.h"

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

enum class Waited { ready, over, lost };

/// Until all we have to say is sent.
Waited flush(PGconn* connection, const Stop& stop) {
    while (true) {
        const int left = PQflush(connection);
        if (left == 0) return Waited::ready;
        if (left < 0) return Waited::lost;
        if (stop.wait_fd(PQsocket(connection), POLLIN | POLLOUT) <= 0) return Waited::over;
        // The server may have to be rid of its words before it takes ours.
        if (PQconsumeInput(connection) == 0) return Waited::lost;
    }
}

/// Until PQgetResult can answer without blocking.
Waited wait_result(PGconn* connection, const Stop& stop) {
    while (PQisBusy(connection) != 0) {
        if (stop.wait_fd(PQsocket(connection), POLLIN) <= 0) return Waited::over;
        if (PQconsumeInput(connection) == 0) return Waited::lost;
    }
    return Waited::ready;
}

/// Asks the server to cancel, over a connection of its own; libpq waits for the server to close it,
/// so the signal has been sent when this returns true.
bool cancel(PGconn* connection, const Stop& stop) {
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
    fields.severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    fields.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    fields.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    fields.hint = field(result, PG_DIAG_MESSAGE_HINT);
    fields.context = field(result, PG_DIAG_CONTEXT);
    fields.schema = field(result, PG_DIAG_SCHEMA_NAME);
    fields.table = field(result, PG_DIAG_TABLE_NAME);
    fields.column = field(result, PG_DIAG_COLUMN_NAME);
    fields.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    fields.position = byte_offset(statement, field(result, PG_DIAG_STATEMENT_POSITION));
    if (fields.message.empty()) fields.message = trim(PQresultErrorMessage(result));
    return fields;
}

/// One statement on its way.
class Exchange {
  public:
    Exchange(Session::Link& link, const Statement& statement, const Stop& stop)
        : link_{link}, statement_{statement}, stop_{stop} {}

    Result<std::vector<Rows>> run() {
        if (!send()) return lost();
        Waited waited = flush(link_.connection, stop_);
        if (waited == Waited::ready) waited = read(stop_);
        if (waited == Waited::over) return give_up();
        if (waited == Waited::lost) return lost();
        if (failure_) return std::move(*failure_);
        return std::move(rows_);
    }

  private:
    bool send() {
        PGconn* connection = link_.connection;
        if (statement_.parameters.empty()) {
            return PQsendQuery(connection, statement_.text.c_str()) != 0;
        }
        std::vector<const char*> values;
        for (const auto& value : statement_.parameters) {
            values.push_back(value ? value->c_str() : nullptr);
        }
        return PQsendQueryParams(connection, statement_.text.c_str(),
                                 static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                                 nullptr, 0) != 0;
    }

    Waited read(const Stop& stop) {
        while (true) {
            if (const Waited waited = wait_result(link_.connection, stop); waited != Waited::ready)
                return waited;
            PGresult* result = PQgetResult(link_.connection);
            if (result == nullptr) return Waited::ready;
            if (const Waited waited = take(result, stop); waited != Waited::ready) return waited;
        }
    }

    Waited take(PGresult* result, const Stop& stop) {
        Rows rows{result};
        switch (PQresultStatus(result)) {
            case PGRES_TUPLES_OK:
            case PGRES_COMMAND_OK:
            case PGRES_EMPTY_QUERY: rows_.push_back(std::move(rows)); return Waited::ready;
            case PGRES_COPY_IN:
                PQputCopyEnd(link_.connection, "COPY FROM STDIN has no input here");
                return flush(link_.connection, stop);
            case PGRES_COPY_OUT: return drop_copy(stop);
            default: break;
        }
        const ErrorFields fields = fields_of(result, statement_.text);
        const bool gone = PQstatus(link_.connection) != CONNECTION_OK;
        const std::string sqlstate = field(result, PG_DIAG_SQLSTATE);
        // The last words of a server that goes away come as an error before the end of the line.
        const bool going = sqlstate.starts_with("57P0") || sqlstate.starts_with("08");
        if (!failure_) {
            link_.last = fields;
            failure_ = statement_failure(sqlstate, fields, gone || going);
        }
        return Waited::ready;
    }

    Waited drop_copy(const Stop& stop) {
        while (true) {
            char* row = nullptr;
            const int size = PQgetCopyData(link_.connection, &row, 1);
            PQfreemem(row);
            if (size < 0) return Waited::ready;
            if (size > 0) continue;
            if (stop.wait_fd(PQsocket(link_.connection), POLLIN) <= 0) return Waited::over;
            if (PQconsumeInput(link_.connection) == 0) return Waited::lost;
        }
    }

    Failure lost() {
        ErrorFields fields;
        fields.message = trim(PQerrorMessage(link_.connection));
        link_.last = fields;
        // Without a connection left there is nothing to be in step with.
        link_.abandoned = true;
        if (failure_ && failure_->code == Code::connection_lost) return std::move(*failure_);
        return statement_failure({}, fields, true);
    }

    Result<std::vector<Rows>> give_up() {
        const Stop patience = Stop{}.within(kCancelPatience);
        const bool answered = cancel(link_.connection, patience) &&
                              flush(link_.connection, patience) == Waited::ready &&
                              read(patience) == Waited::ready;
        if (!answered) link_.abandoned = true;
        // It was faster than the cancel; what it did is done.
        if (answered && !failure_) return std::move(rows_);
        const bool cancelled =
            !failure_ || failure_->sqlstate == sqlstate::kQueryCanceled || failure_->transient;
        if (!cancelled) return std::move(*failure_);
        Failure failure = stop_.failure(Code::not_ready, "cannot finish a statement");
        failure.sqlstate = sqlstate::kQueryCanceled;
        failure.state = answered ? "The statement was cancelled."
                                 : "The server did not answer the request to cancel the statement; "
                                   "the connection was given up.";
        return failure;
    }

    Session::Link& link_;
    const Statement& statement_;
    const Stop& stop_;
    std::vector<Rows> rows_{};
    std::optional<Failure> failure_{};
};

}  // namespace

Result<std::vector<Rows>> exchange(Session::Link& link, const Statement& statement, const Stop& stop) {
    link.last = {};
    return Exchange{link, statement, stop}.run();
}

}  // namespace ainit::postgres
