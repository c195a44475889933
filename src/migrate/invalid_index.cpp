// SPDX-License-Identifier: Apache-2.0
#include "migrate/invalid_index.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/sql.h"
#include "base/text.h"

namespace ainit::migrate {
namespace {

constexpr Sql kQuestion{
    "SELECT n.nspname, c.relname, t.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE NOT i.indisvalid AND c.relkind = 'i' AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p "
    "WHERE p.index_relid = c.oid) ORDER BY 1, 2"};

bool part_of_a_name(char c) {
    const auto code = static_cast<unsigned char>(c);
    return std::isalnum(code) != 0 || c == '_' || c == '$' || code >= 0x80;
}

/// Whether a text has the name as a word of its own; names that are not quoted are folded by the server.
bool speaks_of(std::string_view text, std::string_view name) {
    for (std::size_t at = 0; at + name.size() <= text.size(); ++at) {
        if (!equals_ignoring_case(text.substr(at, name.size()), name)) continue;
        const std::size_t end = at + name.size();
        const bool begins = at == 0 || !part_of_a_name(text[at - 1]);
        if (begins && (end == text.size() || !part_of_a_name(text[end]))) return true;
    }
    return false;
}

std::vector<std::string> names_of(const std::vector<InvalidIndex>& indexes) {
    std::vector<std::string> names;
    for (const InvalidIndex& one : indexes) names.push_back(one.name);
    return names;
}

}  // namespace

std::vector<InvalidIndex> invalid_indexes(postgres::Session& session, const std::string& statement, const Stop& stop) {
    std::vector<InvalidIndex> found;
    if (!session.usable() || session.in_transaction()) return found;
    const auto rows = session.query(kQuestion, stop);
    for (int row = 0; rows && row < rows->size(); ++row) {
        const bool named = speaks_of(statement, rows->text(row, 1));
        if (!named && !speaks_of(statement, rows->text(row, 2))) continue;
        found.push_back({fmt::format("{}.{}", quote_identifier(rows->text(row, 0)), quote_identifier(rows->text(row, 1))), named});
    }
    return found;
}

std::vector<InvalidIndex> passed_over(postgres::Session& session, const std::string& index, const std::string& table, const Stop& stop) {
    std::vector<InvalidIndex> found;
    if (index.empty() || !session.usable() || session.in_transaction()) return found;
    // The index is where its table is, whatever others have that name.
    const auto schema = session.query("SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                                      "WHERE c.oid = pg_catalog.to_regclass($1)", stop, {table});
    if (!schema || schema->size() == 0) return found;
    const auto rows = session.query(kQuestion, stop);
    for (int row = 0; rows && row < rows->size(); ++row) {
        if (rows->text(row, 0) != schema->text(0, 0) || rows->text(row, 1) != index) continue;
        found.push_back({fmt::format("{}.{}", quote_identifier(rows->text(row, 0)), quote_identifier(index)), true});
    }
    return found;
}

std::string told(const std::vector<InvalidIndex>& indexes) {
    return fmt::format("the INVALID {} {}", indexes.size() == 1 ? "index" : "indexes", join(names_of(indexes), ", "));
}

std::string drop_first(const std::vector<InvalidIndex>& indexes) {
    return fmt::format("a CONCURRENTLY that was broken off has left {}: DROP INDEX CONCURRENTLY {} before the next run (IF NOT "
                       "EXISTS would take it as it is)",
                       told(indexes), join(names_of(indexes), ", "));
}

}  // namespace ainit::migrate
