// SPDX-License-Identifier: Apache-2.0
// What the command line says. The only file that sees CLI11 is options.cpp.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/stop.h"
#include "config/load.h"
#include "daemon/supervision.h"

namespace ainit::cli {

enum class Command {
    run,
    once,
    exec,
    wait,
    plan,
    status,
    verify,
    migrate_show,
    migrate_run,
    migrate_revert,
    migrate_repair,
    migrate_create,
    config_check,
    config_show,
    config_generate,
    healthcheck,
};

struct Options {
    Command command{};
    std::string config_file{};
    config::ProjectOptions project{};  ///< in the place of a configuration file
    std::optional<log::Format> log_format{};
    std::optional<log::Level> log_level{};
    std::optional<log::Color> color{};
    std::string output{"text"};  ///< "text", "json", for plan also "sql"
    std::vector<std::string> databases{};
    std::optional<Duration> timeout{};
    bool timeline{false};  ///< run, once, exec, migrate run, revert, repair: show what happened when
    std::string trace{};   ///< the same commands: the file for it; empty: none

    std::vector<std::string> arguments{};  ///< exec: the command
    std::vector<std::string> keep_env{};   ///< exec: withheld variables that the command needs
    std::string as_database{};             ///< exec: whose DATABASE_* the command gets
    std::vector<std::string> env{};        ///< exec: NAME=TEXT with ${dsn} and its like
    bool wait_only{false};                 ///< exec: let another container provision
    bool no_provision{false};              ///< exec: nobody provisions
    bool supervise{false};                 ///< exec: stay as the command's parent
    daemon::Supervision supervision{};     ///< exec --supervise
    bool process_only{false};              ///< exec --supervise: not to its process group

    std::string from{};  ///< config generate: the cluster's URL; empty: the environment's

    std::vector<std::string> targets{};  ///< wait
    bool check{false};                   ///< migrate show: exit 3 when something is pending
    std::string migration{};             ///< migrate revert, repair: the name of a [[migration]] or its database
    std::string to{};                    ///< migrate run, revert: the migration to be the last one applied
    std::optional<int> count{};          ///< migrate revert: how many
    bool fake{false};                    ///< migrate run, revert: the ledger alone
    std::string name{};                  ///< migrate create; migrate repair: the class
    bool applied{false};                 ///< migrate repair: it is done
    bool from_start{false};              ///< migrate repair: nothing of it is done
    std::optional<int> continue_at{};    ///< migrate repair: what comes before this statement is done
    std::string directory{};             ///< migrate create: where; empty: beside the others
    bool without_secrets{false};         ///< config check, config show: secret files need not be there
    std::string address{};               ///< healthcheck: where to ask
    std::string path{"/readyz"};         ///< healthcheck: what to ask
    std::string service{};               ///< healthcheck: of this service alone
};

/// Options, or the exit code when there is nothing left to do (--help, --version, wrong usage: already said).
std::variant<Options, int> parse(int argc, char** argv);

}  // namespace ainit::cli
