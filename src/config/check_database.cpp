// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "config/checker.h"
#include "config/signature.h"

namespace ainit::config {
namespace {

/// What can be granted on a kind of object, in the singular or plural.
std::vector<std::string> privileges_on(std::string_view kind) {
    const auto is = [&](std::string_view word) {
        return kind.find(word) != std::string_view::npos;
    };
    if (is("database")) return {"ALL", "CONNECT", "CREATE", "TEMPORARY"};
    if (is("schema")) return {"ALL", "CREATE", "USAGE"};
    if (is("table"))
        return {"ALL",
                "DELETE",
                "INSERT",
                "MAINTAIN",
                "REFERENCES",
                "SELECT",
                "TRIGGER",
                "TRUNCATE",
                "UPDATE"};
    if (is("sequence")) return {"ALL", "SELECT", "UPDATE", "USAGE"};
    if (is("function")) return {"ALL", "EXECUTE"};
    if (is("type")) return {"ALL", "USAGE"};
    return {};
}

/// What a database can have, by the names that pg_encoding_to_char gives (pg_enc2name_tbl in PostgreSQL's encnames.c, those
/// of servers).
constexpr std::array<std::string_view, 35> kEncodings{
    "SQL_ASCII", "EUC_JP",  "EUC_CN",  "EUC_KR",   "EUC_TW",     "EUC_JIS_2004", "UTF8",       "MULE_INTERNAL", "LATIN1",
    "LATIN2",    "LATIN3",  "LATIN4",  "LATIN5",   "LATIN6",     "LATIN7",       "LATIN8",     "LATIN9",        "LATIN10",
    "WIN1256",   "WIN1258", "WIN866",  "WIN874",   "KOI8R",      "WIN1251",      "WIN1252",    "ISO_8859_5",    "ISO_8859_6",
    "ISO_8859_7", "ISO_8859_8", "WIN1250", "WIN1253", "WIN1254", "WIN1255",      "WIN1257",    "KOI8U"};

/// As the server compares names of encodings: letters and digits alone.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

class DatabaseChecker : Checker {
  public:
    using Checker::Checker;

    void all() {
        for (const Database& database : config().databases) check_database(database);
    }

  private:
    void check_database(const Database& database) {
        const std::string who = fmt::format("database \"{}\"", database.name);
        name("database", database.name, at(database.origin, "name"));
        if (database.name == "template0") {
            fail(Code::config_type,
                 "cannot use the database \"template0\"",
                 "it is PostgreSQL's own, and nobody can connect to it",
                 "",
                 at(database.origin, "name"));
        }
        check_owner(database.owner, who, at(database.origin, "owner"));
        check_encoding(database);
        check_locale(database, who);
        std::set<std::string> extensions;
        for (const Extension& extension : database.extensions) {
            if (!extensions.insert(extension.name).second) {
                conflict(
                    fmt::format(
                        "cannot install the extension \"{}\" twice in {}", extension.name, who),
                    "it is listed twice",
                    "",
                    extension.origin);
            }
        }
        std::set<std::string> schemas;
        for (const Schema& schema : database.schemas) {
            name("schema", schema.name, schema.origin);
            check_owner(schema.owner, who, at(schema.origin, "owner"));
            if (!schemas.insert(schema.name).second) {
                conflict(fmt::format("cannot make the schema \"{}\" twice in {}", schema.name, who),
                         "it is listed twice",
                         "",
                         schema.origin);
            }
        }
        for (const Grant& grant : database.grants) check_grant(grant, who);
        for (const DefaultPrivilege& privilege : database.default_privileges) {
            check_privileges(privilege.privileges, privilege.on, at(privilege.origin, "privileges"));
            role_known(privilege.owner, who, at(privilege.origin, "owner"));
            for (const std::string& role : privilege.roles) role_known(role, who, at(privilege.origin, "roles"));
        }
    }

    /// What is owned is made before migrations, and so must the owner be.
    void check_owner(const std::string& owner, const std::string& who, const Origin& where) {
        role_known(owner, who, where);
        const Role* role = config().role(owner);
        if (role == nullptr || role->after_migrations_of.empty()) return;
        conflict(fmt::format("cannot give {} to the role \"{}\"", who, owner),
                 fmt::format("the migrations of \"{}\" make that role, which is later", role->after_migrations_of),
                 "name another owner, or remove after_migrations_of",
                 where);
    }

    void check_encoding(const Database& database) {
        const auto same = [&](std::string_view one) { return plain(one) == plain(database.encoding); };
        if (std::ranges::any_of(kEncodings, same)) return;
        std::vector<std::string> known;
        for (const std::string_view one : kEncodings) known.push_back(plain(one));
        const auto near = std::ranges::find(known, closest(plain(database.encoding), known));
        fail(Code::config_type,
             fmt::format("cannot use the encoding \"{}\" in database \"{}\"", database.encoding, database.name),
             "no database can have it",
             near == known.end() ? "see the encodings of servers in PostgreSQL's manual, \"Character Set Support\""
                                 : fmt::format("did you mean \"{}\"?", kEncodings[static_cast<std::size_t>(near - known.begin())]),
             at(database.origin, "encoding"));
    }

    void check_locale(const Database& database, const std::string& who) {
        if (!database.locale.empty() &&
            (!database.lc_collate.empty() || !database.lc_ctype.empty())) {
            conflict(fmt::format("cannot use both locale and lc_collate or lc_ctype in {}", who),
                     "locale is both of them",
                     "remove locale",
                     at(database.origin, "locale"));
        }
        if (database.locale_provider == "icu" && database.icu_locale.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot make {}", who),
                 "the provider icu needs icu_locale",
                 "",
                 at(database.origin, "locale_provider"));
        }
        if (database.locale_provider == "builtin" && database.builtin_locale.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot make {}", who),
                 "the provider builtin needs builtin_locale",
                 "",
                 at(database.origin, "locale_provider"));
        }
        const auto belongs = [&](const char* key, const std::string& value, const char* provider) {
            if (value.empty() || database.locale_provider == provider) return;
            conflict(fmt::format("cannot use {} in {}", key, who),
                     fmt::format("locale_provider is not {}", provider),
                     fmt::format("add: locale_provider = \"{}\"", provider),
                     at(database.origin, key));
        };
        belongs("icu_locale", database.icu_locale, "icu");
        belongs("icu_rules", database.icu_rules, "icu");
        belongs("builtin_locale", database.builtin_locale, "builtin");
    }

    void check_grant(const Grant& grant, const std::string& who) {
        const bool named = grant.on == "table" || grant.on == "sequence" || grant.on == "function";
        if (named && grant.objects.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot grant on a {} in {}", grant.on, who),
                 "objects is empty",
                 "name the objects, or use: on = \"all " + grant.on + "s\"",
                 at(grant.origin, {"objects", "on"}));
        }
        if (grant.on != "database" && grant.schema.empty()) {
            fail(Code::config_missing,
                 fmt::format("cannot grant on {} in {}", grant.on, who),
                 "schema is missing",
                 "add: schema = …",
                 at(grant.origin, "on"));
        }
        if (grant.on == "function") check_functions(grant);
        check_privileges(grant.privileges, grant.on, at(grant.origin, "privileges"));
        for (const std::string& role : grant.roles) role_known(role, who, at(grant.origin, "roles"));
    }

    /// Types stand in the SQL as they are.
    void check_functions(const Grant& grant) {
        for (const std::string& object : grant.objects) {
            const auto signature = signature_of(object);
            if (!signature || std::ranges::all_of(signature->types, is_type_name)) continue;
            fail(Code::config_type,
                 fmt::format("cannot grant on the function \"{}\"", object),
                 "its arguments are no list of types",
                 "write the types alone, without modifiers: name(text, integer[])",
                 at(grant.origin, "objects"));
        }
    }

    /// Also keeps everything but these words out of the SQL that grants them.
    void check_privileges(const std::vector<std::string>& privileges,
                          const std::string& on,
                          const Origin& where) {
        const std::vector<std::string> known = privileges_on(on);
        for (const std::string& privilege : privileges) {
            if (known.empty() || std::ranges::find(known, privilege) != known.end()) continue;
            const std::string near = closest(privilege, known);
            fail(Code::config_type,
                 fmt::format("cannot grant \"{}\" on {}", privilege, on),
                 fmt::format("it must be one of {}", join(known, ", ")),
                 near.empty() ? "" : fmt::format("did you mean \"{}\"?", near),
                 where);
        }
    }
};

}  // namespace

void check_databases(Loaded& loaded) {
    DatabaseChecker{loaded}.all();
}

}  // namespace ainit::config
