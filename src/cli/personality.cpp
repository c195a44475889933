// SPDX-License-Identifier: Apache-2.0
#include "cli/personality.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <getopt.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/child.h"
#include "base/log.h"
#include "base/signal_name.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/wait_variables.h"
#include "daemon/supervise.h"

namespace ainit::cli {
namespace {

constexpr const char* kTini =
    "tini (alkemio-init " ALKEMIO_INIT_VERSION ")\n\n"
    "Usage: tini [OPTIONS] PROGRAM -- [ARGS] | --version\n\n"
    "Execute a program under the supervision of a valid init process (tini)\n\n"
    "  --version   Show version and exit.\n"
    "  -h          Show this help message and exit.\n"
    "  -s          Register as a process subreaper; it always is, unless it is PID 1.\n"
    "  -p SIGNAL   Trigger SIGNAL when parent dies, e.g. \"-p SIGKILL\".\n"
    "  -v          Generate more verbose output. Repeat up to 3 times.\n"
    "  -w          Print a warning when processes are getting reaped.\n"
    "  -g          Send signals to the child's process group.\n"
    "  -e CODE     Remap this exit code to 0; may be given several times.\n"
    "  -l          Show where the license is and exit.\n\n"
    "Variables: TINI_SUBREAPER, TINI_VERBOSITY (1), TINI_KILL_PROCESS_GROUP.\n"
    "After TERM a program that does not end is killed; see alkemio-init exec --help.\n";

constexpr const char* kDumbInit =
    "dumb-init (alkemio-init " ALKEMIO_INIT_VERSION ")\n\n"
    "Usage: dumb-init [option] command [[arg] ...]\n\n"
    "  -c, --single-child   Signals go to the direct child only, not to its process group.\n"
    "  -r, --rewrite s:r    Rewrite received signal s to new signal r before proxying; 0 ignores it.\n"
    "  -v, --verbose        Print debugging information to stderr.\n"
    "  -h, --help           Print this help message and exit.\n"
    "  -V, --version        Print the version and exit.\n\n"
    "Variables: DUMB_INIT_SETSID=0 is as -c, DUMB_INIT_DEBUG=1 as -v.\n"
    "After TERM a command that does not end is killed; see alkemio-init exec --help.\n";

struct Wish {
    daemon::Supervision supervision{};
    std::vector<std::string> arguments{};
    std::set<int> as_zero{};
    log::Level level{log::Level::warn};
    int parent_death_signal{0};
};

int say(std::string_view text) {
    print(std::string{text});
    return 0;
}

/// Both end with 1 then.
int refuse(std::string_view name, std::string because) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = "cannot understand the command line";
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = fmt::format("see: {} -h", name);
    report_failure(failure);
    return 1;
}

/// As both programs take it: any value but none.
bool is_set(const char* variable) { return std::getenv(variable) != nullptr; }

int carry_out(Wish wish) {
    log::set_up({wish.level, log::Format::text, log::Color::automatic});
    if (wish.parent_death_signal != 0) ::prctl(PR_SET_PDEATHSIG, wish.parent_death_signal);
    ainit::Command command;
    command.arguments = std::move(wish.arguments);
    command.environment = whole_environment();
    const services::End end = daemon::supervise(command, wish.supervision);
    report_failures(end.failures);
    return wish.as_zero.contains(end.code) ? 0 : end.code;
}

int tini(int argc, char** argv) {
    Wish wish;
    wish.supervision.stop_timeout = daemon::platform_grace();
    wish.supervision.to_group = is_set("TINI_KILL_PROCESS_GROUP");
    int verbosity = 1;
    if (const char* said = std::getenv("TINI_VERBOSITY")) verbosity = static_cast<int>(std::clamp(parse_integer(said).value_or(verbosity), 0LL, 3LL));
    if (argc == 2 && std::string_view{argv[1]} == "--version") return say("tini version 0.19.0 (alkemio-init " ALKEMIO_INIT_VERSION ")\n");
    opterr = 0;
    for (int option = 0; (option = ::getopt(argc, argv, "+hvwgle:p:s")) != -1;) {
        switch (option) {
            case 'h': return say(kTini);
            case 'l': return say("alkemio-init is under the Apache License 2.0.\n");
            case 's': break;
            case 'v': ++verbosity; break;
            case 'w': verbosity = std::max(verbosity, 3); break;
            case 'g': wish.supervision.to_group = true; break;
            case 'p': {
                const auto signal = signal_of(optarg);
                if (!signal) return refuse("tini", fmt::format("there is no signal \"{}\"", optarg));
                wish.parent_death_signal = *signal;
                break;
            }
            case 'e': {
                const auto code = parse_integer(optarg);
                if (!code || *code < 0 || *code > 255) return refuse("tini", fmt::format("\"{}\" is no exit code from 0 to 255", optarg));
                wish.as_zero.insert(static_cast<int>(*code));
                break;
            }
            default: return refuse("tini", fmt::format("there is no option -{}, or its value is missing", static_cast<char>(optopt)));
        }
    }
    wish.arguments.assign(argv + optind, argv + argc);
    if (wish.arguments.empty()) return refuse("tini", "no program is named");
    wish.level = verbosity >= 3 ? log::Level::debug : verbosity == 2 ? log::Level::info : verbosity == 1 ? log::Level::warn : log::Level::error;
    return carry_out(std::move(wish));
}

/// "15:3"; false if it is none.
bool take_rewrite(std::string_view text, daemon::Supervision& supervision) {
    const std::size_t sign = text.find(':');
    if (sign == std::string_view::npos) return false;
    const auto from = signal_of(text.substr(0, sign));
    const auto to = text.substr(sign + 1) == "0" ? std::optional{0} : signal_of(text.substr(sign + 1));
    if (!from || !to) return false;
    if (*from == SIGTERM) supervision.stop_signal = *to;
    else supervision.rewrite[*from] = *to;
    return true;
}

int dumb_init(int argc, char** argv) {
    static constexpr option kLong[] = {{"help", no_argument, nullptr, 'h'},          {"single-child", no_argument, nullptr, 'c'},
                                       {"rewrite", required_argument, nullptr, 'r'}, {"verbose", no_argument, nullptr, 'v'},
                                       {"version", no_argument, nullptr, 'V'},       {nullptr, 0, nullptr, 0}};
    Wish wish;
    wish.supervision.stop_timeout = daemon::platform_grace();
    const char* session = std::getenv("DUMB_INIT_SETSID");
    const char* debug = std::getenv("DUMB_INIT_DEBUG");
    wish.supervision.to_group = session == nullptr || std::string_view{session} != "0";
    if (debug != nullptr && std::string_view{debug} == "1") wish.level = log::Level::debug;
    opterr = 0;
    for (int option = 0; (option = ::getopt_long(argc, argv, "+hvVcr:", kLong, nullptr)) != -1;) {
        switch (option) {
            case 'h': return say(kDumbInit);
            case 'V': return say("dumb-init v1.2.5 (alkemio-init " ALKEMIO_INIT_VERSION ")\n");
            case 'v': wish.level = log::Level::debug; break;
            case 'c': wish.supervision.to_group = false; break;
            case 'r':
                if (!take_rewrite(optarg, wish.supervision)) return refuse("dumb-init", fmt::format("\"{}\" is not of the form 15:3", optarg));
                break;
            default: return refuse("dumb-init", fmt::format("there is no option {}, or its value is missing", argv[std::max(1, optind - 1)]));
        }
    }
    wish.arguments.assign(argv + optind, argv + argc);
    if (wish.arguments.empty()) return refuse("dumb-init", "no command is named");
    return carry_out(std::move(wish));
}

}  // namespace

std::optional<int> run_under_other_name(int argc, char** argv) {
    if (argc < 1) return {};
    const std::string_view name = base_name(argv[0]);
    if (name == "tini" || name == "tini-static") return tini(argc, argv);
    if (name == "dumb-init") return dumb_init(argc, argv);
    if (name == "wait") return wait_under_its_name(argc);
    return {};
}

}  // namespace ainit::cli
