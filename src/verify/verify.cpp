// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/text.h"
#include "postgres/exchange.h"
#include "verify/questions.h"

namespace ainit::verify {
namespace {

constexpr Duration kRollbackPatience{5'000};

/// All questions that one login answers, asked together.
struct Group {
    postgres::Login login{};
    std::vector<Question> questions{};
};

std::vector<Group> group(const config::Config& config, const std::string& database) {
    std::vector<Group> groups;
    for (const config::Check& check : all_checks(config)) {
        if (!database.empty() && check.database != database) continue;
        const config::Account account = config.account_for(check.database, check.role);
        postgres::Login login{account.user, account.password, check.database, account.stands_for};
        auto found = std::ranges::find_if(groups, [&](const Group& one) { return one.login.key() == login.key(); });
        if (found == groups.end()) found = groups.insert(groups.end(), Group{std::move(login), {}});
        for (Question& question : questions_of(check)) {
            question.timeout = check.timeout;
            found->questions.push_back(std::move(question));
        }
    }
    return groups;
}

Finding blank(const Question& question, const std::string& database) {
    Finding finding;
    finding.database = database;
    finding.check = question.title;
    finding.origin = question.origin;
    return finding;
}

Failure unanswered(const Question& question, const std::string& database, Failure cause) {
    cause.what = fmt::format("cannot check whether {} in database \"{}\"", question.title, database);
    // What time heals is waited for by the caller; it says nothing of the check.
    if (cause.signal == 0 && !cause.transient) cause.code = Code::check_error;
    cause.state = "Nothing was changed by the check.";
    cause.where = question.origin;
    return cause;
}

Finding judge(const Question& question, const std::string& database, const Answer& answer) {
    Finding finding = blank(question, database);
    finding.good = answer.good;
    finding.detail = answer.detail;
    if (!answer.good) {
        Failure failure;
        failure.code = Code::check_failed;
        failure.what = fmt::format("cannot verify that {} in database \"{}\"", question.title, database);
        failure.because = answer.detail;
        failure.state = "Nothing was changed by the check.";
        failure.hint = question.remedy;
        failure.where = question.origin;
        finding.failure = std::move(failure);
    }
    return finding;
}

/// A question that can change nothing, with its own timeout. A comment at the end of a query must not hide what follows.
void add_question(Sql& sql, const Question& question) {
    sql.add("SET LOCAL statement_timeout = ").number(question.timeout.count()).add(";\n");
    sql.add(question.sql).add("\n;\n");
}

using Answers = Result<std::vector<postgres::Rows>>;

/// One question alone: when asking all at once failed, each gets its own answer or reason.
Finding ask(postgres::Session& session, const Question& question, const std::string& database, const Stop& stop) {
    auto rows = postgres::read_only(session, question.sql, stop.within(question.timeout));
    if (rows) return judge(question, database, question.judge(*rows));
    Failure failure = std::move(rows).error();
    if (failure.sqlstate == postgres::sqlstate::kUndefinedTable && !question.needs.empty()) {
        return judge(question, database, {false, "there is no such table"});
    }
    if (failure.sqlstate == postgres::sqlstate::kQueryCanceled && !stop.over()) {
        failure.because = fmt::format("it took longer than its timeout of {}", show(question.timeout));
    }
    Finding finding = blank(question, database);
    finding.detail = failure.because;
    finding.failure = unanswered(question, database, std::move(failure));
    return finding;
}

Sql together(const Group& group) {
    Sql sql{"BEGIN READ ONLY;\n"};
    for (const Question& question : group.questions) add_question(sql, question);
    return sql.add("ROLLBACK");
}

std::vector<Finding> judge_all(postgres::Session& session, const Group& group, const Answers& answers, const Stop& stop) {
    postgres::end_transaction(session);
    std::vector<Finding> findings;
    std::vector<std::string> bad;
    const bool complete = answers && answers->size() == 2 * group.questions.size() + 2;
    for (std::size_t i = 0; i < group.questions.size(); ++i) {
        const Question& question = group.questions[i];
        // Of a table that is missing, or may not be read, one answer is enough.
        if (!question.needs.empty() && std::ranges::find(bad, question.needs) != bad.end()) continue;
        findings.push_back(complete ? judge(question, group.login.database, question.judge((*answers)[2 * i + 2]))
                                    : ask(session, question, group.login.database, stop));
        if (!findings.back().good) bad.push_back(question.table);
    }
    return findings;
}

/// One reason for all questions of a login that failed.
Finding no_login(const Group& group, Failure cause) {
    Question login;
    login.title = fmt::format("role \"{}\" can log in", group.login.user);
    login.origin = group.questions.empty() ? Origin{} : group.questions.front().origin;
    Finding finding = blank(login, group.login.database);
    finding.detail = cause.because;
    finding.failure = unanswered(login, group.login.database, std::move(cause));
    return finding;
}

/// As many logins at a time as sessions are kept.
std::vector<Finding> verify_batch(postgres::Sessions& sessions, std::span<const Group> groups, const Stop& stop) {
    std::vector<postgres::Login> logins;
    for (const Group& one : groups) logins.push_back(one.login);
    const auto asked = Clock::now();
    const auto opened = sessions.get_all(logins, stop);
    std::vector<std::pair<postgres::Session*, Sql>> orders;
    Duration patience = kRollbackPatience;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (!opened[i]) continue;
        orders.emplace_back(*opened[i], together(groups[i]));
        for (const Question& question : groups[i].questions) patience += question.timeout;
    }
    const auto began = Clock::now();
    const auto answers = postgres::exchange_all(orders, stop.within(patience));
    const auto took = std::chrono::duration_cast<Duration>(Clock::now() - began);
    std::vector<Finding> findings;
    for (std::size_t i = 0, answered = 0; i < groups.size(); ++i) {
        if (!opened[i]) {
            findings.push_back(no_login(groups[i], opened[i].error()));
            findings.back().began = asked;
            findings.back().duration = std::chrono::duration_cast<Duration>(began - asked);
            continue;
        }
        for (Finding& finding : judge_all(**opened[i], groups[i], answers[answered], stop)) {
            finding.duration = took;
            finding.began = began;
            findings.push_back(std::move(finding));
        }
        ++answered;
    }
    return findings;
}

}  // namespace

std::vector<Finding> verify(postgres::Sessions& sessions,
                            const config::Config& config,
                            const Stop& stop,
                            const std::string& database) {
    const std::vector<Group> groups = group(config, database);
    std::vector<Finding> findings;
    for (std::span<const Group> rest{groups}; !rest.empty();) {
        const std::size_t count = std::min(postgres::Sessions::kMost - 1, rest.size());
        std::ranges::move(verify_batch(sessions, rest.first(count), stop), std::back_inserter(findings));
        rest = rest.subspan(count);
    }
    return findings;
}

}  // namespace ainit::verify
