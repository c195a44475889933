// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/journal.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>

#include <boost/algorithm/hex.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/log.h"
#include "base/text.h"

namespace ainit::migrate::typeorm {

using postgres::ErrorFields;
using postgres::Rows;
using postgres::Session;

namespace {

namespace json = boost::json;
namespace sqlstate = postgres::sqlstate;

/// What an answer may take in the table.
constexpr std::size_t kLargest = std::size_t{1} << 20U;

constexpr Sql kIsThere{
    "SELECT pg_catalog.to_regclass('alkemio_init.typeorm_journal') IS NOT NULL, "
    "pg_catalog.to_regnamespace('alkemio_init') IS NOT NULL"};

/// Makes what is not there yet; IF NOT EXISTS would send notices.
Sql making(const Rows& there) {
    Sql sql;
    if (there.boolean(0, 0)) return sql;
    if (!there.boolean(0, 1)) sql.add("CREATE SCHEMA alkemio_init; ");
    return sql.add(
        "CREATE TABLE alkemio_init.typeorm_journal (ledger text NOT NULL, migration text NOT NULL, number integer NOT NULL, "
        "checksum text NOT NULL, title text NOT NULL, place text NOT NULL, answer text, taken boolean NOT NULL DEFAULT false, "
        "committed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (ledger, migration, number)); ");
}

bool unreadable(const Failure& failure) {
    return failure.sqlstate == sqlstate::kUndefinedTable || failure.code == Code::privilege;
}

Sql deletion(const std::string& ledger, const std::string& migration) {
    Sql sql{"DELETE FROM alkemio_init.typeorm_journal WHERE ledger = "};
    return sql.literal(ledger).add(" AND migration = ").literal(migration);
}

Result<bool> is_there(Session& session, const Stop& stop) {
    auto there = session.query(kIsThere, stop);
    if (there) return there->boolean(0, 0);
    if (unreadable(there.error())) return false;
    return std::move(there).error();
}

json::object json_of(const Rows& rows) {
    json::object result{{"tag", rows.tag()}};
    if (!rows.returns_rows()) return result;
    json::array names, types, tables, numbers, sizes, modifiers, lines;
    for (int i = 0; i < rows.columns(); ++i) {
        const postgres::Column column = rows.column(i);
        names.emplace_back(column.name);
        types.emplace_back(column.type);
        tables.emplace_back(column.table);
        numbers.emplace_back(column.number);
        sizes.emplace_back(column.size);
        modifiers.emplace_back(column.modifier);
    }
    for (int row = 0; row < rows.size(); ++row) {
        json::array line;
        for (int i = 0; i < rows.columns(); ++i) {
            if (rows.null(row, i)) line.emplace_back(nullptr);
            else line.emplace_back(mend_utf8(rows.text(row, i)));
        }
        lines.push_back(std::move(line));
    }
    result["names"] = std::move(names);
    result["types"] = std::move(types);
    result["tables"] = std::move(tables);
    result["numbers"] = std::move(numbers);
    result["sizes"] = std::move(sizes);
    result["modifiers"] = std::move(modifiers);
    result["rows"] = std::move(lines);
    return result;
}

json::object json_of(const ErrorFields& fields) {
    json::object error;
    const std::pair<const char*, const std::string&> all[] = {
        {"message", fields.message}, {"code", fields.sqlstate},     {"severity", fields.severity},
        {"detail", fields.detail},   {"hint", fields.hint},         {"position", fields.character},
        {"where", fields.context},   {"schema", fields.schema},     {"table", fields.table},
        {"column", fields.column},   {"dataType", fields.data_type}, {"constraint", fields.constraint},
        {"routine", fields.routine},
    };
    for (const auto& [name, text] : all) {
        if (!text.empty()) error[name] = mend_utf8(text);
    }
    return error;
}

std::size_t size_of(const std::vector<Rows>& all) {
    std::size_t size = 0;
    for (const Rows& rows : all) {
        if (!rows.returns_rows()) continue;
        for (int row = 0; row < rows.size() && size <= kLargest; ++row) {
            for (int i = 0; i < rows.columns(); ++i) size += rows.text(row, i).size() + 1;
        }
    }
    return size;
}

/// Ends what write() began and could not finish.
void take_back(Session& session, bool inside, const Stop& stop) {
    if (!session.usable() || !session.in_transaction()) return;
    static_cast<void>(inside ? session.query_all("ROLLBACK TO SAVEPOINT alkemio_init; RELEASE SAVEPOINT alkemio_init", stop)
                             : session.query_all("ROLLBACK", stop));
}

}  // namespace

Result<Journals> read_journals(Session& session, const std::string& ledger, const Stop& stop) {
    Journals journals;
    const auto there = is_there(session, stop);
    if (!there || !*there) return there ? Result<Journals>{journals} : Result<Journals>{there.error()};
    auto answer = session.query(
        "SELECT migration, number, checksum, title, place, pg_catalog.to_char(committed_at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), answer, taken FROM alkemio_init.typeorm_journal WHERE ledger = $1 ORDER BY "
        "migration, number",
        stop, {ledger});
    if (!answer) return unreadable(answer.error()) ? Result<Journals>{journals} : Result<Journals>{answer.error()};
    for (int i = 0; i < answer->size(); ++i) {
        const auto text = [&](int column) { return std::string{answer->text(i, column)}; };
        Committed one{static_cast<int>(answer->number(i, 1)), text(2), text(3), text(4), text(5)};
        if (!answer->null(i, 6)) one.answer = text(6);
        one.taken = answer->boolean(i, 7);
        journals[text(0)].push_back(std::move(one));
    }
    return journals;
}

Result<void> clear_journal(Session& session, const std::string& ledger, const std::string& migration, const Stop& stop) {
    const auto there = is_there(session, stop);
    if (!there) return there.error();
    if (!*there) return ok();
    auto done = session.query(deletion(ledger, migration), stop);
    if (!done) return std::move(done).error();
    return ok();
}

Result<void> continue_journal(Session& session, const std::string& ledger, const std::string& migration, int number,
                              const Stop& stop) {
    auto there = session.query(kIsThere, stop);
    if (!there) return std::move(there).error();
    // Several statements in one string are one transaction.
    Sql sql = making(*there);
    sql.add(deletion(ledger, migration)).add(" AND number >= ").number(number);
    sql.add("; UPDATE alkemio_init.typeorm_journal SET taken = true WHERE ledger = ").literal(ledger);
    sql.add(" AND migration = ").literal(migration);
    sql.add("; INSERT INTO alkemio_init.typeorm_journal (ledger, migration, number, checksum, title, place, taken) SELECT ");
    sql.literal(ledger).add(", ").literal(migration).add(", number, '', '', '', true FROM pg_catalog.generate_series(1, ");
    sql.number(number - 1).add(") AS number ON CONFLICT DO NOTHING");
    auto done = session.query_all(sql, stop);
    if (!done) return std::move(done).error();
    return ok();
}

std::string checksum_of(std::string_view text, const postgres::Parameters& parameters) {
    // EVP_sha256() would be looked up by its name each time.
    static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    EVP_DigestInit_ex(digest.get(), kSha256, nullptr);
    // Each part with its length before it, so that none can be taken for another.
    const auto part = [&](std::string_view bytes) {
        const std::string length = fmt::format("{}:", bytes.size());
        EVP_DigestUpdate(digest.get(), length.data(), length.size());
        EVP_DigestUpdate(digest.get(), bytes.data(), bytes.size());
    };
    part(text);
    for (const auto& parameter : parameters) {
        if (parameter) part(*parameter);
        else EVP_DigestUpdate(digest.get(), "null", 4);
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(digest.get(), bytes.data(), &size);
    std::string hex;
    boost::algorithm::hex_lower(bytes.begin(), bytes.begin() + size, std::back_inserter(hex));
    return hex;
}

std::optional<std::string> answer_of(const Outcome& outcome) {
    if (!outcome.rows) return {};
    json::object answer;
    json::array results;
    for (const Rows& one : *outcome.rows) results.push_back(json_of(one));
    answer["results"] = std::move(results);
    if (outcome.error) answer["error"] = json_of(*outcome.error);
    std::string text = json::serialize(answer);
    return text.size() > 2 * kLargest ? std::nullopt : std::optional{std::move(text)};
}

const Committed* Journal::committed(const std::string& migration, int number) const {
    const auto journal = journals_.find(migration);
    if (journal == journals_.end()) return nullptr;
    const auto found = std::ranges::find(journal->second, number, &Committed::number);
    return found == journal->second.end() ? nullptr : &*found;
}

int Journal::last(const std::string& migration) const {
    const auto journal = journals_.find(migration);
    return journal == journals_.end() || journal->second.empty() ? 0 : journal->second.back().number;
}

Journal::Verdict Journal::judge(const Noted& noted, const Demands& demands) const {
    const Committed* one = committed(noted.migration, noted.number);
    if (one == nullptr) return Verdict::send;
    const bool same = one->checksum == noted.text_checksum;
    if (!same && !one->taken) return Verdict::refuse;
    if (demands.again) return Verdict::resend;
    const bool known = same && one->answer;
    if (known) return Verdict::answer;
    if (!one->taken) return Verdict::refuse;
    return demands.asks ? Verdict::resend : Verdict::answer;
}

void Journal::note(Noted noted) {
    // What another migration left open is not this one's.
    if (!noted_.empty() && noted_.back().migration != noted.migration) noted_.clear();
    if (noted.outcome.rows && size_of(*noted.outcome.rows) > kLargest) noted.outcome.rows.reset();
    // A migration may send a hundred thousand of those that answer with a tag alone.
    if (noted.outcome.rows && std::ranges::none_of(*noted.outcome.rows, &Rows::returns_rows)) {
        noted.answer = answer_of(noted.outcome);
        noted.outcome = {{}, {}};
    }
    noted_.push_back(std::move(noted));
}

std::vector<Noted*> Journal::open(int wire) {
    std::vector<Noted*> all;
    for (Noted& one : noted_) {
        if (one.wire == wire) all.push_back(&one);
    }
    return all;
}

Result<void> Journal::write(Session& session, int wire, const Stop& stop) {
    const std::vector<Noted*> all = open(wire);
    if (all.empty()) return ok();
    for (Noted* one : all) {
        if (!one->answer) one->answer = answer_of(one->outcome);
        one->outcome.rows.reset();
    }
    const bool inside = session.in_transaction();
    // By the role that migrates, whatever role the script has taken on.
    Sql look = inside ? Sql{"SAVEPOINT alkemio_init; "} : Sql{"BEGIN; "};
    look.add("SELECT pg_catalog.current_setting('role'); SET LOCAL ROLE TO DEFAULT; ").add(kIsThere);
    auto seen = session.query_all(look, stop);
    const auto failed = [&](Failure failure) {
        take_back(session, inside, stop);
        return failure;
    };
    constexpr std::size_t kAnswers = 4;
    if (!seen || seen->size() != kAnswers) return failed(seen ? Failure{} : std::move(seen).error());
    const std::string role{(*seen)[1].text(0, 0)};
    Sql sql = making((*seen)[3]);
    sql.add("INSERT INTO alkemio_init.typeorm_journal (ledger, migration, number, checksum, title, place, answer) VALUES ");
    bool first = true;
    for (const Noted* one : all) {
        sql.add(std::exchange(first, false) ? Sql{"("} : Sql{", ("}).literal(ledger_).add(", ").literal(one->migration);
        sql.add(", ").number(one->number).add(", ").literal(one->text_checksum).add(", ").literal(one->title).add(", ");
        sql.literal(one->place).add(", ");
        if (one->answer) sql.literal(*one->answer);
        else sql.add("NULL");
        sql.add(")");
    }
    sql.add(" ON CONFLICT DO NOTHING; SELECT pg_catalog.set_config('role', ").literal(role).add(", true); ");
    sql.add(inside ? Sql{"RELEASE SAVEPOINT alkemio_init"} : Sql{"COMMIT"});
    auto written = session.query_all(sql, stop);
    if (!written) return failed(std::move(written).error());
    used_ = true;
    return ok();
}

void Journal::settle(int wire) {
    for (const Noted* one : open(wire)) {
        Committed done{one->number, one->text_checksum, one->title, one->place};
        done.answer = one->answer;
        std::vector<Committed>& journal = journals_[one->migration];
        const auto after = std::ranges::upper_bound(journal, done.number, {}, &Committed::number);
        journal.insert(after, std::move(done));
    }
    std::erase_if(noted_, [&](const Noted& one) { return one.wire == wire; });
}

void Journal::clear(Session& session, const std::string& migration, const Stop& stop) {
    if (!holds(migration) || !session.in_transaction()) return;
    Sql sql{"SAVEPOINT alkemio_init; "};
    auto done = session.query_all(sql.add(deletion(ledger_, migration)).add("; RELEASE SAVEPOINT alkemio_init"), stop);
    // What stays is taken out at the end of the run.
    if (!done) take_back(session, true, stop);
}

}  // namespace ainit::migrate::typeorm
