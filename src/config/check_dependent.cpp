// SPDX-License-Identifier: Apache-2.0

#include <string_view>
#include <vector>

#include "base/target.h"
#include "base/text.h"
#include "config/arguments.h"
#include "config/checker.h"
#include "config/expand.h"
#include "config/needs.h"

namespace ainit::config {
namespace {

class DependentChecker : Checker {
  public:
    using Checker::Checker;

    void all() {
        unique(config().dependents, "dependent");
        for (const Dependent& one : config().dependents) {
            check_needs(one);
            check_on(one);
            check_way(one);
            check_companions(one);
            check_command(one);
            check_url(one);
        }
    }

  private:
    static std::string who(const Dependent& one) { return fmt::format("dependent \"{}\"", one.name); }

    void check_needs(const Dependent& one) {
        for (const std::string& text : one.needs) {
            std::vector<Need> all = meanings(config(), "", text);
            std::erase_if(all, [](const Need& need) { return need.kind == Need::Kind::service; });
            if (all.size() == 1) continue;
            const std::string near = closest(text, names_to_need(config()));
            conflict(fmt::format("cannot use the need \"{}\" in {}", text, who(one)),
                     all.empty() ? "no database, migration, check or role has that name" : "there are several things of that name",
                     !all.empty()   ? fmt::format("write \"{}\" or \"{}\"", all[0].text(), all[1].text())
                     : near.empty() ? "name what is declared in this file"
                                    : fmt::format("did you mean \"{}\"?", near),
                     at(one.origin, "needs"));
        }
    }

    void check_on(const Dependent& one) {
        for (const std::string& when : one.on) {
            if (when == "ready" || when == "changed") continue;
            fail(Code::config_type, fmt::format("cannot use \"{}\" in \"on\" of {}", when, who(one)), "it is neither \"ready\" nor \"changed\"",
                 "", at(one.origin, "on"));
        }
    }

    void check_way(const Dependent& one) {
        std::vector<std::string_view> ways;
        if (one.signal != 0) ways.push_back("signal");
        if (!one.command.empty()) ways.push_back("command");
        if (!one.url.empty()) ways.push_back("url");
        if (!one.channel.empty()) ways.push_back("channel");
        if (ways.empty()) {
            fail(Code::config_missing, fmt::format("cannot tell {}", who(one)), "nothing says how", "add: signal, command, url or channel",
                 one.origin);
        }
        if (ways.size() < 2) return;
        conflict(fmt::format("cannot use {} in {}", ways[1], who(one)), fmt::format("it is told by {}", ways[0]),
                 "declare another [[dependent]] for the other way", at(one.origin, ways[1]));
    }

    /// Keys that mean something with another one only, and those that it cannot do without.
    void check_companions(const Dependent& one) {
        needs_key(one, "pid_file", !one.pid_file.empty(), "signal", one.signal != 0);
        needs_key(one, "process", !one.process.empty(), "signal", one.signal != 0);
        needs_key(one, "database", !one.database.empty(), "channel", !one.channel.empty());
        needs_key(one, "channel", !one.channel.empty(), "database", !one.database.empty());
        if (one.signal != 0 && one.pid_file.empty() && one.process.empty()) {
            fail(Code::config_missing, fmt::format("cannot send a signal to {}", who(one)), "nothing says which process it is",
                 "add: pid_file or process", at(one.origin, "signal"));
        }
        if (!one.database.empty()) declared(one.database, who(one), at(one.origin, "database"));
        if (!one.channel.empty()) name("channel", one.channel, at(one.origin, "channel"));
    }

    void needs_key(const Dependent& one, std::string_view key, bool given, std::string_view companion, bool given_too) {
        if (!given || given_too) return;
        fail(Code::config_missing, fmt::format("cannot use {} in {}", key, who(one)), fmt::format("there is no {}", companion),
             fmt::format("add: {} = …", companion), at(one.origin, key));
    }

    void check_command(const Dependent& one) {
        for (const std::string& argument : one.command) {
            if (const auto names = placeholders_in(argument); !names.empty()) {
                conflict(fmt::format("cannot replace \"${{{}}}\" in command of {}", names.front(), who(one)), "a dependent is given no login", "",
                         at(one.origin, "command"));
            }
            if (!holds_a_secret(config(), argument)) continue;
            conflict(fmt::format("cannot use the command of {}", who(one)),
                     "one of its arguments holds a password, and arguments can be read by every user of the machine", "", at(one.origin, "command"));
        }
    }

    void check_url(const Dependent& one) {
        if (one.url.empty()) return;
        const auto target = parse_target(one.url);
        const bool http = target && target->scheme.starts_with("http");
        if (http && !target->has_user()) return;
        fail(Code::config_type, fmt::format("cannot use \"{}\" as \"url\" in {}", without_password(one.url), who(one)),
             http ? "a user and password would not be sent" : "it is no http://HOST[:PORT][/PATH] or https://…",
             http ? "take them out, or call it by command" : "", at(one.origin, "url"));
    }
};

}  // namespace

void check_dependents(Loaded& loaded) {
    DependentChecker{loaded}.all();
}

}  // namespace ainit::config
