// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "postgres/exchange.h"
#include "verify/questions.h"

namespace ainit::verify {
namespace {

/// All questions that one login answers, asked together.
struct Group {
    postgres::Login login{};
    std::vector<Question> questions{};
    Duration timeout{0};
};

std::vector<Group> group(const config::Config& config, const std::string& database) {
    std::vector<Group> groups;
    for (const config::Check& check : all_checks(config)) {
        if (!database.empty() && check.database != database) continue;
        const config::Account account = config.account_for(check.database, check.role);
        postgres::Login login{account.user, account.password, check.database};
        auto found = std::ranges::find_if(groups, [&](const Group& one) { return one.login.key() == login.key(); });
        if (found == groups.end()) found = groups.insert(groups.end(), Group{std::move(login), {}, Duration{0}});
        std::ranges::move(questions_of(check), std::back_inserter(found->questions));
        found->timeout = std::max(found->timeout, check.timeout);
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
    if (cause.signal == 0) cause.code = Code::check_error;
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

/// One question alone: when asking all at once failed, each gets its own answer or reason.
Finding ask(postgres::Session& session, const Question& question, const std::string& database, const Stop& stop) {
    auto rows = session.query(question.sql, stop);
    if (rows) return judge(question, database, question.judge(*rows));
    Finding finding = blank(question, database);
    finding.detail = rows.error().because;
    finding.failure = unanswered(question, database, std::move(rows).error());
    return finding;
}

Sql together(const Group& group) {
    Sql sql;
    for (const Question& question : group.questions) sql.add(question.sql).add(";\n");
    return sql;
}

using Answers = Result<std::vector<postgres::Rows>>;

std::vector<Finding> judge_all(postgres::Session& session, const Group& group, const Answers& answers, const Stop& stop) {
    std::vector<Finding> findings;
    const bool complete = answers && answers->size() == group.questions.size();
    for (std::size_t i = 0; i < group.questions.size(); ++i) {
        const Question& question = group.questions[i];
        findings.push_back(complete ? judge(question, group.login.database, question.judge((*answers)[i]))
                                    : ask(session, question, group.login.database, stop));
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

}  // namespace

std::vector<Finding> verify(postgres::Sessions& sessions,
                            const config::Config& config,
                            const Stop& stop,
                            const std::string& database) {
    const std::vector<Group> groups = group(config, database);
    std::vector<postgres::Login> logins;
    for (const Group& one : groups) logins.push_back(one.login);
    const auto opened = sessions.get_all(logins, stop);
    std::vector<std::pair<postgres::Session*, Sql>> orders;
    Duration patience{0};
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (!opened[i]) continue;
        orders.emplace_back(*opened[i], together(groups[i]));
        patience = std::max(patience, groups[i].timeout);
    }
    const auto began = Clock::now();
    const auto answers = postgres::exchange_all(orders, stop.within(patience));
    const auto took = std::chrono::duration_cast<Duration>(Clock::now() - began);
    std::vector<Finding> findings;
    for (std::size_t i = 0, answered = 0; i < groups.size(); ++i) {
        if (!opened[i]) {
            findings.push_back(no_login(groups[i], opened[i].error()));
            continue;
        }
        const Stop limited = stop.within(groups[i].timeout);
        for (Finding& finding : judge_all(**opened[i], groups[i], answers[answered], limited)) {
            finding.duration = took;
            findings.push_back(std::move(finding));
        }
        ++answered;
    }
    return findings;
}

}  // namespace ainit::verify
