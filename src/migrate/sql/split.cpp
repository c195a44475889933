// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/split.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/sql.h"
#include "base/text.h"

extern "C" {
#include <pg_query.h>
}

namespace ainit::migrate::sql {
namespace {

namespace json = boost::json;

constexpr std::string_view kDirective = "alkemio-init:";
constexpr std::string_view kNoTransaction = "no-transaction";

Failure at(Code code, std::string_view text, std::size_t offset, const std::string& path) {
    Failure failure;
    failure.code = code;
    failure.what = fmt::format("cannot use the migration file \"{}\"", path);
    failure.state = "Nothing of it was run.";
    const Position position = position_at(text, offset);
    failure.where = {path, position.line, position.column};
    failure.excerpt = caret(text, offset);
    return failure;
}

struct Freed {
    PgQuerySplitResult result;
    explicit Freed(PgQuerySplitResult made) : result{made} {}
    ~Freed() { pg_query_free_split_result(result); }
    Freed(const Freed&) = delete;
    Freed& operator=(const Freed&) = delete;
};

/// Where blanks and comments before a statement end.
std::size_t skip_blanks(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        if (std::isspace(static_cast<unsigned char>(text[at])) != 0) {
            ++at;
        } else if (text.substr(at, 2) == "--") {
            at = std::min(text.find('\n', at), text.size());
        } else if (text.substr(at, 2) == "/*") {
            int depth = 0;
            do {
                if (text.substr(at, 2) == "/*") {
                    ++depth;
                    ++at;
                } else if (text.substr(at, 2) == "*/") {
                    --depth;
                    ++at;
                }
                ++at;
            } while (depth > 0 && at < text.size());
        } else {
            break;
        }
    }
    return at;
}

std::vector<Statement> pieces(std::string_view text, const PgQuerySplitResult& split) {
    std::vector<Statement> out;
    for (int i = 0; i < split.n_stmts; ++i) {
        const auto begin = static_cast<std::size_t>(split.stmts[i]->stmt_location);
        const std::size_t end =
            std::min(begin + static_cast<std::size_t>(split.stmts[i]->stmt_len), text.size());
        const std::size_t first = std::min(skip_blanks(text, begin), end);
        const std::string_view body = trim(text.substr(first, end - first));
        if (!body.empty()) out.push_back({std::string{body}, first, false});
    }
    return out;
}

/// A line that begins with a backslash outside of any statement is psql's.
std::optional<std::size_t> backslash_command(std::string_view text, std::size_t error) {
    error = std::min(error, text.size());
    const std::size_t before = text.rfind('\n', error == 0 ? 0 : error - 1);
    const std::size_t line = before == std::string_view::npos ? 0 : before + 1;
    for (const std::size_t from : {line, error}) {
        const std::size_t first = text.find_first_not_of(" \t", from);
        if (first != std::string_view::npos && text[first] == '\\') return first;
    }
    return {};
}

std::size_t byte_offset(std::string_view text, int character) {
    std::size_t offset = 0;
    for (int left = character; left > 1 && offset < text.size(); --left) {
        ++offset;
        while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U) ++offset;
    }
    return offset;
}

/// Leading comments are where directives stand.
Result<bool> read_directives(std::string_view text, const std::string& path) {
    bool no_transaction = false;
    const std::size_t end = skip_blanks(text, 0);
    std::size_t offset = 0;
    for (const std::string& line : split(text.substr(0, end), '\n')) {
        std::string_view rest = trim(line);
        if (rest.starts_with("--")) {
            rest = trim(rest.substr(2));
            if (rest.starts_with(kDirective)) {
                const std::string_view word = trim(rest.substr(kDirective.size()));
                if (word != kNoTransaction) {
                    Failure failure = at(Code::migration_syntax, text, offset, path);
                    failure.because = fmt::format("there is no directive \"{}\"", word);
                    failure.hint = fmt::format("write: -- {} {}", kDirective, kNoTransaction);
                    return failure;
                }
                no_transaction = true;
            }
        }
        offset += line.size() + 1;
    }
    return no_transaction;
}

bool is_true(const json::object& node, std::string_view key) {
    const json::value* value = node.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::string text_of(const json::object& node, std::string_view key) {
    const json::value* value = node.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

/// Whether an option of the name is among the nodes `{"DefElem": {"defname": …}}`.
bool has_option(const json::object& node, std::string_view list, std::string_view name) {
    const json::value* options = node.if_contains(list);
    if (options == nullptr || !options->is_array()) return false;
    return std::ranges::any_of(options->get_array(), [&](const json::value& option) {
        const json::value* element = option.is_object() ? option.get_object().if_contains("DefElem") : nullptr;
        return element != nullptr && element->is_object() && text_of(element->get_object(), "defname") == name;
    });
}

/// ALTER TABLE … DETACH PARTITION … CONCURRENTLY.
bool detaches_concurrently(const json::object& node) {
    const json::value* commands = node.if_contains("cmds");
    if (commands == nullptr || !commands->is_array()) return false;
    return std::ranges::any_of(commands->get_array(), [](const json::value& command) {
        return json::serialize(command).find("\"concurrent\":true") != std::string::npos;
    });
}

/// Statements that PostgreSQL refuses inside a transaction block (PreventInTransactionBlock in its sources).
bool refuses_transactions(std::string_view kind, const json::object& node) {
    static constexpr std::array kAlways{"CreatedbStmt",        "DropdbStmt",           "CreateTableSpaceStmt",
                                        "DropTableSpaceStmt",  "AlterSystemStmt",      "CreateSubscriptionStmt",
                                        "DropSubscriptionStmt", "AlterSubscriptionStmt"};
    if (std::ranges::find(kAlways, kind) != kAlways.end()) return true;
    if (kind == "IndexStmt" || kind == "DropStmt") return is_true(node, "concurrent");
    if (kind == "VacuumStmt") return is_true(node, "is_vacuumcmd");
    if (kind == "ClusterStmt") return node.if_contains("relation") == nullptr;
    if (kind == "AlterDatabaseStmt") return has_option(node, "options", "tablespace");
    if (kind == "AlterTableStmt") return detaches_concurrently(node);
    if (kind == "ReindexStmt") {
        const std::string what = text_of(node, "kind");
        return has_option(node, "params", "concurrently") || (what != "REINDEX_OBJECT_INDEX" && what != "REINDEX_OBJECT_TABLE");
    }
    return false;
}

/// One statement's parse tree: its kind and its node. Empty for what libpg_query cannot parse.
struct Tree {
    std::string kind{};
    json::object node{};
};

Tree parse(const std::string& statement) {
    const PgQueryParseResult result = pg_query_parse(statement.c_str());
    Tree tree;
    if (result.error == nullptr) {
        boost::system::error_code error;
        // Expressions may be nested deeper than Boost.JSON's own limit of 32.
        json::parse_options options;
        options.max_depth = 4096;
        const json::value parsed = json::parse(result.parse_tree, error, {}, options);
        const json::array* statements =
            error || !parsed.is_object() ? nullptr : parsed.get_object().at("stmts").if_array();
        if (statements != nullptr && !statements->empty()) {
            const json::value& wrapper = statements->front().at("stmt");
            if (wrapper.is_object() && !wrapper.get_object().empty()) {
                const auto& pair = *wrapper.get_object().begin();
                tree.kind = pair.key();
                if (pair.value().is_object()) tree.node = pair.value().get_object();
            }
        }
    }
    pg_query_free_parse_result(result);
    return tree;
}

/// Transaction control would end the transaction that a migration's ledger row belongs to. Savepoints do not.
bool controls_transactions(const Tree& tree) {
    if (tree.kind != "TransactionStmt") return false;
    static constexpr std::array kHarmless{"TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO"};
    return std::ranges::find(kHarmless, text_of(tree.node, "kind")) == kHarmless.end();
}

bool reads_stdin(const Tree& tree) {
    return tree.kind == "CopyStmt" && is_true(tree.node, "is_from") && text_of(tree.node, "filename").empty();
}

class Judge {
  public:
    Judge(std::string_view text, const std::string& path, Script& script) : text_{text}, path_{path}, script_{script} {}

    Result<void> run() {
        for (std::size_t i = 0; i < script_.statements.size(); ++i) {
            Statement& statement = script_.statements[i];
            const Tree tree = parse(statement.text);
            if (controls_transactions(tree)) return transaction_control(statement);
            if (reads_stdin(tree)) return copy_from_stdin(statement);
            statement.alone = refuses_transactions(tree.kind, tree.node) || makes_value_used_later(tree, i);
        }
        return ok();
    }

  private:
    /// A value that ALTER TYPE adds cannot be used before it is committed (55P04).
    bool makes_value_used_later(const Tree& tree, std::size_t index) const {
        if (tree.kind != "AlterEnumStmt" || !text_of(tree.node, "oldVal").empty()) return false;
        const std::string literal = quote_literal(text_of(tree.node, "newVal"));
        const auto later = std::span{script_.statements}.subspan(index + 1);
        return std::ranges::any_of(later, [&](const Statement& one) {
            return one.text.find(literal) != std::string::npos;
        });
    }

    Failure transaction_control(const Statement& statement) const {
        Failure failure = at(Code::migration_refused, text_, statement.offset, path_);
        failure.because = "it begins or ends a transaction, in which its row of the ledger must be written";
        failure.hint = fmt::format("remove the command; what must be committed at once goes into a file of its own, or "
                                   "under \"-- {} {}\"", kDirective, kNoTransaction);
        return failure;
    }

    Failure copy_from_stdin(const Statement& statement) const {
        Failure failure = at(Code::migration_syntax, text_, statement.offset, path_);
        failure.because = "COPY … FROM STDIN reads rows that only psql sends";
        failure.hint = "write them as INSERT (pg_dump --inserts does)";
        return failure;
    }

    std::string_view text_;
    const std::string& path_;
    Script& script_;
};

/// The statements by grammar; by tokens where the grammar does not fit.
Result<std::vector<Statement>> split_text(std::string_view text, const std::string& path) {
    const std::string whole{text};
    const Freed parsed{pg_query_split_with_parser(whole.c_str())};
    if (parsed.result.error == nullptr) return pieces(text, parsed.result);
    const std::size_t error = byte_offset(text, parsed.result.error->cursorpos);
    if (const auto command = backslash_command(text, error)) {
        Failure failure = at(Code::migration_syntax, text, *command, path);
        failure.because = "a line that begins with a backslash is a command of psql, not SQL";
        failure.hint = "remove it, or write it as SQL";
        return failure;
    }
    const Freed scanned{pg_query_split_with_scanner(whole.c_str())};
    if (scanned.result.error == nullptr) return pieces(text, scanned.result);
    Failure failure = at(Code::migration_syntax, text, byte_offset(text, scanned.result.error->cursorpos), path);
    failure.because = scanned.result.error->message;
    return failure;
}

}  // namespace

const Statement* Script::first_alone() const {
    const auto found = std::ranges::find(statements, true, &Statement::alone);
    return found == statements.end() ? nullptr : &*found;
}

Result<Script> split_script(std::string_view text, const std::string& path) {
    Script script;
    auto no_transaction = read_directives(text, path);
    if (!no_transaction) return std::move(no_transaction).error();
    script.no_transaction = *no_transaction;
    auto statements = split_text(text, path);
    if (!statements) return std::move(statements).error();
    script.statements = std::move(*statements);
    if (auto judged = Judge{text, path, script}.run(); !judged) return std::move(judged).error();
    return script;
}

}  // namespace ainit::migrate::sql
