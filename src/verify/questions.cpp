// SPDX-License-Identifier: Apache-2.0
#include "verify/questions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/profile.h"

namespace ainit::verify {
namespace {

using postgres::Rows;

/// A table's name as the user wrote it, `t` or `schema.t`, as a value for to_regclass.
std::string regclass_text(const std::string& table) {
    std::vector<std::string> parts;
    for (const std::string& part : split(table, '.')) parts.push_back(quote_identifier(part));
    return join(parts, ".");
}

/// `"schema"."t"` for use in FROM.
Sql table_name(const std::string& table) {
    Sql sql;
    bool first = true;
    for (const std::string& part : split(table, '.')) {
        if (!first) sql.add(".");
        sql.identifier(part);
        first = false;
    }
    return sql;
}

/// Whether a table is there and may be read: 'good', 'missing' or 'denied', without an error in any case.
Question table_question(const config::Check& check, const std::string& table) {
    Question question;
    question.title = fmt::format("table \"{}\" can be read", table);
    question.table = table;
    const std::string name = regclass_text(table);
    question.sql = Sql{"SELECT CASE WHEN to_regclass("};
    question.sql.literal(name).add(") IS NULL THEN 'missing' WHEN has_table_privilege(to_regclass(").literal(name);
    question.sql.add("), 'SELECT') THEN 'good' ELSE 'denied' END");
    question.judge = [](const Rows& rows) -> Answer {
        const std::string_view found = rows.size() == 1 ? rows.text(0, 0) : "missing";
        if (found == "good") return {true, ""};
        return {false, found == "denied" ? "the role may not read it" : "there is no such table"};
    };
    question.remedy = "run the migrations that make it, or grant SELECT on it to the role";
    question.origin = check.origin;
    return question;
}

Question rows_question(const config::Check& check, const std::string& table) {
    Question question;
    question.title = fmt::format("table \"{}\" has rows", table);
    question.needs = table;
    question.sql = Sql{"SELECT EXISTS (SELECT FROM "};
    question.sql.add(table_name(table)).add(")");
    question.judge = [](const Rows& rows) -> Answer {
        const bool some = rows.size() == 1 && rows.boolean(0, 0);
        return {some, some ? "" : "it is empty"};
    };
    question.remedy = "look at the migrations or the service that should fill it";
    question.origin = check.origin;
    return question;
}

Question extension_question(const config::Check& check, const std::string& extension) {
    Question question;
    question.title = fmt::format("extension \"{}\" is installed", extension);
    question.sql = Sql{"SELECT extversion FROM pg_extension WHERE extname = "};
    question.sql.literal(extension);
    question.judge = [](const Rows& rows) -> Answer {
        if (rows.size() == 1) return {true, fmt::format("version {}", rows.text(0, 0))};
        return {false, "it is not installed"};
    };
    question.remedy = fmt::format("add \"{}\" to the database's extensions", extension);
    question.origin = check.origin;
    return question;
}

Question locale_question(const config::Check& check) {
    Question question;
    question.title = fmt::format("the locale is \"{}\"", check.locale);
    question.sql = Sql{"SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()"};
    question.judge = [wanted = check.locale](const Rows& rows) -> Answer {
        const std::string collate{rows.size() == 1 ? rows.text(0, 0) : ""};
        const std::string ctype{rows.size() == 1 ? rows.text(0, 1) : ""};
        const bool good = collate == wanted && ctype == wanted;
        return {good, good ? "" : fmt::format("datcollate is \"{}\", datctype is \"{}\"", collate, ctype)};
    };
    question.remedy = "a locale is fixed when a database is made: dump it, and restore it into one with the right locale";
    question.origin = check.origin;
    return question;
}

Question create_question(const config::Check& check) {
    Question question;
    question.title = "the role may create in schema public";
    question.sql = Sql{"SELECT has_schema_privilege('public', 'CREATE')"};
    question.judge = [](const Rows& rows) -> Answer {
        const bool may = rows.size() == 1 && rows.boolean(0, 0);
        return {may, may ? "" : "it may not"};
    };
    question.remedy = "make the role the database's owner; from PostgreSQL 15 on no grant on the database gives this right";
    question.origin = check.origin;
    return question;
}

Question query_question(const config::Check& check) {
    Question question;
    question.title = check.name.empty() ? "the query returns what is expected" : check.name;
    question.sql = Sql::foreign(std::string{trim(check.query)});
    question.judge = [expect = check.expect](const Rows& rows) -> Answer {
        if (rows.size() == 0 || rows.columns() == 0) return {false, "the query returned no row"};
        const std::string found{rows.null(0, 0) ? "NULL" : rows.text(0, 0)};
        if (expect) return {found == *expect, found == *expect ? found : fmt::format("expected \"{}\", found \"{}\"", *expect, found)};
        const bool good = !rows.null(0, 0) && found != "f";
        return {good, found};
    };
    question.remedy = "run the query by hand as that role";
    question.origin = check.origin;
    return question;
}

/// The number of rows of a core table, as a detail; never fails for being 0.
Question count_question(const config::Check& check, std::string_view table) {
    Question question;
    question.title = fmt::format("{} can be counted", table);
    question.needs = table;
    question.sql = Sql{"SELECT count(*) FROM "};
    question.sql.identifier(table);
    question.judge = [name = std::string{table}](const Rows& rows) -> Answer {
        return {true, fmt::format("{} {}", rows.size() == 1 ? rows.text(0, 0) : "0", name)};
    };
    question.origin = check.origin;
    return question;
}

/// A service that makes its tables when it starts: none of them is missing before its first start.
Question started_question(const config::Check& check, const config::Profile& profile) {
    Question question;
    question.title = fmt::format("tables of {} are complete", profile.name);
    std::vector<std::string> literals;
    for (const std::string_view table : profile.tables) literals.push_back(quote_literal(quote_identifier(table)));
    question.sql = Sql{"SELECT to_regclass("};
    question.sql.literal(quote_identifier(profile.ledger)).add(") IS NOT NULL, (SELECT count(*) FROM unnest(ARRAY[");
    question.sql.add(Sql::foreign(join(literals, ", "))).add("]) AS name WHERE to_regclass(name) IS NULL)");
    question.judge = [name = std::string{profile.name}](const Rows& rows) -> Answer {
        if (rows.size() != 1 || !rows.boolean(0, 0)) return {true, fmt::format("{} has not started here yet", name)};
        const long long absent = rows.number(0, 1);
        return {absent == 0, absent == 0 ? "" : fmt::format("{} core tables are missing", absent)};
    };
    question.remedy = fmt::format("look at the log of {}: it makes its tables when it starts", profile.name);
    question.origin = check.origin;
    return question;
}

void add_profile(const config::Check& check, std::vector<Question>& questions) {
    const config::Profile* profile = config::find_profile(check.profile);
    if (profile == nullptr) return;
    for (const std::string_view extension : profile->extensions) {
        questions.push_back(extension_question(check, std::string{extension}));
    }
    if (!profile->locale.empty()) {
        config::Check locale = check;
        locale.locale = profile->locale;
        questions.push_back(locale_question(locale));
    }
    questions.push_back(create_question(check));
    if (profile->migrates_itself) {
        questions.push_back(started_question(check, *profile));
        return;
    }
    for (const std::string_view table : profile->tables) questions.push_back(table_question(check, std::string{table}));
    questions.push_back(rows_question(check, std::string{profile->ledger}));
    if (!profile->counted.empty()) questions.push_back(count_question(check, profile->counted));
}

}  // namespace

std::vector<config::Check> all_checks(const config::Config& config) {
    std::vector<config::Check> checks;
    for (const config::Database& database : config.databases) {
        if (database.profile.empty()) continue;
        config::Check check;
        check.database = database.name;
        check.profile = database.profile;
        check.origin = database.origin;
        checks.push_back(std::move(check));
    }
    for (const config::Check& check : config.checks) {
        config::Check copy = check;
        // The same profile on the database and on a check asks once.
        const config::Database* database = config.database(check.database);
        if (database != nullptr && database->profile == copy.profile) copy.profile.clear();
        checks.push_back(std::move(copy));
    }
    return checks;
}

std::vector<Question> questions_of(const config::Check& check) {
    std::vector<Question> questions;
    add_profile(check, questions);
    for (const std::string& table : check.tables) questions.push_back(table_question(check, table));
    for (const std::string& table : check.rows) questions.push_back(rows_question(check, table));
    for (const std::string& extension : check.extensions) questions.push_back(extension_question(check, extension));
    if (!check.locale.empty()) questions.push_back(locale_question(check));
    if (check.create_in_public) questions.push_back(create_question(check));
    if (!check.query.empty()) questions.push_back(query_question(check));
    return questions;
}

}  // namespace ainit::verify
