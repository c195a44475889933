// SPDX-License-Identifier: Apache-2.0
// What went wrong, as a value. A Failure says in this order: what could not be done, why (with the
// SQLSTATE where there is one), what state things are in now, and what to do. Its Code fixes the
// number shown (E301), the exit code and the entry of docs/errors.md: one table, in failure.cpp,
// feeds all three.
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>

#include "base/exit_code.h"

namespace ainit {

/// Where something is written: a configuration file, a migration, an environment variable (line 0).
struct Origin {
    std::string file{};
    int line{0};    ///< from 1; 0 where there are no lines
    int column{0};  ///< from 1, in bytes; 0 where unknown

    bool empty() const { return file.empty(); }

    /// `file:line:column`, with the parts that are known.
    std::string text() const;
    auto operator<=>(const Origin&) const = default;
};

/// Each value has its entry in the table of failure.cpp. Numbers are never reused: 1xx
/// configuration and command line, 2xx reaching the server, 3xx provisioning, 4xx migration, 5xx
/// verification, 6xx processes and health, 9xx ours.
enum class Code : int {
    usage = 101,
    config_file = 110,      ///< cannot be read
    config_syntax = 111,    ///< not TOML
    config_key = 112,       ///< unknown key
    config_type = 113,      ///< a value of the wrong type or form
    config_missing = 114,   ///< a key that is needed
    config_conflict = 115,  ///< contradictions between values
    config_secret = 116,    ///< a secret's file or variable

    not_ready = 201,          ///< not ready before the deadline
    authentication = 202,     ///< 28P01, 28000
    tls = 203,                ///< TLS, certificates
    privilege = 204,          ///< 42501
    no_database = 205,        ///< 3D000 on the maintenance database
    too_old = 206,            ///< below minimum_version
    standby = 207,            ///< in recovery
    pooler = 208,             ///< a transaction pooler
    connection_lost = 209,    ///< in the middle of work
    lock_timeout = 210,       ///< another run holds the cluster lock past the deadline
    connection_option = 211,  ///< libpq refuses a connection setting
    not_postgres = 212,       ///< what answers speaks another protocol

    provision_step = 301,  ///< a step failed
    drift = 302,           ///< only a person may change it
    observe = 303,         ///< the catalog cannot be read

    migration_failed = 401,       ///< a statement or a tool failed
    migration_timeout = 402,      ///< its own deadline
    migration_interrupted = 403,  ///< cancelled by a signal
    migration_refused = 404,      ///< refused as unsafe
    migration_set = 405,          ///< empty, ahead, changed, older, duplicate
    migration_syntax = 406,       ///< libpg_query cannot read the file
    migration_status = 407,       ///< the tool cannot be asked
    migration_ledger = 408,       ///< the ledger cannot be read or written

    check_failed = 501,  ///< verification
    check_error = 502,   ///< the check itself could not be run

    wait_timeout = 601,       ///< `wait --for`
    cannot_execute = 602,     ///< 126
    command_not_found = 603,  ///< 127
    health_listen = 604,      ///< endpoint cannot be opened
    unhealthy = 605,          ///< `healthcheck`
    service_failed = 606,     ///< it ended, or did not become ready, too often
    dependent_untold = 607,   ///< a program that is not ours could not be told

    interrupted = 901,  ///< ended by a signal, nothing half done
    internal = 902,     ///< a bug or an unexpected answer
};

/// One row of the table of errors.
struct CodeEntry {
    Code code;
    ExitCode exit;
    std::string_view title;   ///< heading in docs/errors.md
    std::string_view means;   ///< what it means and what state things are in
    std::string_view causes;  ///< usual causes
    std::string_view remedy;  ///< what to do
    bool retried;             ///< whether the program itself tries again before giving up
};

std::span<const CodeEntry> code_table();
const CodeEntry& entry(Code code);

/// docs/errors.md, made of the table.
std::string error_catalogue();

struct Failure {
    Code code{Code::internal};
    std::string what{};      ///< "cannot create database "kratos""; no full stop
    std::string because{};   ///< "permission denied to create database"; no full stop
    std::string sqlstate{};  ///< five characters, or empty
    std::string state{};     ///< what state things are in now: "Nothing was changed."
    std::string hint{};      ///< what to do, imperative
    Origin where{};          ///< the line to look at
    std::string excerpt{};   ///< lines shown as they are: a statement with a caret, the end of a
                             ///< tool's output
    bool transient{false};   ///< trying again may help
    int signal{0};  ///< the signal that asked us to stop, if one did: exit code 128 + signal

    /// The exit code: 128 + signal if a signal ended it, else the table's.
    int exit_code() const;
    /// `E301`.
    std::string id() const;
    /// What to do: the hint, or what the table says.
    std::string_view advice() const { return hint.empty() ? entry(code).remedy : std::string_view{hint}; }
    /// One line for logs: "cannot …: because (SQLSTATE)".
    std::string line() const;
    /// The whole report, several lines, as printed at the end of a run and to /dev/termination-log.
    std::string block() const;
};

}  // namespace ainit
