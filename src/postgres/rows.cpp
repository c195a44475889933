// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <libpq-fe.h>

#include "base/text.h"
#include "postgres/session.h"

namespace ainit::postgres {
namespace {

PGresult* of(void* result) {
    return static_cast<PGresult*>(result);
}

}  // namespace

Rows::Rows() = default;

Rows::Rows(void* pg_result) : result_{pg_result} {}

Rows::~Rows() {
    PQclear(of(result_));
}

Rows::Rows(Rows&& other) noexcept : result_{std::exchange(other.result_, nullptr)} {}

Rows& Rows::operator=(Rows&& other) noexcept {
    if (this != &other) {
        PQclear(of(result_));
        result_ = std::exchange(other.result_, nullptr);
    }
    return *this;
}

int Rows::size() const {
    return PQntuples(of(result_));
}

int Rows::columns() const {
    return PQnfields(of(result_));
}

bool Rows::null(int row, int column) const {
    return PQgetisnull(of(result_), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
    const char* value = PQgetvalue(of(result_), row, column);
    if (value == nullptr) return {};
    return {value, static_cast<std::size_t>(PQgetlength(of(result_), row, column))};
}

long long Rows::number(int row, int column) const {
    return parse_integer(text(row, column)).value_or(0);
}

std::string Rows::tag() const {
    return result_ == nullptr ? std::string{} : PQcmdStatus(of(result_));
}

long long Rows::affected() const {
    return result_ == nullptr ? 0 : parse_integer(PQcmdTuples(of(result_))).value_or(0);
}

Column Rows::column(int column) const {
    const PGresult* result = of(result_);
    const char* name = PQfname(result, column);
    return {name == nullptr ? "" : name,   PQftable(result, column), PQftablecol(result, column),
            PQftype(result, column),       PQfsize(result, column),  PQfmod(result, column)};
}

bool Rows::returns_rows() const {
    return result_ != nullptr && PQresultStatus(of(result_)) == PGRES_TUPLES_OK;
}

}  // namespace ainit::postgres
