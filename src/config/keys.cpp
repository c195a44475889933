// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::config {
namespace {

// clang-format off
constexpr SectionEntry kSections[] = {
    {"postgres", "[postgres]", "The maintenance connection: how the server is reached, and as whom roles and databases are made. It must be direct, not through a transaction pooler."},
    {"role", "[[role]]", "A role that must exist. Attributes that are not written out are left as they are in a role that exists already."},
    {"database", "[[database]]", "A database that must exist. An existing one is adopted; nothing is ever dropped or revoked."},
    {"database.extension", "[[database]] extensions", "An extension: its name as text, or a table with these keys."},
    {"database.schema", "[[database]] schemas", "A schema: its name as text, or a table with these keys."},
    {"database.grant", "[[database.grant]]", "Privileges that roles must have."},
    {"database.default_privilege", "[[database.default_privilege]]", "Privileges that roles get on objects made in the future."},
    {"migration", "[[migration]]", "The migrations of a database and the engine that applies them. They run in the order of the file, under the cluster lock."},
    {"check", "[[check]]", "What must hold in the end, asked as the service's own role over its own login."},
    {"service", "[[service]]", "A program that `run` starts as soon as what it needs is there, keeps, and ends: see [services.md](services.md)."},
    {"dependent", "[[dependent]]", "A program that others start, and that `run` tells when what it needs is there, or has changed: see [services.md](services.md)."},
    {"health", "[health]", "The endpoint of `run` for probes, Prometheus and people: [manual.md](manual.md), HEALTH."},
    {"run", "[run]", "What `run` does after provisioning."},
    {"log", "[log]", "The log on stderr. The options --log-format, --log-level and --color count more."},
};

constexpr KeyEntry kKeys[] = {
    {"postgres", "url", "secret", "", "", "A libpq URL, `postgres://user:password@host:port/database?sslmode=…`, in the place of the keys it contains."},
    {"postgres", "url_file", "path", "", "", "A file with the URL."},
    {"postgres", "host", "text or list", "\"localhost\"", "", "Host names, addresses, or folders of Unix sockets. Of several hosts the first that fits `target_session_attrs` is taken."},
    {"postgres", "port", "integer or list", "5432", "", "One port, or one for each host."},
    {"postgres", "user", "text", "\"postgres\"", "", "The maintenance user: a superuser, or a role with CREATEDB and CREATEROLE."},
    {"postgres", "password", "secret", "", "", "Its password; better as `password_file` or `${env:NAME}`. Not needed where the server trusts, or where `passfile`, a client certificate or Kerberos gives proof."},
    {"postgres", "password_file", "path", "", "", "A file with the password; one newline at its end is not part of it."},
    {"postgres", "database", "text", "\"postgres\"", "", "The maintenance database. The cluster lock lives here, so all runs must name the same."},
    {"postgres", "sslmode", "text", "\"prefer\"", "disable, allow, prefer, require, verify-ca, verify-full", "How TLS is used; only `verify-full` proves who answers."},
    {"postgres", "sslrootcert", "path", "", "", "Certificates of authorities; `system` for the system's own."},
    {"postgres", "sslcert", "path", "", "", "The client's certificate."},
    {"postgres", "sslkey", "path", "", "", "The client's key; not readable by others, or libpq refuses it."},
    {"postgres", "sslpassword", "secret", "", "", "The password of `sslkey`."},
    {"postgres", "sslpassword_file", "path", "", "", "A file with the password of `sslkey`."},
    {"postgres", "sslcrl", "path", "", "", "Revoked certificates."},
    {"postgres", "ssl_min_protocol_version", "text", "", "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", "The oldest TLS version to accept."},
    {"postgres", "channel_binding", "text", "", "disable, prefer, require", "Channel binding of SCRAM."},
    {"postgres", "require_auth", "text", "", "", "Authentication methods to accept, as libpq's `require_auth`."},
    {"postgres", "gssencmode", "text", "\"disable\"", "disable, prefer, require", "Encryption by GSSAPI. libpq's own default is prefer, which looks for a Kerberos keytab at each login."},
    {"postgres", "krbsrvname", "text", "", "", "Kerberos service name."},
    {"postgres", "target_session_attrs", "text", "\"any\"", "any, read-write, read-only, primary, standby, prefer-standby", "Which of several hosts to take; with several hosts the default is `read-write`."},
    {"postgres", "load_balance_hosts", "text", "", "disable, random", "The order in which hosts are tried."},
    {"postgres", "passfile", "path", "", "", "libpq's password file."},
    {"postgres", "options", "text", "", "", "Options for the server, as `-c name=value`."},
    {"postgres", "parameters", "table of text", "{}", "gssdelegation, gsslib, hostaddr, keepalives, keepalives_count, keepalives_idle, keepalives_interval, requirepeer, ssl_max_protocol_version, sslcertmode, sslcompression, sslcrldir, sslnegotiation, sslsni, tcp_user_timeout", "Further settings of libpq, by their own names: `{ keepalives_idle = 30 }`."},
    {"postgres", "application_name", "text", "\"alkemio-init\"", "", "Shown in pg_stat_activity."},
    {"postgres", "connect_timeout", "duration", "\"5s\"", "", "For one attempt to log in."},
    {"postgres", "ready_timeout", "duration", "\"120s\"", "", "Until the server must serve."},
    {"postgres", "refusal_grace", "duration", "\"5s\"", "", "How long a refusal (wrong password, no such role, no such database, TLS) is tried again: images make roles and databases after the server opened its port."},
    {"postgres", "lock_wait", "duration", "\"5m\"", "", "How long another run may hold the cluster lock."},
    {"postgres", "lock_timeout", "duration", "\"10s\"", "", "PostgreSQL's lock_timeout for provisioning and migrations."},
    {"postgres", "statement_timeout", "duration", "0", "", "PostgreSQL's statement_timeout for provisioning; 0: none."},
    {"postgres", "minimum_version", "integer", "14", "", "The oldest major version to accept; an older one ends with exit code 13."},
    {"postgres", "expected_version", "text", "\"17.5\"", "", "Another version is named in the log, not refused. Empty: any."},

    {"role", "name", "text", "", "", "Needed."},
    {"role", "password", "secret", "", "", "Set only where a login with it fails; sent as a SCRAM verifier made here, so it reaches no server log."},
    {"role", "password_file", "path", "", "", "A file with the password."},
    {"role", "login", "boolean", "true", "", "LOGIN; without the key it is given where a password is."},
    {"role", "superuser", "boolean", "false", "", "SUPERUSER."},
    {"role", "createdb", "boolean", "false", "", "CREATEDB."},
    {"role", "createrole", "boolean", "false", "", "CREATEROLE. Alkemio's own role needs it: one of its migrations makes a role."},
    {"role", "inherit", "boolean", "true", "", "INHERIT."},
    {"role", "replication", "boolean", "false", "", "REPLICATION."},
    {"role", "bypassrls", "boolean", "false", "", "BYPASSRLS."},
    {"role", "connection_limit", "integer", "-1", "", "CONNECTION LIMIT; -1: none."},
    {"role", "valid_until", "text", "", "", "VALID UNTIL, of the password."},
    {"role", "member_of", "list of text", "[]", "", "Roles it must be a member of."},
    {"role", "settings", "table of text", "{}", "", "ALTER ROLE … SET."},
    {"role", "comment", "text", "", "", "COMMENT ON ROLE."},
    {"role", "after_migrations_of", "text", "", "", "A database whose migrations make this role; it is adjusted after them."},

    {"database", "name", "text", "", "", "Needed."},
    {"database", "owner", "text", "", "", "Default: the maintenance user. The owner may create in schema public, which no grant gives since PostgreSQL 15."},
    {"database", "profile", "text", "", "alkemio, kratos, hydra, synapse", "The service that uses it: adds the extensions and checks that this service needs."},
    {"database", "encoding", "text", "\"UTF8\"", "", "Fixed when the database is made; a difference later is drift (exit code 21)."},
    {"database", "locale", "text", "", "", "lc_collate and lc_ctype together. Synapse needs \"C\", literally."},
    {"database", "lc_collate", "text", "", "", "Instead of `locale`."},
    {"database", "lc_ctype", "text", "", "", "Instead of `locale`."},
    {"database", "locale_provider", "text", "", "libc, icu, builtin", "icu from PostgreSQL 15, builtin from 17."},
    {"database", "icu_locale", "text", "", "", "For provider icu."},
    {"database", "icu_rules", "text", "", "", "For provider icu, from PostgreSQL 16."},
    {"database", "builtin_locale", "text", "", "", "For provider builtin: C, C.UTF-8, PG_UNICODE_FAST."},
    {"database", "template", "text", "\"template0\"", "", "Only template0 accepts another locale, and nobody can be connected to it."},
    {"database", "tablespace", "text", "", "", "Where it is made."},
    {"database", "strategy", "text", "", "wal_log, file_copy", "From PostgreSQL 15; the server's default is wal_log."},
    {"database", "connection_limit", "integer", "-1", "", "CONNECTION LIMIT; -1: none."},
    {"database", "comment", "text", "", "", "COMMENT ON DATABASE."},
    {"database", "extensions", "list", "[]", "", "Names, or tables with name, schema and version."},
    {"database", "schemas", "list", "[]", "", "Names, or tables with name and owner."},
    {"database", "settings", "table of text", "{}", "", "ALTER DATABASE … SET."},
    {"database", "pool_size", "integer", "0", "", "Connections that its service keeps at most. Their sum is compared with max_connections and named when it is too much."},
    {"database", "grant", "tables", "", "", "See [[database.grant]]."},
    {"database", "default_privilege", "tables", "", "", "See [[database.default_privilege]]."},

    {"database.extension", "name", "text", "", "", "Needed."},
    {"database.extension", "schema", "text", "", "", "Where it is installed."},
    {"database.extension", "version", "text", "", "", "Default: the server's; another installed one is updated."},
    {"database.schema", "name", "text", "", "", "Needed."},
    {"database.schema", "owner", "text", "", "", "Default: the database's owner."},

    {"database.grant", "privileges", "list of text", "", "", "SELECT, INSERT, CONNECT, USAGE, ALL …; needed."},
    {"database.grant", "on", "text", "\"database\"", "database, schema, table, sequence, function, all tables, all sequences, all functions", "The kind of object."},
    {"database.grant", "schema", "text", "", "", "Of the objects; for `schema` the schema itself."},
    {"database.grant", "objects", "list of text", "[]", "", "Names of tables, sequences or functions; a function also with the types of its arguments: `f(text, integer)`."},
    {"database.grant", "roles", "list of text", "", "", "Who gets them; needed."},
    {"database.grant", "with_grant_option", "boolean", "false", "", "WITH GRANT OPTION."},
    {"database.default_privilege", "owner", "text", "", "", "Whose future objects; default: the database's owner."},
    {"database.default_privilege", "schema", "text", "", "", "Default: all schemas."},
    {"database.default_privilege", "on", "text", "\"tables\"", "tables, sequences, functions, types, schemas", "The kind of object."},
    {"database.default_privilege", "privileges", "list of text", "", "", "Needed."},
    {"database.default_privilege", "roles", "list of text", "", "", "Who gets them; needed."},

    {"migration", "name", "text", "", "", "Default: the database's name. Needed where a database has several."},
    {"migration", "database", "text", "", "", "Needed."},
    {"migration", "engine", "text", "", "sql, typeorm, command", "Needed. `sql`: a folder of .sql files. `typeorm`: a project's own TypeORM migrations. `command`: an external migrator."},
    {"migration", "role", "text", "", "", "Who migrates; default: the database's owner. Where no [[role]] gives its password, the maintenance user logs in and takes on its rights (SET ROLE); a tool logs in as the role itself, without a password."},
    {"migration", "timeout", "duration", "\"10m\"", "", "For the whole of it."},
    {"migration", "lock_timeout", "duration", "", "", "Default: that of [postgres]."},
    {"migration", "retries", "integer", "3", "", "How often 55P03, 40P01 and 40001 are tried again."},
    {"migration", "files", "text or list", "", "", "paths or globs (`*`, `?`, `**`; with typeorm also `{js,ts}`), relative to the configuration file.", "sql,typeorm"},
    {"migration", "table", "text", "\"schema_migrations\"", "", "the ledger. Default with typeorm: `migrations`, or what the data source says.", "sql,typeorm", "none"},
    {"migration", "schema", "text", "", "", "the ledger's schema; default: the first of search_path. With typeorm TypeORM's option of this name.", "sql,typeorm"},
    {"migration", "transaction", "text", "\"each\"", "each, all, none", "one transaction for each file, one for all, or none. Default with typeorm: `all`, or what the data source says.", "sql,typeorm", "none"},
    {"migration", "on_changed", "text", "\"refuse\"", "refuse, warn, ignore", "a file that changed after it was applied. Default with typeorm: `warn`.", "sql,typeorm", "\"warn\""},
    {"migration", "on_older", "text", "\"refuse\"", "refuse, warn, ignore", "a pending file older than the last applied.", "sql,typeorm"},
    {"migration", "on_ahead", "text", "\"refuse\"", "refuse, warn, ignore", "a row of the ledger that no file has.", "sql,typeorm"},
    {"migration", "data_source", "path", "", "", "the project's own DataSource file, as given to TypeORM's `-d`, instead of `files`. Its host, user and password do not count.", "typeorm"},
    {"migration", "typeorm_version", "text", "", "0.3, 1", "which TypeORM runs them; default: the major version that the project's node_modules, lock file or package.json names, else 0.3.", "typeorm"},
    {"migration", "command", "list of text", "", "", "the migrator and its arguments; no shell is involved. `${env:NAME}` is replaced; a secret does not belong here, where every process can read it.", "command"},
    {"migration", "environment", "table of text", "{}", "", "variables; ${dsn}, ${host}, ${port}, ${user}, ${password} and ${database} are replaced. DSN and DATABASE_* are set unless they are given here. What ${env:…} or ${file:…} brings in is taken for a secret.", "command"},
    {"migration", "directory", "path", "", "", "with command its working directory; with typeorm the project's folder, by default the nearest above the files that has a package.json.", "command,typeorm"},
    {"migration", "status_command", "list of text", "", "", "asks the tool whether anything is pending.", "command"},
    {"migration", "status_format", "text", "", "ory, exit", "how the answer is read. `ory`: the JSON of `migrate sql status --format json`; `exit`: exit code 0 means nothing is pending.", "command"},
    {"migration", "status_query", "SQL", "", "", "asks the database instead: one number (pending) or boolean (true: pending).", "command"},
    {"migration", "ledger_query", "SQL", "", "", "the names that are applied, one a row; asked before and after, so that the log can tell what was applied.", "command"},
    {"migration", "grace", "duration", "\"10s\"", "", "between SIGTERM and SIGKILL.", "command"},

    {"check", "name", "text", "", "", "Default: made of what it checks."},
    {"check", "database", "text", "", "", "Needed."},
    {"check", "role", "text", "", "", "Who asks; default: the database's owner. The login is chosen as for migrations."},
    {"check", "profile", "text", "", "alkemio, kratos, hydra, synapse", "Adds the checks of that service."},
    {"check", "tables", "list of text", "[]", "", "Tables that exist and can be read."},
    {"check", "rows", "list of text", "[]", "", "Tables with at least one row."},
    {"check", "extensions", "list of text", "[]", "", "Extensions that are installed."},
    {"check", "locale", "text", "", "", "Literally, of datcollate and datctype."},
    {"check", "query", "SQL", "", "", "One row, whose first column is compared with `expect`."},
    {"check", "expect", "text", "", "", "As text; without it the query must return a row that is neither false nor NULL."},
    {"check", "create_in_public", "boolean", "false", "", "Whether the role may create in schema public."},
    {"check", "timeout", "duration", "\"10s\"", "", "For the check."},

    {"service", "name", "text", "", "", "Needed. Letters, digits, `_`, `.` and `-`."},
    {"service", "command", "list of text", "", "", "The program and its arguments; needed. No shell is involved. As in a migration's command `${host}` and its like are replaced, and a secret does not belong here."},
    {"service", "needs", "text or list", "[]", "", "What must be there before it is started: names of databases, migrations, checks, roles and other services, where a name has two meanings as `database=NAME`, `migrations=NAME`, `check=NAME`, `role=NAME` or `service=NAME`. A database is there when it is made, migrated and checked; another service when it is ready, or done."},
    {"service", "database", "text", "", "", "A database that it logs in to, and so needs: it is given DSN, DATABASE_URL and DATABASE_*, and `${dsn}` and its like mean this login. Without it no login is given."},
    {"service", "role", "text", "", "", "Who logs in to `database`; default: its owner."},
    {"service", "environment", "table of text", "{}", "", "Further variables, as in a migration's `environment`. Beside them it has those of alkemio-init but for what holds a secret of the configuration."},
    {"service", "keep_env", "text or list", "[]", "", "Variables of alkemio-init that are withheld for the secret that they hold, and that it gets all the same."},
    {"service", "user", "text", "", "", "Whom it runs as, by name or number; default: as alkemio-init does, which must be root for another."},
    {"service", "group", "text", "", "", "Its group, by name or number; default: the user's own, with the others that the user is in."},
    {"service", "working_directory", "path", "", "", "Where it works; default: where alkemio-init does."},
    {"service", "ready", "text", "\"started\"", "", "How it tells that it is ready: `started` (at once), `alive:5s` (has not ended for so long), `notify` (sd_notify), `fd:3` (a newline on that descriptor), `log:TEXT` (a line with this text), `tcp://HOST:PORT`, `http://HOST:PORT/PATH` (2xx or 3xx), `https://…`, `file:PATH`."},
    {"service", "ready_timeout", "duration", "\"60s\"", "", "It has so long until it is ready, or is stopped as having failed; 0: for ever."},
    {"service", "restart", "text", "\"on-failure\"", "always, on-failure, never", "Whether it is started again when it has ended by itself."},
    {"service", "restart_limit", "integer", "5", "", "Restarts in a row before it has failed for good; one that was ready for a minute counts from the beginning. 0: no limit."},
    {"service", "backoff", "duration", "\"1s\"", "", "Before the first restart; doubled with each in a row, up to a minute."},
    {"service", "stop_signal", "text", "\"TERM\"", "", "The signal that asks it to end."},
    {"service", "stop_timeout", "duration", "", "", "Between that signal and KILL; default: two thirds of the time that all have, so that those it needs have the rest."},
    {"service", "rewrite", "table of text", "{}", "", "Signals that are passed on to it as others: `{ USR1 = \"HUP\", USR2 = \"0\" }`; 0: not at all. Signals go to the main service, or to the only one."},
    {"service", "output", "text", "\"pass\"", "pass, prefix, json", "What becomes of what it writes: passed on as it is, each line behind its name, or each line as an object of JSON."},
    {"service", "main", "boolean", "false", "", "Its end is the end of all, and its exit code that of `run`. At most one."},
    {"service", "critical", "boolean", "true", "", "Whether all ends when it has failed for good, with exit code 50. One that is not critical does not count for /readyz either."},
    {"service", "restart_on_change", "boolean", "true", "", "Whether it is restarted when SIGHUP has changed its command, its environment or the login in them, as a new password does. Otherwise it is named in the log."},

    {"dependent", "name", "text", "", "", "Needed."},
    {"dependent", "needs", "text or list", "", "", "Names of databases, migrations, checks and roles, as in [[service]]. Default: every database."},
    {"dependent", "on", "text or list", "[\"ready\", \"changed\"]", "", "When it is told. `ready`: all that it needs is there, once after each start of `run`. `changed`: a later look has changed something of it: made again what was missing, applied a migration, set a new password."},
    {"dependent", "signal", "text", "", "", "A signal, such as HUP, to the process that `pid_file` or `process` names. Look first what it does there: HUP ends Kratos and Hydra."},
    {"dependent", "pid_file", "path", "", "", "The file that its number stands in."},
    {"dependent", "process", "text", "", "", "What its program is called. Alone: the signal goes to all of that name that are not each other's children. With `pid_file`: the file is out of date where its process is called otherwise."},
    {"dependent", "command", "list of text", "", "", "A command that tells it; no shell is involved. In ALKEMIO_INIT_REASON stands `ready` or `changed`."},
    {"dependent", "url", "text", "", "", "`http://` or `https://`: asked by HTTP, where an answer of 2xx means that it has heard."},
    {"dependent", "method", "text", "\"POST\"", "GET, POST, PUT", "With `url`."},
    {"dependent", "channel", "text", "", "", "NOTIFY on this channel of `database`, with `ready` or `changed` as the payload."},
    {"dependent", "database", "text", "", "", "With `channel`: where it listens."},
    {"dependent", "timeout", "duration", "\"10s\"", "", "It has so long to hear."},

    {"health", "listen", "text", "\"unix:@alkemio-init\"", "", "`127.0.0.1:8080`, `:8080`, `unix:/run/alkemio-init.sock`, or `unix:@name` for an abstract socket, which needs no folder."},
    {"run", "recheck", "duration", "\"60s\"", "", "How often the cluster is looked at while nothing happens, and what is missing is made again; 0: never."},
    {"run", "on_failed_start", "text", "\"stop\"", "stop, stay", "What a first provisioning that fails does. `stop`: services that run already are stopped, and it ends with the failure's exit code. `stay`: they go on, and it tries again."},
    {"run", "stop_timeout", "duration", "", "", "From SIGTERM to the end of all services, whoever has not ended being killed. Default: 9s, in a Pod 28s: less than the platform's own."},
    {"run", "stop_delay", "duration", "0", "", "Part of it: for so long after SIGTERM /readyz says no while the services go on, so that load balancers hear of it first."},
    {"run", "zero_when_stopped", "boolean", "false", "", "Exit code 0 after SIGTERM, whatever the main service's is."},
    {"log", "format", "text", "\"text\"", "text, json", "One line for people, or one JSON object a line."},
    {"log", "level", "text", "\"info\"", "debug, info, warn, error, off", "The least important lines to write."},
    {"log", "color", "text", "\"auto\"", "auto, always, never", "auto: on a terminal, unless NO_COLOR is set."},
};
// clang-format on

const std::vector<VariableEntry>& variable_table() {
    static const std::vector<VariableEntry> table{
        {"url", {"DATABASE_URL"}, true},
        {"host", {"DATABASE_HOST", "POSTGRES_HOST", "PGHOST"}, false},
        {"port", {"DATABASE_PORT", "POSTGRES_PORT", "PGPORT"}, false},
        {"user", {"DATABASE_USERNAME", "POSTGRES_USER", "PGUSER"}, false},
        {"password", {"DATABASE_PASSWORD", "POSTGRES_PASSWORD", "PGPASSWORD"}, true},
        {"database", {"PGDATABASE"}, false},
        {"sslmode", {"PGSSLMODE"}, false},
        {"sslrootcert", {"PGSSLROOTCERT"}, false},
        {"sslcert", {"PGSSLCERT"}, false},
        {"sslkey", {"PGSSLKEY"}, false},
        {"sslcrl", {"PGSSLCRL"}, false},
        {"ssl_min_protocol_version", {"PGSSLMINPROTOCOLVERSION"}, false},
        {"channel_binding", {"PGCHANNELBINDING"}, false},
        {"require_auth", {"PGREQUIREAUTH"}, false},
        {"gssencmode", {"PGGSSENCMODE"}, false},
        {"krbsrvname", {"PGKRBSRVNAME"}, false},
        {"target_session_attrs", {"PGTARGETSESSIONATTRS"}, false},
        {"load_balance_hosts", {"PGLOADBALANCEHOSTS"}, false},
        {"parameters.gssdelegation", {"PGGSSDELEGATION"}, false},
        {"parameters.gsslib", {"PGGSSLIB"}, false},
        {"parameters.hostaddr", {"PGHOSTADDR"}, false},
        {"parameters.requirepeer", {"PGREQUIREPEER"}, false},
        {"parameters.ssl_max_protocol_version", {"PGSSLMAXPROTOCOLVERSION"}, false},
        {"parameters.sslcertmode", {"PGSSLCERTMODE"}, false},
        {"parameters.sslcompression", {"PGSSLCOMPRESSION"}, false},
        {"parameters.sslcrldir", {"PGSSLCRLDIR"}, false},
        {"parameters.sslnegotiation", {"PGSSLNEGOTIATION"}, false},
        {"parameters.sslsni", {"PGSSLSNI"}, false},
        {"passfile", {"PGPASSFILE"}, false},
        {"options", {"PGOPTIONS"}, false},
        {"application_name", {"PGAPPNAME"}, false},
        {"connect_timeout", {"PGCONNECT_TIMEOUT"}, false},
    };
    return table;
}

}  // namespace

std::span<const SectionEntry> sections() {
    return kSections;
}

std::span<const KeyEntry> keys() {
    return kKeys;
}

std::span<const VariableEntry> variables() {
    return variable_table();
}

const std::vector<std::string>& parameters() {
    static const std::vector<std::string> names =
        allowed_values(*find_key("postgres", "parameters"));
    return names;
}

bool KeyEntry::belongs_to(std::string_view engine_name) const {
    if (engine.empty()) return true;
    return std::ranges::any_of(split(engine, ','), [&](const std::string& one) { return one == engine_name; });
}

std::string_view KeyEntry::default_for(std::string_view engine_name) const {
    if (engine_name != "typeorm" || typeorm_default.empty()) return default_value;
    return typeorm_default == "none" ? std::string_view{} : typeorm_default;
}

const KeyEntry* find_key(std::string_view section, std::string_view key) {
    const auto found = std::ranges::find_if(
        kKeys, [&](const KeyEntry& entry) { return entry.section == section && entry.key == key; });
    return found == std::end(kKeys) ? nullptr : &*found;
}

std::vector<std::string> keys_of(std::string_view section) {
    std::vector<std::string> names;
    for (const KeyEntry& entry : kKeys) {
        if (entry.section == section) names.emplace_back(entry.key);
    }
    return names;
}

std::vector<std::string> allowed_values(const KeyEntry& key) {
    std::vector<std::string> values;
    if (key.allowed.empty()) return values;
    for (const std::string& value : split(key.allowed, ',')) values.emplace_back(trim(value));
    return values;
}

std::optional<std::string> wrong_value(const KeyEntry& key, const std::string& value) {
    const std::vector<std::string> values = allowed_values(key);
    if (values.empty() || std::ranges::find(values, value) != values.end()) return {};
    return fmt::format("\"{}\" is none of {}", value, join(values, ", "));
}

}  // namespace ainit::config
