// SPDX-License-Identifier: Apache-2.0
#include "plan/privilege.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace ainit::plan {
namespace {

constexpr int kMaintainSince = 170000;

struct Keyword {
    std::string_view name;
    Sql sql;
};

const std::array<Keyword, 18>& keywords() {
    static const std::array<Keyword, 18> table{{
        {"SELECT", "SELECT"},
        {"INSERT", "INSERT"},
        {"UPDATE", "UPDATE"},
        {"DELETE", "DELETE"},
        {"TRUNCATE", "TRUNCATE"},
        {"REFERENCES", "REFERENCES"},
        {"TRIGGER", "TRIGGER"},
        {"MAINTAIN", "MAINTAIN"},
        {"CREATE", "CREATE"},
        {"CONNECT", "CONNECT"},
        {"TEMPORARY", "TEMPORARY"},
        {"TEMP", "TEMPORARY"},
        {"EXECUTE", "EXECUTE"},
        {"USAGE", "USAGE"},
        {"SET", "SET"},
        {"ALTER SYSTEM", "ALTER SYSTEM"},
        {"ALL", "ALL"},
        {"ALL PRIVILEGES", "ALL"},
    }};
    return table;
}

std::string upper(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return out;
}

std::set<std::string> all_of(std::string_view on, int version) {
    if (on == "database") return {"CREATE", "CONNECT", "TEMPORARY"};
    if (on == "schema") return {"USAGE", "CREATE"};
    if (on == "sequence") return {"USAGE", "SELECT", "UPDATE"};
    if (on == "function") return {"EXECUTE"};
    if (on == "type") return {"USAGE"};
    std::set<std::string> all{"SELECT",   "INSERT",     "UPDATE", "DELETE",
                              "TRUNCATE", "REFERENCES", "TRIGGER"};
    if (version >= kMaintainSince) all.insert("MAINTAIN");
    return all;
}

}  // namespace

Sql privilege_keyword(std::string_view privilege) {
    const std::string wanted = upper(privilege);
    const auto found = std::ranges::find(keywords(), wanted, &Keyword::name);
    if (found != keywords().end()) return found->sql;
    Sql sql;
    sql.identifier(privilege);
    return sql;
}

std::set<std::string> expand_privileges(const std::vector<std::string>& privileges,
                                        std::string_view on,
                                        int version) {
    std::set<std::string> out;
    for (const std::string& privilege : privileges) {
        const std::string wanted = privilege_keyword(privilege).text();
        if (wanted == "ALL") {
            out.merge(all_of(on, version));
        } else {
            out.insert(wanted);
        }
    }
    return out;
}

}  // namespace ainit::plan
