// SPDX-License-Identifier: Apache-2.0
// The model of the configuration: plain structs, defaults visible here. load.h fills it from TOML,
// environment variables and secret files; check.h holds the rules between fields. Knows nothing of
// PostgreSQL's client library.
#pragma once

#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/failure.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/stop.h"

namespace ainit::config {

using Settings = std::map<std::string, std::string>;

/// [postgres]: the maintenance connection. Values as libpq takes them; empty means libpq's default.
struct Postgres {
    Origin origin{};
    std::vector<std::string> hosts{"localhost"};  ///< names, addresses, or folders of Unix sockets
    std::vector<std::string> ports{"5432"};       ///< one, or one a host
    std::string user{"postgres"};
    Secret password{};
    std::string database{"postgres"};  ///< the maintenance database: the cluster lock lives here
    std::string sslmode{"prefer"};
    std::string sslrootcert{};
    std::string sslcert{};
    std::string sslkey{};
    Secret sslpassword{};
    std::string sslcrl{};
    std::string ssl_min_protocol_version{};
    std::string channel_binding{};
    std::string require_auth{};
    std::string gssencmode{"disable"};
    std::string krbsrvname{};
    std::string target_session_attrs{"any"};
    std::string load_balance_hosts{};
    std::string passfile{};
    std::string options{};  ///< -c name=value …, sent with each login
    Settings parameters{};  ///< further libpq settings by their own names
    std::string application_name{"alkemio-init"};
    Duration connect_timeout{5'000};  ///< one attempt to log in
    Duration ready_timeout{120'000};  ///< until the server must serve
    Duration refusal_grace{5'000};    ///< how long a permanent refusal (28P01, 3D000 …) is retried
    Duration lock_wait{300'000};      ///< how long another run may hold the cluster lock
    Duration lock_timeout{10'000};    ///< lock_timeout of DDL and migrations
    Duration statement_timeout{0};    ///< of provisioning statements; 0: none
    int minimum_version{14};          ///< major version
    std::string expected_version{
        "17.5"};  ///< another one is named in the log, not refused; empty: any
};

struct Role {
    Origin origin{};
    std::string name{};
    Secret password{};
    bool login{true};
    bool superuser{false};
    bool createdb{false};
    bool createrole{false};
    bool inherit{true};
    bool replication{false};
    bool bypassrls{false};
    int connection_limit{-1};
    std::string valid_until{};
    std::vector<std::string> member_of{};
    Settings settings{};
    std::string comment{};
    /// The database whose migrations create this role; it is adjusted after them. Empty: at once.
    std::string after_migrations_of{};
    /// Attributes that were written out; the others are left as they are in an existing role.
    std::vector<std::string> given{};
};

struct Extension {
    Origin origin{};
    std::string name{};
    std::string schema{};
    std::string version{};
};

struct Schema {
    Origin origin{};
    std::string name{};
    std::string owner{};  ///< empty: the database's owner
};

/// GRANT privileges ON kind objects TO role.
struct Grant {
    Origin origin{};
    std::vector<std::string> privileges{};  ///< "SELECT", …, "ALL"
    /// "database", "schema", "table", "sequence", "function", "all tables", "all sequences", "all
    /// functions"
    std::string on{"database"};
    std::string schema{};  ///< of tables, sequences, functions; the schema itself for "schema"
    std::vector<std::string> objects{};  ///< names; empty for database, schema and all …
    std::vector<std::string> roles{};
    bool with_grant_option{false};
};

/// ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA schema GRANT privileges ON kind TO roles.
struct DefaultPrivilege {
    Origin origin{};
    std::string owner{};       ///< whose future objects; empty: the database's owner
    std::string schema{};      ///< empty: all schemas
    std::string on{"tables"};  ///< "tables", "sequences", "functions", "types", "schemas"
    std::vector<std::string> privileges{};
    std::vector<std::string> roles{};
};

struct Database {
    Origin origin{};
    std::string name{};
    std::string owner{};  ///< empty: the maintenance user
    std::string encoding{"UTF8"};
    std::string locale{};  ///< lc_collate and lc_ctype together
    std::string lc_collate{};
    std::string lc_ctype{};
    std::string locale_provider{};  ///< "libc", "icu" (15), "builtin" (17)
    std::string icu_locale{};
    std::string icu_rules{};
    std::string builtin_locale{};
    std::string database_template{"template0"};
    std::string tablespace{};
    std::string strategy{};  ///< "wal_log", "file_copy" (15)
    int connection_limit{-1};
    std::string comment{};
    std::string profile{};  ///< "alkemio", "kratos", "hydra", "synapse": adds that service's
                            ///< extensions and checks
    std::vector<Extension> extensions{};
    std::vector<Schema> schemas{};
    std::vector<Grant> grants{};
    std::vector<DefaultPrivilege> default_privileges{};
    Settings settings{};
    /// Connections its service keeps at most: summed up against max_connections. 0: unknown.
    int pool_size{0};
    std::vector<std::string> given{};  ///< keys that were written out
};

struct Migration {
    Origin origin{};
    std::string name{};  ///< default: the database's; needed where a database has several
    std::string database{};
    std::string engine{};  ///< "sql", "typeorm", "command"
    std::string role{};    ///< who migrates; empty: the database's owner
    Duration timeout{600'000};
    std::optional<Duration> lock_timeout{};  ///< default: that of [postgres]
    int retries{3};                          ///< of 55P03, 40P01, 40001

    // engines sql and typeorm
    std::vector<std::string> files{};  ///< globs, relative to the configuration file
    std::string table{"schema_migrations"};  ///< typeorm: empty for TypeORM's own
    std::string schema{};              ///< of the ledger; empty: current_schema()
    std::string transaction{"each"};   ///< "each", "all", "none"; typeorm: empty for TypeORM's own
    std::string on_changed{"refuse"};  ///< an applied file that changed: "refuse", "warn", "ignore"
    std::string on_older{"refuse"};    ///< a newcomer older than the last applied
    std::string on_ahead{"refuse"};    ///< ledger rows that no file has

    // engine typeorm
    std::string data_source{};      ///< the project's own file, as given to TypeORM's -d
    std::string typeorm_version{};  ///< "0.3", "1"; empty: the project's

    // engine command
    std::vector<std::string> command{};
    Settings environment{};  ///< ${dsn}, ${host}, ${port}, ${user}, ${password}, ${database} are
                             ///< replaced
    std::string directory{};  ///< of command: where it works; of typeorm: the project's folder
    std::vector<std::string> status_command{};
    std::string status_format{};  ///< "ory" (migrate sql status --format json), "exit" (exit code)
    std::string status_query{};   ///< SQL: one row, one column: number of pending migrations, or
                                  ///< true when pending
    std::string
        ledger_query{};  ///< SQL: one column, the names that are applied; asked before and after
    Duration grace{10'000};  ///< between TERM and KILL
};

/// Names the engine, and gives what is left to TypeORM where that is the engine its own defaults.
void set_engine(Migration& migration, std::string engine);

struct Check {
    Origin origin{};
    std::string name{};  ///< default: made of what it checks
    std::string database{};
    std::string role{};  ///< who checks; empty: the database's owner
    std::string profile{};
    std::vector<std::string> tables{};  ///< exist and can be read
    std::vector<std::string> rows{};    ///< tables with at least one row
    std::vector<std::string> extensions{};
    std::string locale{};  ///< literally, of datcollate and datctype
    std::string query{};
    std::optional<std::string> expect{};  ///< of the query: first column of its only row, as text
    bool create_in_public{false};
    Duration timeout{10'000};
};

/// [health]: where `run` answers probes, and where `healthcheck` asks.
struct Health {
    Origin origin{};
    std::string listen{
        "unix:@alkemio-init"};  ///< "127.0.0.1:8080", ":8080", "unix:/run/x.sock", "unix:@name"
};

/// [[service]]: a program that `run` starts and keeps.
struct Service {
    Origin origin{};
    std::string name{};
    std::vector<std::string> command{};
    std::vector<std::string> needs{};  ///< as written: see needs.h
    std::string database{};            ///< whose login it is given; empty: none
    std::string role{};                ///< of that login; empty: the database's owner
    Settings environment{};            ///< as that of a [[migration]]
    std::vector<std::string> keep_env{};
    std::string user{};
    std::string group{};
    std::string working_directory{};
    std::string ready{"started"};  ///< see base/target.h
    Duration ready_timeout{60'000};
    std::string restart{"on-failure"};  ///< "always", "on-failure", "never"
    int restart_limit{5};               ///< in a row; 0: none
    Duration backoff{1'000};
    int stop_signal{SIGTERM};
    std::optional<Duration> stop_timeout{};  ///< empty: two thirds of [run] stop_timeout
    std::map<int, int> rewrite{};            ///< of forwarded signals; to 0: kept back
    std::string output{"pass"};              ///< "pass", "prefix", "json"
    bool main{false};
    bool critical{true};
    bool restart_on_change{true};  ///< after SIGHUP
};

/// [[dependent]]: a program that others start, and that is told by one of these ways.
struct Dependent {
    Origin origin{};
    std::string name{};
    std::vector<std::string> needs{};  ///< as written: see needs.h
    std::vector<std::string> on{"ready", "changed"};
    int signal{0};
    std::string pid_file{};
    std::string process{};
    std::vector<std::string> command{};
    std::string url{};
    std::string method{"POST"};  ///< "GET", "POST", "PUT"
    std::string channel{};
    std::string database{};  ///< where the channel is
    Duration timeout{10'000};
};

/// [run]: after provisioning.
struct Run {
    Origin origin{};
    Duration recheck{
        60'000};  ///< how often the server is looked at while nothing happens; 0: never
    std::string on_failed_start{"stop"};     ///< "stop", "stay"
    std::optional<Duration> stop_timeout{};  ///< for all services together; empty: the platform's
    Duration stop_delay{0};                  ///< not ready any more, and not stopping yet
    bool zero_when_stopped{false};
};

/// One effective value for `config show`: secrets are given as "<redacted>".
struct Setting {
    std::string key{};     ///< "postgres.host", "role.kratos.password"
    std::string value{};   ///< as TOML would write it
    std::string source{};  ///< "config/alkemio.toml:12:1", "environment DATABASE_HOST", "default"
};

/// A user name and its password.
struct Account {
    std::string user{};
    Secret password{};
    /// In whose stead the maintenance user logs in, since no password of that role is known here; empty: in its own.
    std::string stands_for{};
};

struct Config {
    std::string file{};  ///< empty when made from the environment alone
    Postgres postgres{};
    std::vector<Role> roles{};
    std::vector<Database> databases{};
    std::vector<Migration> migrations{};
    std::vector<Check> checks{};
    std::vector<Service> services{};
    std::vector<Dependent> dependents{};
    Health health{};
    Run run{};
    log::Settings log{};
    std::vector<Setting> settings{};  ///< in the order of the file, then defaults
    std::vector<Failure> warnings{};  ///< worth a line, but no error

    const Role* role(std::string_view name) const;
    const Database* database(std::string_view name) const;
    const Service* service(std::string_view name) const;
    /// The role that owns a database: its owner, else the maintenance user.
    const std::string& owner_of(std::string_view database) const;
    /// Who works in `database`: `role` if given, else the database's owner, with the configured
    /// password; the maintenance user in its stead when that role has no password here.
    Account account_for(std::string_view database, std::string_view role = {}) const;
};

}  // namespace ainit::config
