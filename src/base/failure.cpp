// SPDX-License-Identifier: Apache-2.0
#include "base/failure.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"

namespace ainit {
namespace {

// clang-format off
constexpr std::array kTable{
    CodeEntry{Code::usage, ExitCode::usage, "cannot understand the command line",
              "The arguments are wrong or name something the configuration does not have. Nothing was done.",
              "A misspelt option; a subcommand's option before the subcommand; `exec` without `--` before a command that has options.",
              "Run the same command with --help.", false},
    CodeEntry{Code::config_file, ExitCode::configuration, "cannot read a file",
              "A file the configuration names, or the configuration itself, cannot be read. Nothing was done.",
              "A wrong path; a volume or ConfigMap that is not mounted; rights that do not let this user read it.",
              "Look at the path and at the mounts and user of the container.", false},
    CodeEntry{Code::config_syntax, ExitCode::configuration, "configuration is not TOML",
              "The text cannot be parsed. Nothing was done.",
              "A quote or bracket that is not closed; a key that stands twice; a value without quotes.",
              "Mend the line that is shown; the syntax is at https://toml.io.", false},
    CodeEntry{Code::config_key, ExitCode::configuration, "unknown key",
              "A key or section that alkemio-init does not know. It refuses to guess. Nothing was done.",
              "A misspelt key; a key in the wrong section; a key of another version.",
              "Use the key that is suggested, or look it up in docs/configuration.md.", false},
    CodeEntry{Code::config_type, ExitCode::configuration, "value of the wrong kind",
              "A value has the wrong type or form. Nothing was done.",
              "A number in quotes; a duration without a unit it knows; a name longer than PostgreSQL's 63 bytes.",
              "Write the value as docs/configuration.md shows it.", false},
    CodeEntry{Code::config_missing, ExitCode::configuration, "value is missing",
              "A key that is needed is not there. Nothing was done.",
              "A [[database]] without name; a [[migration]] without what its engine needs.",
              "Add the key.", false},
    CodeEntry{Code::config_conflict, ExitCode::configuration, "values contradict each other",
              "Two parts of the configuration cannot both hold. Nothing was done.",
              "Two databases of one name; Kratos and Hydra in one database, where they would share the table schema_migration; Synapse with another locale than C; a variable together with its _FILE form.",
              "Decide which of the two is meant.", false},
    CodeEntry{Code::config_secret, ExitCode::configuration, "secret cannot be had",
              "A file or variable that should hold a secret is missing, unreadable or empty. Nothing was done.",
              "A secret that is not mounted; a file name that differs; an empty file.",
              "Mount the secret or mend the path; `config check --without-secrets` checks everything else.", false},
    CodeEntry{Code::not_ready, ExitCode::not_ready, "Postgres is not ready",
              "No login succeeded before the deadline. Nothing was changed.",
              "The server is not started, still recovering, out of connection slots, or at another host or port.",
              "Look at the server's log; check host and port; raise ready_timeout if it only takes longer.", true},
    CodeEntry{Code::authentication, ExitCode::refused, "Postgres refused the login",
              "The server answered and refused this user. It was asked again for refusal_grace, since images create their roles after the port is open. Nothing was changed.",
              "A wrong password, a role that does not exist or may not log in, no matching line in pg_hba.conf.",
              "Check user and password (`config show` tells where they come from) and the server's log, which says more than a client is told.", true},
    CodeEntry{Code::tls, ExitCode::refused, "TLS failed",
              "The connection could not be secured as sslmode demands. Nothing was changed.",
              "The server speaks no TLS; its certificate is signed by another authority, is for another name or has expired; a client certificate is missing.",
              "Compare sslmode and sslrootcert with the server's certificate; verify-full wants the host name in it.", true},
    CodeEntry{Code::privilege, ExitCode::refused, "a privilege is missing",
              "The role may not do what is needed. What was done before stays done.",
              "A maintenance user without CREATEDB or CREATEROLE; on 16 and newer a role made by someone else.",
              "Grant what the message names, or use another maintenance user.", false},
    CodeEntry{Code::no_database, ExitCode::refused, "database does not exist",
              "The login was fine, but there is no such database: the maintenance database, or one that migrations need. Nothing was changed.",
              "A wrong [postgres] database or DATABASE_URL; a server whose first start has not finished; `migrate run` before `once` has made the database.",
              "Name a maintenance database that is always there, commonly postgres; have others made by `alkemio-init once`.", true},
    CodeEntry{Code::too_old, ExitCode::unsuitable, "server is too old",
              "The server's major version is below minimum_version. Nothing was changed.",
              "An old server or the wrong port.",
              "Upgrade the server, or lower minimum_version (14 is the oldest that is tested).", false},
    CodeEntry{Code::standby, ExitCode::unsuitable, "server is a standby",
              "It answers, but nothing can be written. Nothing was changed.",
              "The address of a replica; a failover that has not finished.",
              "Use the primary's address, or name all hosts with target_session_attrs = \"read-write\".", true},
    CodeEntry{Code::pooler, ExitCode::unsuitable, "connection goes through a transaction pooler",
              "The connection changes its server between statements, so locks and sessions do not hold. Nothing was changed.",
              "The address of PgBouncer or a like pooler in transaction mode.",
              "Give alkemio-init the server's own address; the services may keep the pooler.", false},
    CodeEntry{Code::connection_lost, ExitCode::not_ready, "connection was lost",
              "The server went away in the middle. An open transaction is rolled back; a COMMIT whose answer was lost may have been made, so everything is looked at anew until ready_timeout.",
              "A restart, a failover, a network that broke, an administrator's pg_terminate_backend.",
              "Run it again: it goes on where it stopped.", true},
    CodeEntry{Code::lock_timeout, ExitCode::not_ready, "another run holds the cluster lock",
              "Only one run at a time may change the cluster. This one changed nothing.",
              "Another replica that still migrates; a run that hangs.",
              "Wait for the other run, whose process id is in the log, or raise lock_wait.", true},
    CodeEntry{Code::connection_option, ExitCode::configuration, "connection setting is not valid",
              "libpq refuses a setting before it connects. Nothing was done.",
              "An sslmode it does not know; as many ports as hosts are needed; a certificate file that cannot be read.",
              "Mend the setting in [postgres].", false},
    CodeEntry{Code::not_postgres, ExitCode::unsuitable, "what answers is not PostgreSQL",
              "Something listens there and speaks another protocol. It was asked again for refusal_grace. Nothing was changed.",
              "Another service's port, such as an HTTP server's.",
              "Check host and port.", false},
    CodeEntry{Code::provision_step, ExitCode::provisioning, "provisioning failed",
              "A step failed. The steps before it stay done, those after it were not begun; a second run goes on.",
              "An extension whose package is not installed on the server; a tablespace or locale that it does not have.",
              "Mend the cause and run it again.", true},
    CodeEntry{Code::drift, ExitCode::drift, "the cluster differs in a way only a person may change",
              "Something that exists differs from the configuration and cannot be changed without risk. Nothing was touched.",
              "A database made earlier with another encoding, locale or provider.",
              "Make the configuration say what there is, or dump and restore the database as wanted.", false},
    CodeEntry{Code::observe, ExitCode::provisioning, "the catalog cannot be read",
              "The cluster could not be looked at. Nothing was changed.",
              "A server that speaks the protocol but is no PostgreSQL; a view that this user may not read; a damaged catalog.",
              "Look at the server's log.", true},
    CodeEntry{Code::migration_failed, ExitCode::migration, "a migration failed",
              "What was rolled back and what stays committed is stated with the failure. What was done in other databases stays.",
              "A mistake in the migration; data it did not expect; a tool that ended with an error.",
              "Mend the migration, or the data, and run it again.", true},
    CodeEntry{Code::migration_timeout, ExitCode::migration, "a migration took too long",
              "Its timeout passed; its statement was cancelled or its tool ended. What stays committed is stated.",
              "A lock held by a running service; more data than expected.",
              "Look for what blocked it; raise the migration's timeout.", false},
    CodeEntry{Code::migration_interrupted, ExitCode::migration, "a migration was interrupted",
              "A signal ended the run; the running statement was cancelled. What was rolled back and what stays committed is stated.",
              "SIGTERM from an orchestrator that stopped the container.",
              "Run it again: it goes on where it stopped.", false},
    CodeEntry{Code::migration_refused, ExitCode::unsafe, "a migration was refused as unsafe",
              "It would do what alkemio-init does not do unasked. Nothing was changed.",
              "A secret in a command's arguments, where every user of the machine can read it; a file that begins or ends a transaction while it runs in one; a file that must run without one where the configuration demands one.",
              "Do as the message says.", false},
    CodeEntry{Code::migration_set, ExitCode::inconsistent, "the set of migrations is inconsistent",
              "Files and ledger do not fit together. Nothing was changed.",
              "An empty folder (a volume that is not mounted); a ledger that is ahead of the code (an older image); a file that changed after it was applied; a newcomer older than the last applied; two files of one version.",
              "Find out which of files and ledger is right; on_changed, on_older and on_ahead make each a warning.", false},
    CodeEntry{Code::migration_syntax, ExitCode::migration, "a migration file cannot be used",
              "The file cannot be read as SQL or holds what only psql understands. Nothing of it was run.",
              "A syntax error; a \\command of psql; COPY … FROM stdin.",
              "Mend the line that is shown.", false},
    CodeEntry{Code::migration_status, ExitCode::migration, "a tool cannot be asked what is pending",
              "The status command failed or its answer was not understood. Nothing was changed by it.",
              "Another version of the tool; wrong credentials; a wrong status_format.",
              "Run the status command by hand, or set a status_query.", false},
    CodeEntry{Code::migration_ledger, ExitCode::migration, "a ledger cannot be read or written",
              "The table that records migrations is not as expected. Nothing was changed.",
              "A table of the same name that belongs to another tool; missing rights.",
              "Name another table, or grant the rights.", false},
    CodeEntry{Code::check_failed, ExitCode::verification, "verification failed",
              "The database is not as its service needs it. Nothing was changed by the check.",
              "A migration that did not do what it should; a missing grant; a wrong locale.",
              "Read what is missing; `status` shows the whole database.", false},
    CodeEntry{Code::check_error, ExitCode::verification, "a check could not be made",
              "The service's own login or the check's query failed.",
              "A service role without its right to connect; a mistake in the query.",
              "Try the login or the query by hand.", false},
    CodeEntry{Code::wait_timeout, ExitCode::not_ready, "waited in vain",
              "What was waited for was not there before the deadline. Nothing was changed.",
              "A service that does not start; a wrong address; a timeout that is too short.",
              "Look at the log of what is waited for; raise --timeout.", true},
    CodeEntry{Code::cannot_execute, ExitCode::not_executable, "a command cannot be executed",
              "The file is there but the system refuses to run it. It was not started.",
              "No x bit; another architecture; a script whose interpreter is missing; a working directory that does not exist.",
              "Mend the file or the command.", false},
    CodeEntry{Code::command_not_found, ExitCode::not_found, "a command was not found",
              "No such file, and none in the PATH that the command is given. Nothing was started.",
              "A misspelt name; an image that does not hold the tool.",
              "Give the full path, or install the tool in the image.", false},
    CodeEntry{Code::health_listen, ExitCode::service, "the health endpoint cannot be opened",
              "The address cannot be bound; the run does not go on without what it was asked for.",
              "Another process listens there; no right to the port or folder.",
              "Choose another [health] listen.", false},
    CodeEntry{Code::unhealthy, ExitCode::internal, "not healthy",
              "The running alkemio-init answered that it is not ready, or did not answer.",
              "It is still provisioning; the last look at the cluster failed; no `run` is running here.",
              "Read its log or its /status.", false},
    CodeEntry{Code::service_failed, ExitCode::service, "a service failed",
              "It ended, or was not ready in time, more often than restart_limit allows. The other services were stopped, unless it is not critical.",
              "A mistake in its configuration; something it needs that is not in its needs; a ready_timeout that is too short.",
              "Read the last lines it wrote, which are shown.", false},
    CodeEntry{Code::dependent_untold, ExitCode::service, "a dependent could not be told",
              "It is named in the log, and the program goes on; the dependent has not heard of what changed.",
              "It does not run; its processes cannot be seen from here; another user's; it answered with an error.",
              "Share its pid namespace and the folder of its pid file, or look at its address and log.", false},
    CodeEntry{Code::interrupted, ExitCode::signalled, "interrupted",
              "A signal ended the run; nothing is half done.",
              "SIGTERM or SIGINT.",
              "Run it again: it goes on where it stopped.", false},
    CodeEntry{Code::internal, ExitCode::internal, "an error inside alkemio-init",
              "Something happened that should not be possible.",
              "A bug, or a machine out of memory or file descriptors.",
              "Report it with the log.", false},
};
// clang-format on

/// Each line two columns in; without blank lines at the end, which a tool's output often has.
std::string indented(std::string_view text) {
    while (!text.empty() &&
           std::string_view{" \t\r\n"}.find(text.back()) != std::string_view::npos) {
        text.remove_suffix(1);
    }
    if (text.empty()) return {};
    std::string out;
    for (const std::string& one : split(text, '\n')) out += one.empty() ? "\n" : "  " + one + "\n";
    return out;
}

}  // namespace

std::string Origin::text() const {
    if (line == 0) return file;
    if (column == 0) return fmt::format("{}:{}", file, line);
    return fmt::format("{}:{}:{}", file, line, column);
}

std::span<const CodeEntry> code_table() {
    return kTable;
}

const CodeEntry& entry(Code code) {
    const auto found = std::ranges::find(kTable, code, &CodeEntry::code);
    return found == kTable.end() ? kTable.back() : *found;
}

int Failure::exit_code() const {
    const auto code_of = static_cast<int>(entry(code).exit);
    return signal != 0 ? static_cast<int>(ExitCode::signalled) + signal : code_of;
}

std::string Failure::id() const {
    return fmt::format("E{}", static_cast<int>(code));
}

std::string Failure::line() const {
    std::string out = what;
    if (!because.empty()) out += ": " + because;
    if (!sqlstate.empty()) out += fmt::format(" (SQLSTATE {})", sqlstate);
    return scrub(out);
}

std::string Failure::block() const {
    std::string out = fmt::format("error[{}]: {}\n", id(), line());
    if (!where.empty()) out += fmt::format("  --> {}\n", where.text());
    out += indented(excerpt);
    if (!state.empty()) out += fmt::format("  state: {}\n", state);
    out += fmt::format("  hint: {}\n", advice());
    return scrub(out);
}

}  // namespace ainit
