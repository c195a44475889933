// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <fmt/format.h>

#include "postgres/session.h"

namespace ainit::postgres {
namespace {

constexpr Duration kRollbackPatience{5'000};

}  // namespace

Result<Transaction> Transaction::begin(Session& session, const Stop& stop) {
    auto begun = session.query("BEGIN", stop);
    if (!begun) return std::move(begun).error();
    return Transaction{session};
}

Transaction::Transaction(Transaction&& other) noexcept
    : session_{std::exchange(other.session_, nullptr)} {}

Transaction::~Transaction() {
    if (session_ != nullptr) end_transaction(*session_);
}

Result<void> Transaction::commit(const Stop& stop) {
    auto done = session_->query("COMMIT", stop);
    if (!done) {
        Failure failure = std::move(done).error();
        failure.what = "cannot commit";
        if (failure.code == Code::connection_lost) {
            failure.state = "The answer to COMMIT was lost: it may have been made or not.";
        }
        return failure;
    }
    // A transaction that failed before is rolled back by COMMIT, without an error.
    if (const std::string tag = done->tag(); tag != "COMMIT") {
        Failure failure;
        failure.what = "cannot commit";
        failure.because = fmt::format("the server answered {}: a statement had failed before", tag);
        failure.state = "The transaction was rolled back.";
        return failure;
    }
    return ok();
}

void end_transaction(Session& session) {
    if (!session.usable() || !session.in_transaction()) return;
    [[maybe_unused]] const auto ended = session.query("ROLLBACK", Stop{}.within(kRollbackPatience));
}

Result<Rows> read_only(Session& session, const Sql& sql, const Stop& stop) {
    Sql all{"BEGIN READ ONLY;\n"};
    // A comment at its end must not hide what follows.
    auto answers = session.query_all(all.add(sql).add("\n;\nROLLBACK"), stop);
    end_transaction(session);
    if (!answers) return std::move(answers).error();
    constexpr std::size_t kBeginOneRollback = 3;
    if (answers->size() == kBeginOneRollback) return std::move((*answers)[1]);
    return Failure{.what = "cannot run a statement", .because = "it is not one statement"};
}

}  // namespace ainit::postgres
