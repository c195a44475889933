// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/child.h"
#include "base/target.h"
#include "base/text.h"
#include "config/arguments.h"
#include "config/checker.h"
#include "config/expand.h"
#include "config/needs.h"

namespace ainit::config {
namespace {

class ServiceChecker : Checker {
  public:
    using Checker::Checker;

    void all() {
        unique(config().services, "service");
        one_main();
        ending();
        for (const Service& one : config().services) {
            check_name(one);
            check_needs(one);
            check_login(one);
            check_command(one);
            check_variables(one);
            check_ready(one);
            check_identity(one);
        }
        circles();
    }

  private:
    static std::string who(const Service& one) { return fmt::format("service \"{}\"", one.name); }

    void one_main() {
        const Service* first = nullptr;
        for (const Service& one : config().services) {
            if (!one.main) continue;
            if (first != nullptr) {
                conflict(fmt::format("cannot make {} the main one", who(one)),
                         fmt::format("that is \"{}\", at {}, and only one exit code can be ours", first->name, first->origin.text()),
                         "leave main out of one of them", at(one.origin, "main"));
            }
            if (first == nullptr) first = &one;
            if (!one.critical) {
                conflict(fmt::format("cannot use critical = false in {}", who(one)), "it is the main one, whose end is the end of all",
                         "remove main or critical", at(one.origin, "critical"));
            }
        }
    }

    void ending() {
        const Run& run = config().run;
        if (!run.stop_timeout || run.stop_delay < *run.stop_timeout) return;
        conflict(fmt::format("cannot wait {} after SIGTERM in run", show(run.stop_delay)),
                 fmt::format("all must have ended {} after it", show(*run.stop_timeout)), "make stop_delay shorter than stop_timeout",
                 at(run.origin, "stop_delay"));
    }

    void check_name(const Service& one) {
        const auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-'; };
        if (std::ranges::all_of(one.name, fits)) return;
        fail(Code::config_type, fmt::format("cannot use \"{}\" as the name of a service", one.name),
             "it has characters other than letters, digits, \"_\", \".\" and \"-\"", "", at(one.origin, "name"));
    }

    void check_needs(const Service& one) {
        for (const std::string& text : one.needs) {
            const std::vector<Need> all = meanings(config(), one.name, text);
            if (all.empty()) unknown_need(one, text);
            if (all.size() > 1) {
                conflict(fmt::format("cannot tell what {} needs by \"{}\"", who(one), text), "there are several things of that name",
                         fmt::format("write \"{}\" or \"{}\"", all[0].text(), all[1].text()), at(one.origin, "needs"));
            }
        }
    }

    void unknown_need(const Service& one, const std::string& text) {
        std::vector<std::string> names = names_to_need(config());
        if (const std::size_t sign = text.find('='); sign != std::string::npos) {
            for (std::string& name : names) name = text.substr(0, sign + 1) + name;
            for (const char* word : {"database", "migrations", "check", "role", "service"}) {
                names.push_back(fmt::format("{}{}", word, text.substr(sign)));
            }
            std::erase_if(names, [&](const std::string& name) { return meanings(config(), one.name, name).empty(); });
        }
        const std::string near = text == one.name ? "" : closest(text, names);
        conflict(fmt::format("cannot use the need \"{}\" in {}", text, who(one)),
                 text == one.name ? "it is the service itself" : "no database, migration, check, role or service has that name",
                 near.empty() ? "name what is declared in this file" : fmt::format("did you mean \"{}\"?", near), at(one.origin, "needs"));
    }

    void check_login(const Service& one) {
        if (one.database.empty()) {
            if (one.role.empty()) return;
            return fail(Code::config_missing, fmt::format("cannot use role in {}", who(one)), "there is no database to log in to",
                        "add: database = …", at(one.origin, "role"));
        }
        role_known(one.role, who(one), at(one.origin, "role"));
        if (!declared(one.database, who(one), at(one.origin, "database"))) return;
        if (!one.role.empty() || !config().database(one.database)->owner.empty()) return;
        warn(fmt::format("{} gets the maintenance user's login", who(one)), fmt::format("database \"{}\" names no owner", one.database),
             at(one.origin, "database"));
    }

    void check_command(const Service& one) {
        for (const std::string& argument : one.command) {
            needs_login(one, argument, "command");
            if (!asks_for_a_secret(argument) && !holds_a_secret(config(), argument)) continue;
            conflict(fmt::format("cannot use the command of {}", who(one)),
                     "one of its arguments holds a password, and arguments can be read by every user of the machine",
                     "give it by the environment: with database = … DSN and DATABASE_* are set", at(one.origin, "command"));
        }
    }

    void check_variables(const Service& one) {
        for (const auto& [name, value] : one.environment) {
            needs_login(one, value, "environment");
            if (!name.empty() && name.find('=') == std::string::npos) continue;
            fail(Code::config_type, fmt::format("cannot use \"{}\" in environment of {}", name, who(one)), "no variable can have that name", "",
                 at(one.origin, "environment"));
        }
    }

    void needs_login(const Service& one, const std::string& text, std::string_view key) {
        const std::vector<std::string> names = placeholders_in(text);
        if (names.empty() || !one.database.empty()) return;
        fail(Code::config_missing, fmt::format("cannot replace \"${{{}}}\" in {} of {}", names.front(), key, who(one)),
             "there is no database to log in to", "add: database = …", at(one.origin, key));
    }

    void check_ready(const Service& one) {
        const auto trouble = trouble_with_readiness(one.ready);
        if (!trouble) return;
        fail(Code::config_type, fmt::format("cannot use \"{}\" as \"ready\" in {}", without_password(one.ready), who(one)), *trouble, "",
             at(one.origin, "ready"));
    }

    /// Another machine than the one it is checked on may know the user.
    void check_identity(const Service& one) {
        if (one.user.empty() && !one.group.empty()) {
            fail(Code::config_missing, fmt::format("cannot use group in {}", who(one)), "there is no user", "add: user = …",
                 at(one.origin, "group"));
        }
        if (one.user.empty()) return;
        const auto identity = identity_of(one.user, one.group);
        if (!identity) warn(fmt::format("{} has a user or group that is not known here", who(one)), identity.error().line(), at(one.origin, "user"));
    }

    /// The services that `from` leads to, the way in their order, if it comes back to where it began.
    bool comes_back(const Service& from, const std::string& goal, std::vector<std::string>& way) const {
        for (const Need& need : needs_of(config(), from)) {
            if (need.kind != Need::Kind::service || std::ranges::find(way, need.name) != way.end()) continue;
            if (need.name == goal) return true;
            way.push_back(need.name);
            if (comes_back(*config().service(need.name), goal, way)) return true;
            way.pop_back();
        }
        return false;
    }

    /// Of a circle the first service is named.
    void circles() {
        std::set<std::string> told;
        for (const Service& one : config().services) {
            std::vector<std::string> way;
            if (told.contains(one.name) || !comes_back(one, one.name, way)) continue;
            told.insert(way.begin(), way.end());
            way.push_back(one.name);
            std::string because = fmt::format("it needs \"{}\"", way.front());
            for (std::size_t i = 1; i < way.size(); ++i) because += fmt::format(", which needs \"{}\"", way[i]);
            conflict(fmt::format("cannot start {} before itself", who(one)), because, "remove one of these needs", at(one.origin, "needs"));
        }
    }
};

}  // namespace

void check_services(Loaded& loaded) {
    ServiceChecker{loaded}.all();
}

}  // namespace ainit::config
