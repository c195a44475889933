// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <limits>
#include <map>

#include "base/failure.h"
#include "base/signal_name.h"
#include "base/text.h"

namespace ainit::cli {
namespace {

const std::map<std::string, log::Level> kLevels{{"debug", log::Level::debug},
                                                {"info", log::Level::info},
                                                {"warn", log::Level::warn},
                                                {"error", log::Level::error},
                                                {"off", log::Level::off}};
const std::map<std::string, log::Color> kColors{{"auto", log::Color::automatic},
                                                {"always", log::Color::always},
                                                {"never", log::Color::never}};

constexpr const char* kAbout =
    "Takes an empty PostgreSQL to a running platform: waits until it really serves, creates databases and\n"
    "roles, applies pending migrations exactly once, verifies, and hands over to the dependent services.";

constexpr const char* kExamples =
    "Examples:\n"
    "  alkemio-init plan --config alkemio.toml      what would change, and why; exit 3 if anything would\n"
    "  alkemio-init once --config alkemio.toml      provision and exit: an init container, a job, CI\n"
    "  alkemio-init exec -- node dist/main.js       provision, then become the service\n"
    "  alkemio-init wait --for database=kratos      wait alone, in the place of a loop around pg_isready\n"
    "\n"
    "Without --config: ALKEMIO_INIT_CONFIG, else /etc/alkemio-init/alkemio.toml, else the variables\n"
    "DATABASE_*, POSTGRES_* and PG* that the container has already, with TypeORM migrations by --files or\n"
    "--data-source. Exit codes: docs/manual.md.";

std::string check_duration(std::string& text) {
    if (parse_duration(text)) return {};
    return fmt::format("\"{}\" is no duration (write 500ms, 30s, 2m, 1h)", text);
}

std::string check_count(std::string& text) {
    const auto count = parse_integer(text);
    return count && *count >= 1 && *count <= std::numeric_limits<int>::max() ? std::string{} : fmt::format("\"{}\" is no number from 1 on", text);
}

std::string check_signal(const std::string& text) {
    if (signal_of(text)) return {};
    return fmt::format("there is no signal \"{}\" (write TERM, SIGTERM, 15 or RTMIN+3)", text);
}

std::string check_rewrite(const std::string& text) {
    const std::size_t sign = text.find('=');
    if (sign == std::string::npos) return fmt::format("\"{}\" is not of the form USR1=HUP", text);
    const std::string to = text.substr(sign + 1);
    if (std::string trouble = check_signal(text.substr(0, sign)); !trouble.empty()) return trouble;
    return to == "0" ? std::string{} : check_signal(to);
}

std::string check_variable(const std::string& text) {
    const std::size_t sign = text.find('=');
    return sign != std::string::npos && sign > 0 ? "" : fmt::format("\"{}\" is not of the form DSN=${{dsn}}", text);
}

/// Texts that become typed values after parsing.
struct Raw {
    std::string log_format{};
    std::string log_level{};
    std::string color{};
    std::string timeout{};
    std::string stop_signal{};
    std::string stop_timeout{};
    std::vector<std::string> rewrite{};
};

class Parser {
  public:
    Parser() : app_{kAbout, "alkemio-init"} {
        app_.footer(kExamples);
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.set_version_flag("--version", "alkemio-init " ALKEMIO_INIT_VERSION);
        app_.set_help_flag("-h,--help", "Print this help and exit");
        app_.add_option("-c,--config", options_.config_file, "Configuration file (TOML)")->type_name("FILE");
        app_.add_option("--log-format", raw_.log_format, "auto is text; json: one object a line")
            ->check(CLI::IsMember({"auto", "text", "json"}));
        app_.add_option("--log-level", raw_.log_level, "Least important lines to write")
            ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
        app_.add_option("--color", raw_.color, "auto: on a terminal, unless NO_COLOR is set")
            ->check(CLI::IsMember({"auto", "always", "never"}));
        add_provisioning();
        add_looking();
        add_migrate();
        add_config();
    }

    std::variant<Options, int> parse(int argc, char** argv) {
        const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
        const auto ours = end_of_ours(words);
        try {
            // CLI11 takes them from the last to the first.
            app_.parse(std::vector<std::string>(std::make_reverse_iterator(ours), words.rend()));
            take_command(ours, words.end());
        } catch (const CLI::ParseError& error) {
            return explain(error);
        }
        if (raw_.log_format == "json") options_.log_format = log::Format::json;
        if (raw_.log_format == "text" || raw_.log_format == "auto") options_.log_format = log::Format::text;
        if (!raw_.log_level.empty()) options_.log_level = kLevels.at(raw_.log_level);
        if (!raw_.color.empty()) options_.color = kColors.at(raw_.color);
        if (!raw_.timeout.empty()) options_.timeout = parse_duration(raw_.timeout);
        take_supervision();
        return options_;
    }

  private:
    using Words = std::vector<std::string>::const_iterator;

    /// CLI11 lets an option that takes several values have what is behind "--", too: with exec it sees nothing of that.
    Words end_of_ours(const std::vector<std::string>& words) const {
        const auto end = std::ranges::find(words, "--");
        for (auto word = words.begin(); word != end; ++word) {
            if (!word->starts_with('-')) return *word == "exec" ? end : words.end();
            const CLI::Option* option = app_.get_option_no_throw(*word);
            const bool takes_the_next = option != nullptr && option->get_items_expected_min() > 0;
            if (takes_the_next && word + 1 != end) ++word;
        }
        return words.end();
    }

    /// What is behind the first "--" is the command's, as it stands; where the command began before, that word is, too.
    void take_command(Words from, Words end) {
        if (from != end && options_.arguments.empty()) ++from;
        options_.arguments.insert(options_.arguments.end(), from, end);
        if (options_.command == Command::exec && options_.arguments.empty()) throw CLI::RequiredError{"command"};
    }

    int explain(const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            app_.exit(error);
            std::fflush(stdout);
            return 0;
        }
        std::string path{"alkemio-init"};
        for (const CLI::App* app = &app_; !app->get_subcommands().empty();) {
            app = app->get_subcommands().front();
            path += " " + app->get_name();
        }
        Failure failure;
        failure.code = Code::usage;
        failure.what = "cannot understand the command line";
        failure.because = std::string{trim(error.what())};
        failure.state = "Nothing was done.";
        failure.hint = fmt::format("see: {} --help", path);
        name_unknown_word(failure);
        std::fputs(failure.block().c_str(), stderr);
        return failure.exit_code();
    }

    /// Where a subcommand is missing and there is a word that is none, the word is what is wrong.
    void name_unknown_word(Failure& failure) {
        CLI::App* app = &app_;
        while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
        if (app->get_require_subcommand_min() == 0) return;
        const std::vector<std::string> words = app_.remaining(true);
        const auto word =
            std::ranges::find_if(words, [](const auto& one) { return !one.starts_with('-'); });
        if (word == words.end()) return;
        std::vector<std::string> known;
        for (const CLI::App* one : app->get_subcommands({})) known.push_back(one->get_name());
        const std::string near = closest(*word, known);
        failure.because = fmt::format("there is no subcommand \"{}\"", *word);
        if (!near.empty()) failure.hint = fmt::format("did you mean \"{}\"?", near);
    }

    CLI::App* add(CLI::App& parent, const char* name, const char* about, Command command) {
        CLI::App* app = parent.add_subcommand(name, about);
        app->callback([this, command] { options_.command = command; });
        return app;
    }

    void with_output(CLI::App* app, std::vector<std::string> forms) {
        app->add_option("-o,--output", options_.output, "How the result is printed on stdout")
            ->check(CLI::IsMember(std::move(forms)))
            ->capture_default_str();
    }

    void with_databases(CLI::App* app) {
        app->add_option("-d,--database", options_.databases, "Only this database; may be given several times")
            ->type_name("NAME");
    }

    /// A project's TypeORM migrations, where there is no configuration file.
    void with_project(CLI::App* app) {
        CLI::Option* source = app->add_option("--data-source", options_.project.data_source,
                                              "Without a configuration file: the project's DataSource, as TypeORM's -d");
        source->type_name("FILE");
        app->add_option("--files", options_.project.files, "Without a configuration file: its TypeORM migrations")
            ->type_name("GLOB")
            ->excludes(source);
        app->add_option("--table", options_.project.table, "With --files or --data-source: TypeORM's ledger")
            ->type_name("NAME");
        app->add_option("--transaction", options_.project.transaction, "With them: one for all that is pending, one for each, or none, as TypeORM's -t")
            ->type_name("MODE")
            ->check(CLI::IsMember({"all", "each", "none"}));
    }

    void with_timeout(CLI::App* app, const char* about) {
        app->add_option("-t,--timeout", raw_.timeout, about)
            ->type_name("DURATION")
            ->check(CLI::Validator{check_duration, "", "duration"});
    }

    void with_timeline(CLI::App* app, const char* shown) {
        app->add_flag("--timeline", options_.timeline, shown);
        app->add_option("--trace", options_.trace, "Write the same to FILE, as a trace for ui.perfetto.dev or chrome://tracing")
            ->type_name("FILE");
    }

    void with_supervision(CLI::App* app) {
        app->add_flag("--no-provision", options_.no_provision, "Ask no server at all: only start the command");
        CLI::Option* supervise = app->add_flag(
            "--supervise", options_.supervise,
            "Stay as the command's parent, as PID 1 of a container: pass signals on, reap orphans, end what is left behind");
        const auto with_it = [&](CLI::Option* option, const char* type) {
            option->type_name(type)->needs(supervise)->expected(1);
            return option;
        };
        const CLI::Validator duration{check_duration, "", "duration"};
        with_it(app->add_option("--stop-signal", raw_.stop_signal, "What TERM becomes for the command; default: TERM"), "SIGNAL")
            ->check(CLI::Validator{check_signal, "", "signal"});
        with_it(app->add_option("--stop-timeout", raw_.stop_timeout,
                                "From TERM to KILL, for the command and all that it left behind; default: 9s, in a Pod 28s"),
                "DURATION")
            ->check(duration);
        with_it(app->add_option("--rewrite", raw_.rewrite, "Pass one signal on as another: USR1=HUP; USR1=0 keeps it back; may be given several times"),
                "FROM=TO")
            ->check(CLI::Validator{check_rewrite, "", "rewrite"})
            ->take_all();
        app->add_flag("--process-only", options_.process_only, "Signals go to the command alone, not to its process group")->needs(supervise);
        app->add_flag("--zero-when-stopped", options_.supervision.zero_when_asked, "Exit 0 after TERM, whatever the command's exit code")
            ->needs(supervise);
    }

    void take_supervision() {
        if (!raw_.stop_signal.empty()) options_.supervision.stop_signal = *signal_of(raw_.stop_signal);
        options_.supervision.stop_timeout = raw_.stop_timeout.empty() ? daemon::platform_grace() : *parse_duration(raw_.stop_timeout);
        options_.supervision.to_group = !options_.process_only;
        for (const std::string& one : raw_.rewrite) {
            const std::size_t sign = one.find('=');
            const std::string to = one.substr(sign + 1);
            const int number = to == "0" ? 0 : *signal_of(to);
            const int from = *signal_of(std::string_view{one}.substr(0, sign));
            if (from != SIGTERM) options_.supervision.rewrite[from] = number;
            else if (raw_.stop_signal.empty()) options_.supervision.stop_signal = number;
        }
    }

    void add_provisioning() {
        CLI::App* run = add(app_, "run", "Provision, then stay: keep services, answer health probes, look again, end on SIGTERM",
                            Command::run);
        with_timeline(run, "Show what happened when, after the first provisioning");
        with_project(run);
        run->footer("Example: alkemio-init run --config /etc/alkemio-init/alkemio.toml");

        CLI::App* once = add(app_, "once", "Provision and exit", Command::once);
        with_output(once, {"text", "json"});
        with_timeline(once, "Show what happened when: a table with bars at the end");
        with_timeout(once, "For the whole run; without it the configuration's own timeouts count");
        with_project(once);
        once->footer("Examples:\n"
                     "  alkemio-init once --config alkemio.toml --output json\n"
                     "  alkemio-init once --files 'dist/migrations/*.js' --table migrations_typeorm   (and DATABASE_*)");

        CLI::App* exec = add(app_, "exec", "Provision, then become the command", Command::exec);
        exec->add_option("command", options_.arguments, "The command and its arguments, after --");
        exec->usage("Usage: alkemio-init exec [OPTIONS] -- COMMAND [ARGUMENT...]");
        exec->add_flag("--wait-only", options_.wait_only, "Do not provision: wait until another container has");
        exec->add_option("--as-database", options_.as_database,
                         "Set DATABASE_HOST, _PORT, _NAME, _USERNAME, _PASSWORD for this database's owner")
            ->type_name("NAME");
        exec->add_option("--env", options_.env, "A variable for the command, with ${dsn}, ${host}, ${port}, ${user}, ${password} and ${database} of that login, ${file:PATH} and ${env:NAME}")
            ->type_name("NAME=TEXT")
            ->check(check_variable, "")
            ->needs("--as-database");
        exec->add_option("--keep-env", options_.keep_env, "A variable with a secret that the command needs")
            ->type_name("VARIABLE");
        with_timeline(exec, "Show what happened when, on stderr before the command starts");
        with_timeout(exec, "For everything before the command");
        with_project(exec);
        with_supervision(exec);
        exec->footer("Examples:\n"
                     "  alkemio-init exec --as-database alkemio -- node dist/main.js\n"
                     "  alkemio-init exec --as-database kratos --env 'DSN=${dsn}' -- kratos serve\n"
                     "  alkemio-init exec --data-source dist/config/migration.config.js -- node dist/main.js\n"
                     "  alkemio-init exec --supervise --no-provision -- kratos serve   (a plain init)\n"
                     "Variables that held this program's secrets are taken out of the command's environment. Without\n"
                     "a configuration file DATABASE_PASSWORD stays: it is the service's own.");

        CLI::App* wait = add(app_, "wait", "Wait for Postgres, databases, migrations, TCP, HTTP, files", Command::wait);
        wait->add_option("-f,--for,targets", options_.targets,
                         "postgres (the default), database=NAME, migrations=NAME, tcp://HOST:PORT, http(s)://…, file:PATH")
            ->type_name("TARGET");
        with_timeout(wait, "Until all must be there; default: ready_timeout (120s)");
        wait->footer("Examples:\n"
                     "  alkemio-init wait\n"
                     "  alkemio-init wait --for migrations=alkemio --timeout 5m\n"
                     "  alkemio-init wait --for tcp://redis:6379 --for http://kratos:4434/health/ready\n"
                     "Without a target WAIT_HOSTS, WAIT_PATHS, WAIT_COMMAND and the other variables of docker-compose-wait count.");
    }

    void add_looking() {
        CLI::App* plan = add(app_, "plan", "What would change, and why; exit 3 if anything would", Command::plan);
        with_output(plan, {"text", "sql", "json"});
        with_project(plan);
        plan->footer("Example: alkemio-init plan --output sql > plan.sql   (secrets are never printed)");

        CLI::App* status = add(app_, "status", "Desired against actual, per database; exit 3 if something is pending",
                               Command::status);
        with_output(status, {"text", "json"});
        with_databases(status);
        with_project(status);
        status->footer("Example: alkemio-init status --output json");

        CLI::App* verify = add(app_, "verify", "Whether databases are there as wanted and migrated, and the checks", Command::verify);
        with_output(verify, {"text", "json"});
        with_databases(verify);
        verify->footer("Example: alkemio-init verify --database kratos");

        CLI::App* health = add(app_, "healthcheck", "Ask a running alkemio-init how it is, as HEALTHCHECK and exec probes do",
                               Command::healthcheck);
        health->add_option("path", options_.path, "/livez, /readyz, /startupz or /status")
            ->check(CLI::IsMember({"/livez", "/readyz", "/startupz", "/status"}))
            ->capture_default_str();
        health->add_option("--service", options_.service, "A service of `run` alone, of which /livez, /readyz or /startupz is asked")
            ->type_name("NAME");
        health->add_option("--address", options_.address, "Where it listens; default: [health] listen")
            ->type_name("ADDRESS");
        with_timeout(health, "For the answer; default 3s");
        health->footer("Examples:\n  HEALTHCHECK CMD [\"alkemio-init\", \"healthcheck\"]\n  alkemio-init healthcheck --service kratos");
    }

    void add_migrate() {
        CLI::App* migrate = app_.add_subcommand("migrate", "Migrations alone");
        migrate->require_subcommand(1);
        CLI::App* show = add(*migrate, "show", "What is applied and what is pending", Command::migrate_show);
        show->add_flag("--check", options_.check, "Exit 3 when something is pending");
        with_output(show, {"text", "json"});
        with_databases(show);
        with_project(show);
        show->footer("Examples:\n"
                     "  alkemio-init migrate show --check --database alkemio\n"
                     "  alkemio-init migrate show --data-source src/config/migration.config.ts");
        CLI::App* run = add(*migrate, "run", "Apply what is pending, under the cluster lock", Command::migrate_run);
        with_output(run, {"text", "json"});
        with_databases(run);
        with_timeline(run, "Show what happened when: a table with bars at the end");
        with_timeout(run, "For the whole run");
        run->add_option("--to", options_.to, "No further than this migration (engine typeorm)")->type_name("NAME");
        run->add_flag("--fake", options_.fake, "Run nothing: only record as applied (engine typeorm)");
        with_project(run);
        run->footer("Examples:\n"
                    "  alkemio-init migrate run --database alkemio\n"
                    "  alkemio-init migrate run --data-source dist/config/migration.config.js\n"
                    "  alkemio-init migrate run --database alkemio --to AddSpace1731500015640 --fake");
        add_revert(*migrate);
        add_repair(*migrate);
        add_create(*migrate);
    }

    void add_revert(CLI::App& migrate) {
        CLI::App* revert = add(migrate, "revert", "Take the last migration back, under the cluster lock (engine typeorm)",
                               Command::migrate_revert);
        revert->add_option("migration", options_.migration,
                           "Of which [[migration]], or of which database; needed where there are several")
            ->type_name("NAME");
        CLI::Option* count = revert->add_option("--count", options_.count, "How many of the last ones; default: 1");
        count->type_name("N")->check(CLI::Validator{check_count, "", "count"});
        revert->add_option("--to", options_.to, "All that were applied after this migration, which stays")
            ->type_name("NAME")
            ->excludes(count);
        revert->add_flag("--fake", options_.fake, "Run nothing: only take the rows out of the ledger");
        with_output(revert, {"text", "json"});
        with_timeline(revert, "Show what happened when: a table with bars at the end");
        with_timeout(revert, "For the whole of it");
        with_project(revert);
        revert->footer("Examples:\n"
                       "  alkemio-init migrate revert\n"
                       "  alkemio-init migrate revert alkemio --count 2\n"
                       "  alkemio-init migrate revert alkemio --to AddSpace1731500015640");
    }

    void add_repair(CLI::App& migrate) {
        CLI::App* repair = add(migrate, "repair", "Say how to go on with a migration that is half done (engine typeorm)",
                               Command::migrate_repair);
        CLI::Option* name = repair->add_option("name", options_.name, "The migration's class; without an option it is only shown");
        name->type_name("NAME");
        CLI::Option* applied = repair->add_flag("--applied", options_.applied, "All of it is done: record it as applied");
        CLI::Option* start = repair->add_flag("--from-start", options_.from_start,
                                              "Nothing of it is there any more: the next run begins with its first statement");
        CLI::Option* at = repair->add_option("--continue-at", options_.continue_at,
                                             "What comes before this statement is done: the next run begins with it");
        at->type_name("N")->check(CLI::Validator{check_count, "", "count"})->excludes(applied)->excludes(start)->needs(name);
        applied->excludes(start)->needs(name);
        start->needs(name);
        repair->add_option("--migration", options_.migration,
                           "Of which [[migration]], or of which database; needed where several have it")
            ->type_name("NAME");
        with_output(repair, {"text", "json"});
        with_timeline(repair, "Show what happened when: a table with bars at the end");
        with_timeout(repair, "For the whole of it");
        with_project(repair);
        repair->footer("Examples:\n"
                       "  alkemio-init migrate repair\n"
                       "  alkemio-init migrate repair AddSpace1731500015640 --continue-at 4\n"
                       "  alkemio-init migrate repair AddSpace1731500015640 --applied --migration alkemio");
    }

    void add_create(CLI::App& migrate) {
        CLI::App* create = add(migrate, "create", "Write an empty migration that looks like its neighbours (engine typeorm)",
                               Command::migrate_create);
        create->add_option("name", options_.name, "What it does, as in its file's name: AddSpace, add-space")
            ->type_name("NAME")
            ->required();
        create->add_option("--dir", options_.directory, "Its folder; default: that of the newest migration")
            ->type_name("FOLDER");
        with_output(create, {"text", "json"});
        with_databases(create);
        with_project(create);
        create->footer("Examples:\n"
                       "  alkemio-init migrate create AddSpace --data-source src/config/migration.config.ts\n"
                       "  alkemio-init migrate create add-space --dir src/migrations   (needs no configuration)");
    }

    void add_config() {
        CLI::App* config = app_.add_subcommand("config", "The configuration: check, show, or generate it from a running cluster");
        config->require_subcommand(1);
        CLI::App* check = add(*config, "check", "Report every error with file, line and column", Command::config_check);
        check->add_flag("--without-secrets", options_.without_secrets, "Secret files need not be there");
        check->footer("Example: alkemio-init config check --config alkemio.toml");
        CLI::App* show = add(*config, "show", "Print the effective configuration and where each value came from",
                             Command::config_show);
        show->add_flag("--without-secrets", options_.without_secrets, "Secret files need not be there");
        with_output(show, {"text", "json"});
        show->footer("Example: alkemio-init config show --config alkemio.toml");
        CLI::App* generate = add(*config, "generate", "Write the configuration that a running cluster has", Command::config_generate);
        generate->add_option("--from", options_.from, "The server, postgres://user@host:port/; default: what PG*, DATABASE_* and POSTGRES_* say")
            ->type_name("URL");
        with_timeout(generate, "Until it must be written; the server is waited for as always");
        generate->footer("Example: PGPASSWORD=… alkemio-init config generate --from postgres://postgres@db/ > alkemio.toml");
    }

    CLI::App app_;
    Options options_{};
    Raw raw_{};
};

}  // namespace

std::variant<Options, int> parse(int argc, char** argv) {
    Parser parser;
    return parser.parse(argc, argv);
}

}  // namespace ainit::cli
