// SPDX-License-Identifier: Apache-2.0
#include "cli/wait_variables.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "base/child.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/words.h"
#include "cli/report.h"
#include "config/load.h"
#include "daemon/interrupt.h"
#include "daemon/wait.h"
#include "daemon/wait_hosts.h"

namespace ainit::cli {
namespace {

constexpr std::string_view kRoom = "wait";
/// What the program we stand for ends with at its timeout.
constexpr int kTimedOut = 1;
/// More than anybody waits, and little enough to be counted in milliseconds.
constexpr long long kLongest = 1'000'000'000;

struct Wish {
    std::vector<daemon::Awaited> awaited{};
    daemon::WaitRules rules{};
    std::vector<std::string> command{};
    bool needs_config{false};
};

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// Whole seconds; anything else is the default, as there, but is told.
std::optional<Duration> seconds_of(const char* name, std::string_view text) {
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    unsigned long long value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc{} && end == digits.data() + digits.size()) {
        return std::chrono::seconds{std::min<unsigned long long>(value, kLongest)};
    }
    if (!text.empty()) {
        log::warn(kRoom, fmt::format("{} is \"{}\", which is no whole number of seconds: the default counts", name, text));
    }
    return {};
}

/// The newer name counts where both are set, also when it is set to nothing.
Duration seconds_of(const char* name, const char* older, Duration otherwise) {
    if (older != nullptr && std::getenv(older) != nullptr) {
        log::warn(kRoom, fmt::format("{} is deprecated: set {}", older, name));
    }
    const bool by_older = older != nullptr && std::getenv(name) == nullptr;
    const char* used = by_older ? older : name;
    return seconds_of(used, variable(used)).value_or(otherwise);
}

daemon::WaitRules rules_of_variables() {
    daemon::WaitRules rules;
    rules.timeout = seconds_of("WAIT_TIMEOUT", "WAIT_HOSTS_TIMEOUT", rules.timeout);
    rules.before = seconds_of("WAIT_BEFORE", "WAIT_BEFORE_HOSTS", rules.before);
    rules.after = seconds_of("WAIT_AFTER", "WAIT_AFTER_HOSTS", rules.after);
    rules.interval = seconds_of("WAIT_SLEEP_INTERVAL", nullptr, rules.interval);
    const Duration connect = seconds_of("WAIT_HOST_CONNECT_TIMEOUT", nullptr, rules.connect);
    // Within no time nothing is reached.
    if (connect > Duration{0}) rules.connect = connect;
    else log::warn(kRoom, "WAIT_HOST_CONNECT_TIMEOUT is 0, within which nothing can be reached: the default counts");
    return rules;
}

/// The last that names a level of everything or of `wait` counts, as in the logger there: "info", "wait=debug".
std::optional<log::Level> level_of(const std::string& text) {
    static constexpr std::pair<std::string_view, log::Level> kLevels[] = {
        {"off", log::Level::off},   {"error", log::Level::error}, {"warn", log::Level::warn},
        {"info", log::Level::info}, {"debug", log::Level::debug}, {"trace", log::Level::debug}};
    std::optional<log::Level> level;
    for (const std::string& part : split(text, ',')) {
        std::string_view word = trim(part);
        if (word.starts_with("wait=")) word.remove_prefix(5);
        for (const auto& [name, value] : kLevels) {
            if (equals_ignoring_case(word, name)) level = value;
        }
    }
    return level;
}

void set_up_log(const Options& options) {
    const std::string said = variable("WAIT_LOGGER_LEVEL");
    const auto level = level_of(said);
    log::Settings settings;
    settings.level = options.log_level.value_or(level.value_or(log::Level::debug));
    settings.format = options.log_format.value_or(settings.format);
    settings.color = options.color.value_or(settings.color);
    log::set_up(settings);
    if (!said.empty() && !level) log::warn(kRoom, fmt::format("WAIT_LOGGER_LEVEL \"{}\" is no level: debug counts", said));
}

/// Empty entries, as behind a last comma, are none.
std::vector<std::string> entries(const char* name) {
    std::vector<std::string> all;
    for (const std::string& part : split(variable(name), ',')) {
        if (const auto text = trim(part); !text.empty()) all.emplace_back(text);
    }
    return all;
}

Failure unreadable_command() {
    Failure failure;
    failure.code = Code::usage;
    failure.what = "cannot understand WAIT_COMMAND";
    failure.because = "a quote is not closed, or it is a comment alone";
    failure.state = "Nothing was done.";
    failure.hint = "quote as in a shell; there are no variables and no operators";
    failure.where.file = "WAIT_COMMAND";
    return failure;
}

Result<Wish> read(const Options& options) {
    Wish wish;
    // Blanks around it go first, also one behind a backslash.
    const std::string said = variable("WAIT_COMMAND");
    const std::string_view command = trim(said);
    auto words = split_words(command);
    if (!words || (words->empty() && !command.empty())) return unreadable_command();
    wish.command = std::move(*words);
    for (const std::string& entry : entries("WAIT_HOSTS")) {
        auto one = daemon::awaited_host(entry);
        if (!one) return std::move(one).error();
        const bool elsewhere = entry.find("://") != std::string::npos || entry.starts_with("file:");
        wish.needs_config = wish.needs_config || (one->kind == daemon::Awaited::Kind::target && !elsewhere);
        wish.awaited.push_back(std::move(*one));
    }
    for (std::string& entry : entries("WAIT_PATHS")) {
        wish.awaited.push_back({daemon::Awaited::Kind::path, std::move(entry), {}, 0});
    }
    wish.rules = rules_of_variables();
    if (options.timeout) wish.rules.timeout = *options.timeout;
    return wish;
}

/// 1 for what was waited for and what cannot be; a signal and the configuration have codes of their own. Silent where the log is off.
int told(const Failure& failure) {
    if (log::settings().level != log::Level::off) report_failure(failure);
    const bool by_us = failure.code == Code::usage || failure.code == Code::wait_timeout;
    return by_us ? kTimedOut : failure.exit_code();
}

Result<void> wait(const Wish& wish, const config::Config& config) {
    const daemon::Interrupt interrupt;
    const daemon::TargetWait target = [&](const std::string& text, const Stop& stop) { return daemon::wait_for(config, text, stop); };
    log::debug(kRoom, fmt::format("waiting for {} hosts and paths", wish.awaited.size()),
               {{"timeout", show(wish.rules.timeout)}, {"connect_timeout", show(wish.rules.connect)}, {"interval", show(wish.rules.interval)}});
    auto done = daemon::wait_in_order(wish.awaited, wish.rules, target, interrupt.stop());
    if (done) log::info(kRoom, "everything is there");
    return done;
}

/// With our whole environment and all that is open, whatever it is: both are the command's.
int run_command(const Wish& wish) {
    ainit::Command command;
    command.arguments = wish.command;
    command.keep_descriptors = true;
    command.environment = whole_environment();
    log::debug(kRoom, "becoming WAIT_COMMAND", {{"command", command.arguments.front()}});
    log::flush();
    return report_failure(become(command));
}

}  // namespace

bool told_by_variables() { return !entries("WAIT_HOSTS").empty() || !entries("WAIT_PATHS").empty(); }

int wait_by_variables(const Options& options) {
    set_up_log(options);
    const auto wish = read(options);
    if (!wish) return told(wish.error());
    config::Loaded loaded;
    if (wish->needs_config) {
        forbid_core_dumps();
        loaded = config::load(options.config_file, config::process_environment(), config::SecretFiles::read, options.project);
    }
    if (!loaded.good()) {
        report_failures(loaded.failures);
        return loaded.failures.front().exit_code();
    }
    if (const auto done = wait(*wish, loaded.config); !done) return told(done.error());
    log::flush();
    return wish->command.empty() ? 0 : run_command(*wish);
}

int wait_under_its_name(int argc) {
    const Options options;
    if (argc > 1) {
        set_up_log(options);
        log::warn(kRoom, "arguments are not looked at: WAIT_HOSTS, WAIT_PATHS and WAIT_COMMAND say what to do");
    }
    return wait_by_variables(options);
}

}  // namespace ainit::cli
