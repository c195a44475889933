// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/nature.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/sql.h"
#include "base/text.h"
#include "migrate/sql/blank.h"
#include "migrate/sql/parser.h"

namespace ainit::migrate::sql {
namespace {

namespace json = boost::json;

/// Only these begin statements with demands; others (long INSERTs, say) are not parsed again.
constexpr std::array kFirstWords{"abort",    "alter", "begin",     "call",    "cluster",
                                 "commit",   "copy",  "create",    "do",      "discard",
                                 "drop",     "end",   "prepare",   "reindex", "release",
                                 "rollback", "set",   "savepoint", "start",   "vacuum"};

bool worth_parsing(std::string_view statement) {
    const std::size_t begin = skip_blank(statement, 0).end;
    std::size_t end = begin;
    while (end < statement.size() && std::isalpha(static_cast<unsigned char>(statement[end])) != 0)
        ++end;
    const std::string_view word = statement.substr(begin, end - begin);
    return std::ranges::any_of(
        kFirstWords, [&](std::string_view one) { return equals_ignoring_case(word, one); });
}

/// Of a JSON object; an absent member is like an empty one, as libpg_query leaves out defaults.
std::string text_of(const json::object& node, std::string_view name) {
    const json::value* found = node.if_contains(name);
    return found != nullptr && found->is_string() ? std::string{found->get_string()} : "";
}

bool flag(const json::object& node, std::string_view name) {
    const json::value* found = node.if_contains(name);
    return found != nullptr && found->is_bool() && found->get_bool();
}

const json::array& list(const json::object& node, std::string_view name) {
    static const json::array none;
    const json::value* found = node.if_contains(name);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

/// {"Kind": {…}}: what is inside, if it is of this kind.
const json::object* inside(const json::value& value, std::string_view kind) {
    if (!value.is_object()) return nullptr;
    const json::value* found = value.get_object().if_contains(kind);
    return found != nullptr ? found->if_object() : nullptr;
}

/// A qualified name: [{"String":{"sval":"s"}}, …].
std::string name_of(const json::array& parts) {
    std::vector<std::string> names;
    for (const json::value& part : parts) {
        if (const auto* name = inside(part, "String")) names.push_back(text_of(*name, "sval"));
    }
    return join(names, ".");
}

bool says_no(std::string_view text) {
    constexpr std::array kNo{"false", "off", "no", "0"};
    return std::ranges::any_of(
        kNo, [&](std::string_view one) { return equals_ignoring_case(text, one); });
}

/// The option `name` of WITH (…) or (…), as text: empty if it is not there, "on" without a value.
std::string option(const json::array& options, std::string_view name) {
    for (const json::value& one : options) {
        const auto* element = inside(one, "DefElem");
        if (element == nullptr || text_of(*element, "defname") != name) continue;
        const json::value* value = element->if_contains("arg");
        if (value == nullptr) return "on";
        if (const auto* text = inside(*value, "String")) return text_of(*text, "sval");
        // Words that are not reserved, "off" among them, are read as the name of a type.
        if (const auto* word = inside(*value, "TypeName")) return name_of(list(*word, "names"));
        if (const auto* number = inside(*value, "Integer")) {
            return number->contains("ival") ? "1" : "0";
        }
        return "on";
    }
    return {};
}

bool asked_for(const json::array& options, std::string_view name) {
    const std::string value = option(options, name);
    return !value.empty() && !says_no(value);
}

bool refused(const json::array& options, std::string_view name) {
    return says_no(option(options, name));
}

void of_transaction(const json::object& node, Nature& nature) {
    nature.alone = true;
    const std::string kind = text_of(node, "kind");
    static constexpr std::array kSavepoints{
        "TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO"};
    if (std::ranges::find(kSavepoints, kind) != kSavepoints.end()) return;
    constexpr std::string_view kPrefix{"TRANS_STMT_"};
    nature.control = kind.empty() ? "BEGIN" : kind.substr(std::min(kPrefix.size(), kind.size()));
    std::ranges::replace(nature.control, '_', ' ');
}

void of_reindex(const json::object& node, Nature& nature) {
    if (asked_for(list(node, "params"), "concurrently")) {
        nature.outside = "REINDEX CONCURRENTLY";
        nature.waits = true;
        return;
    }
    const std::string kind = text_of(node, "kind");
    for (const char* what : {"SCHEMA", "DATABASE", "SYSTEM"}) {
        if (kind == fmt::format("REINDEX_OBJECT_{}", what)) {
            nature.outside = fmt::format("REINDEX {}", what);
        }
    }
}

void of_alter_table(const json::object& node, Nature& nature) {
    for (const json::value& one : list(node, "cmds")) {
        const auto* command = inside(one, "AlterTableCmd");
        if (command == nullptr || text_of(*command, "subtype") != "AT_DetachPartition") continue;
        const json::value* def = command->if_contains("def");
        const auto* partition = def != nullptr ? inside(*def, "PartitionCmd") : nullptr;
        if (partition == nullptr || !flag(*partition, "concurrent")) continue;
        nature.outside = "DETACH PARTITION CONCURRENTLY";
        nature.waits = true;
    }
}

void of_create_subscription(const json::object& node, Nature& nature) {
    const json::array& options = list(node, "options");
    if (refused(options, "connect") || refused(options, "create_slot")) return;
    nature.outside = "CREATE SUBSCRIPTION with a replication slot";
}

void of_alter_subscription(const json::object& node, Nature& nature) {
    const std::string kind = text_of(node, "kind");
    const json::array& options = list(node, "options");
    if (kind == "ALTER_SUBSCRIPTION_REFRESH") {
        nature.outside = "ALTER SUBSCRIPTION … REFRESH PUBLICATION";
    } else if (kind.ends_with("_PUBLICATION") && !refused(options, "refresh")) {
        nature.outside = "ALTER SUBSCRIPTION … PUBLICATION with refresh";
    } else if (!option(options, "failover").empty() || !option(options, "two_phase").empty()) {
        nature.outside = "ALTER SUBSCRIPTION … SET (failover, two_phase)";
    }
}

void of_variable(const json::object& node, Nature& nature) {
    nature.alone = flag(node, "is_local") || text_of(node, "kind") == "VAR_SET_MULTI";
}

void of_alter_enum(const json::object& node, Nature& nature) {
    if (node.contains("oldVal")) return;
    nature.enum_type = name_of(list(node, "typeName"));
    nature.enum_label = text_of(node, "newVal");
}

using Rule = void (*)(const json::object&, Nature&);

struct Row {
    const char* kind;
    Rule rule;
};

// What PostgreSQL keeps out of a transaction block (PreventInTransactionBlock in its sources), and
// what begins, ends or needs one.
constexpr Row kRules[] = {
    {"TransactionStmt", of_transaction},
    {"ReindexStmt", of_reindex},
    {"AlterTableStmt", of_alter_table},
    {"CreateSubscriptionStmt", of_create_subscription},
    {"AlterSubscriptionStmt", of_alter_subscription},
    {"VariableSetStmt", of_variable},
    {"AlterEnumStmt", of_alter_enum},
    {"CreatedbStmt", [](const json::object&, Nature& n) { n.outside = "CREATE DATABASE"; }},
    {"DropdbStmt", [](const json::object&, Nature& n) { n.outside = "DROP DATABASE"; }},
    {"CreateTableSpaceStmt",
     [](const json::object&, Nature& n) { n.outside = "CREATE TABLESPACE"; }},
    {"DropTableSpaceStmt", [](const json::object&, Nature& n) { n.outside = "DROP TABLESPACE"; }},
    {"AlterSystemStmt", [](const json::object&, Nature& n) { n.outside = "ALTER SYSTEM"; }},
    {"DropSubscriptionStmt",
     [](const json::object&, Nature& n) { n.outside = "DROP SUBSCRIPTION"; }},
    {"CallStmt", [](const json::object&, Nature& n) { n.alone = true; }},
    {"DoStmt", [](const json::object&, Nature& n) { n.alone = true; }},
    {"AlterDatabaseStmt",
     [](const json::object& node, Nature& n) {
         if (!option(list(node, "options"), "tablespace").empty()) {
             n.outside = "ALTER DATABASE … SET TABLESPACE";
         }
     }},
    {"IndexStmt",
     [](const json::object& node, Nature& n) {
         n.waits = flag(node, "concurrent");
         if (n.waits) n.outside = "CREATE INDEX CONCURRENTLY";
         const json::value* table = node.if_contains("relation");
         if (!n.waits || !flag(node, "if_not_exists") || table == nullptr || !table->is_object()) return;
         const std::string schema = text_of(table->get_object(), "schemaname");
         n.index = text_of(node, "idxname");
         n.index_table = (schema.empty() ? "" : quote_identifier(schema) + ".") + quote_identifier(text_of(table->get_object(), "relname"));
     }},
    {"DropStmt",
     [](const json::object& node, Nature& n) {
         n.waits = flag(node, "concurrent");
         if (n.waits) n.outside = "DROP INDEX CONCURRENTLY";
     }},
    {"VacuumStmt",
     [](const json::object& node, Nature& n) {
         if (flag(node, "is_vacuumcmd")) n.outside = "VACUUM";
     }},
    {"ClusterStmt",
     [](const json::object& node, Nature& n) {
         if (!node.contains("relation")) n.outside = "CLUSTER of all tables";
     }},
    {"DiscardStmt",
     [](const json::object& node, Nature& n) {
         const std::string target = text_of(node, "target");
         if (target.empty() || target == "DISCARD_ALL") n.outside = "DISCARD ALL";
     }},
    {"CopyStmt",
     [](const json::object& node, Nature& n) {
         n.wants_input = flag(node, "is_from") && text_of(node, "filename").empty();
     }},
    {"CreateEnumStmt",
     [](const json::object& node, Nature& n) { n.new_enum = name_of(list(node, "typeName")); }},
};

/// An element of a constant that may be an array: '{a,"b"}'.
bool is_element(std::string_view text, std::string_view value) {
    if (!text.starts_with('{') || !text.ends_with('}')) return false;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find_first_of("{},", begin), text.size());
        std::string_view element = trim(text.substr(begin, end - begin));
        if (element.size() > 1 && element.starts_with('"') && element.ends_with('"')) {
            element = element.substr(1, element.size() - 2);
        }
        if (element == value) return true;
        begin = end + 1;
    }
    return false;
}

/// As a constant, or in the body of a function; a name of the same letters is none.
bool holds_value(const json::value& node, const std::string& value, const std::string& quoted) {
    const auto holds = [&](const auto& one) { return holds_value(one, value, quoted); };
    if (const json::string* text = node.if_string()) {
        return std::string_view{*text}.find(quoted) != std::string_view::npos;
    }
    if (const json::array* items = node.if_array()) return std::ranges::any_of(*items, holds);
    const json::object* members = node.if_object();
    if (members == nullptr) return false;
    if (const auto* constant = inside(node, "A_Const")) {
        const json::value* text = constant->if_contains("sval");
        if (text == nullptr || !text->is_object()) return false;
        const std::string constant_text = text_of(text->get_object(), "sval");
        return constant_text == value || is_element(constant_text, value);
    }
    return std::ranges::any_of(*members, [&](const auto& one) { return holds(one.value()); });
}

}  // namespace

Nature nature_of(const std::string& statement) {
    Nature nature;
    if (!worth_parsing(statement)) return nature;
    const auto tree = parse_tree(statement);
    if (!tree) return nature;
    for (const Row& row : kRules) {
        if (const json::object* node = inside(*tree, row.kind)) row.rule(*node, nature);
    }
    return nature;
}

bool uses_value(const std::string& statement, const std::string& value) {
    // The tree is made only where the letters occur at all, but for those that are written escaped.
    const bool plain = value.find_first_of("'\\") == std::string::npos;
    if (value.empty() || (plain && statement.find(value) == std::string::npos)) return false;
    const auto tree = parse_tree(statement);
    const std::string quoted = quote_literal(value);
    if (!tree) return statement.find(quoted) != std::string::npos;
    return holds_value(*tree, value, quoted);
}

}  // namespace ainit::migrate::sql
