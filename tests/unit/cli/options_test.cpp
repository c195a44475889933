// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <doctest/doctest.h>

using namespace ainit;
using cli::Command;
using cli::Options;

namespace {

std::variant<Options, int> parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "alkemio-init");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    return cli::parse(static_cast<int>(pointers.size()), pointers.data());
}

Options good(std::vector<std::string> arguments) {
    const auto parsed = parse(std::move(arguments));
    const Options* options = std::get_if<Options>(&parsed);
    REQUIRE(options != nullptr);
    return *options;
}

int code(std::vector<std::string> arguments) {
    const auto parsed = parse(std::move(arguments));
    const int* found = std::get_if<int>(&parsed);
    return found == nullptr ? -1 : *found;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("options: each subcommand is known by its name") {
    const std::pair<std::vector<std::string>, Command> rows[] = {
        {{"run"}, Command::run},
        {{"once"}, Command::once},
        {{"exec", "--", "x"}, Command::exec},
        {{"wait"}, Command::wait},
        {{"plan"}, Command::plan},
        {{"status"}, Command::status},
        {{"verify"}, Command::verify},
        {{"migrate", "show"}, Command::migrate_show},
        {{"migrate", "run"}, Command::migrate_run},
        {{"migrate", "revert"}, Command::migrate_revert},
        {{"migrate", "repair"}, Command::migrate_repair},
        {{"migrate", "create", "X"}, Command::migrate_create},
        {{"config", "check"}, Command::config_check},
        {{"config", "show"}, Command::config_show},
        {{"healthcheck"}, Command::healthcheck},
    };
    for (const auto& [arguments, command] : rows) {
        CAPTURE(arguments.front());
        CHECK(good(arguments).command == command);
    }
}

TEST_CASE("options: a project's migrations stand in for a configuration file") {
    const Options files = good({"once", "--files", "a/*.js", "b/*.js", "--table", "ledger"});
    CHECK(files.project.files == std::vector<std::string>{"a/*.js", "b/*.js"});
    CHECK(files.project.table == "ledger");
    const Options source = good({"exec", "--data-source", "d.js", "--", "node", "main.js"});
    CHECK(source.project.data_source == "d.js");
    CHECK(good({"migrate", "revert", "--count", "2"}).count == 2);
    for (const char* count : {"0", "-1", "x", "2x", "99999999999"}) CHECK(code({"migrate", "revert", "--count", count}) == 2);
    CHECK(good({"migrate", "run", "--files", "*.js", "--transaction", "each"}).project.transaction == "each");
    CHECK(code({"migrate", "run", "--files", "*.js", "--transaction", "every"}) == 2);
    CHECK(source.arguments == std::vector<std::string>{"node", "main.js"});
    CHECK(code({"migrate", "run", "--data-source", "d.js", "--files", "*.js"}) == 2);
}

TEST_CASE("options: what provisions or migrates can tell what happened when") {
    using Words = std::vector<std::string>;
    for (const Words& command : {Words{"run"}, Words{"once"}, Words{"exec"}, Words{"migrate", "run"},
                                 Words{"migrate", "revert"}, Words{"migrate", "repair"}}) {
        Words words = command;
        words.insert(words.end(), {"--timeline", "--trace", "t.json"});
        if (command.front() == "exec") words.insert(words.end(), {"--", "true"});
        const Options options = good(words);
        CHECK(options.timeline);
        CHECK(options.trace == "t.json");
    }
    CHECK_FALSE(good({"once"}).timeline);
    CHECK(code({"plan", "--timeline"}) == 2);
    CHECK(code({"once", "--trace"}) == 2);
}

TEST_CASE("options: without any the configuration decides") {
    const Options options = good({"once"});
    CHECK(options.config_file.empty());
    CHECK_FALSE(options.log_format);
    CHECK_FALSE(options.log_level);
    CHECK_FALSE(options.color);
    CHECK_FALSE(options.timeout);
    CHECK(options.output == "text");
    CHECK(options.databases.empty());
}

TEST_CASE("options: global ones stand before or behind the subcommand") {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--config",
                                   "a.toml",
                                   "--log-format",
                                   "json",
                                   "--log-level",
                                   "debug",
                                   "--color",
                                   "never",
                                   "plan"},
          std::vector<std::string>{
              "plan", "-c", "a.toml", "--log-format=json", "--log-level=debug", "--color=never"},
          std::vector<std::string>{"plan",
                                   "--config=a.toml",
                                   "--log-format",
                                   "json",
                                   "--log-level",
                                   "debug",
                                   "--color",
                                   "never"}}) {
        const Options options = good(arguments);
        CHECK(options.config_file == "a.toml");
        CHECK(options.log_format == log::Format::json);
        CHECK(options.log_level == log::Level::debug);
        CHECK(options.color == log::Color::never);
    }
    CHECK(good({"--log-format", "auto", "plan"}).log_format == log::Format::text);
}

TEST_CASE("options: exec takes all behind -- as the command, options of its own included") {
    const Options options = good({"exec",
                                  "--wait-only",
                                  "--as-database",
                                  "alkemio",
                                  "--keep-env",
                                  "A",
                                  "--keep-env",
                                  "B",
                                  "-t",
                                  "1m30s",
                                  "--",
                                  "node",
                                  "--config",
                                  "x",
                                  "--",
                                  "-h"});
    CHECK(options.arguments == std::vector<std::string>{"node", "--config", "x", "--", "-h"});
    CHECK(options.wait_only);
    CHECK(options.as_database == "alkemio");
    CHECK(options.keep_env == std::vector<std::string>{"A", "B"});
    CHECK(options.timeout == Duration{90'000});
    CHECK(options.config_file.empty());
}

TEST_CASE("options: exec lets none of its own options have what is behind --") {
    using Words = std::vector<std::string>;
    const auto command = [](Words words, Words behind) {
        words.emplace_back("--");
        words.insert(words.end(), behind.begin(), behind.end());
        const Options options = good(words);
        CHECK(options.arguments == behind);
        return options;
    };
    CHECK(command({"exec", "--keep-env", "A", "B"}, {"echo", "-t", "5s"}).keep_env == Words{"A", "B"});
    CHECK_FALSE(command({"exec", "--keep-env", "A"}, {"echo", "-t", "5s"}).timeout);
    CHECK(command({"exec", "--files", "*.js"}, {"sh", "-c", "echo $0", "--", "x"}).project.files == Words{"*.js"});
    command({"exec", "--keep-env", "A"}, {"echo", "--help"});
    command({"exec", "--files", "*.js"}, {"echo", "--version"});
    const Options options = command({"--log-level", "warn", "-c", "a.toml", "--color=never", "exec"}, {"plan"});
    CHECK(options.config_file == "a.toml");
    // Others may have words of their own behind it.
    CHECK(good({"wait", "--", "file:/exec"}).targets == Words{"file:/exec"});
    CHECK(good({"-c", "exec", "wait", "--", "file:/exec"}).targets == Words{"file:/exec"});
    // A command that has begun keeps its own.
    CHECK(good({"exec", "echo", "--", "-t"}).arguments == Words{"echo", "--", "-t"});
}

TEST_CASE("options: wait takes its targets with --for and without") {
    CHECK(good({"wait", "--for", "database=kratos", "-f", "tcp://redis:6379"}).targets ==
          std::vector<std::string>{"database=kratos", "tcp://redis:6379"});
    CHECK(good({"wait", "postgres", "file:/x"}).targets ==
          std::vector<std::string>{"postgres", "file:/x"});
    CHECK(good({"wait"}).targets.empty());
}

TEST_CASE("options: what single commands know") {
    CHECK(good({"plan", "--output", "sql"}).output == "sql");
    CHECK(good({"status", "-o", "json", "-d", "a", "--database", "b"}).databases ==
          std::vector<std::string>{"a", "b"});
    CHECK(good({"migrate", "show", "--check"}).check);
    CHECK(good({"config", "check", "--without-secrets"}).without_secrets);
    CHECK(good({"healthcheck"}).path == "/readyz");
    const Options health =
        good({"healthcheck", "/livez", "--address", ":8080", "--timeout", "500ms"});
    CHECK(health.path == "/livez");
    CHECK(health.address == ":8080");
    CHECK(health.timeout == Duration{500});
}

TEST_CASE("options: help and version end with 0, wrong usage with 2") {
    CHECK(code({"--help"}) == 0);
    CHECK(code({"--version"}) == 0);
    CHECK(code({"exec", "--help"}) == 0);
    CHECK(code({"migrate", "show", "-h"}) == 0);
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{},
          std::vector<std::string>{"provision"},
          std::vector<std::string>{"once", "--colour"},
          std::vector<std::string>{"once", "--output", "sql"},
          std::vector<std::string>{"once", "--timeout", "soon"},
          std::vector<std::string>{"exec"},
          std::vector<std::string>{"exec", "--"},
          std::vector<std::string>{"migrate"},
          std::vector<std::string>{"config"},
          std::vector<std::string>{"plan", "--log-level", "loud"},
          std::vector<std::string>{"plan", "--config"},
          std::vector<std::string>{"plan", "once"}}) {
        CAPTURE(wrong.size());
        CHECK(code(wrong) == 2);
    }
}

TEST_SUITE_END();
