// SPDX-License-Identifier: Apache-2.0
// Child processes. spawn() is the program's only fork; run() drives a child to its end inside a
// blocking room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/file.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/stop.h"

namespace ainit {

/// Whom a command runs as.
struct Identity {
    uid_t user{};
    gid_t group{};
    std::vector<gid_t> groups{};  ///< supplementary
};

/// `user` and `group` by name or number, as Docker's USER has them; an empty group is the user's own. Names are looked up in the
/// system's databases, numbers need none. Code::cannot_execute if there is no such user or group.
Result<Identity> identity_of(const std::string& user, const std::string& group);

struct Command {
    std::vector<std::string> arguments;  ///< [0] is looked up in PATH of `environment`
    /// NAME=VALUE, complete: nothing is inherited. Values may hold secrets; they are never logged.
    std::vector<std::string> environment{};
    std::string directory{};              ///< working directory; empty: ours
    std::optional<Identity> identity{};   ///< whom to become; only root may
    int terminal{-1};                     ///< a terminal of ours whose foreground group the command becomes
    /// Descriptors it gets beyond 0 to 2: ours, and its number there.
    std::vector<std::pair<int, int>> descriptors{};
    bool keep_descriptors{false};  ///< become(): what was open when this program was started stays open
    int end_with_us{0};  ///< the signal it gets when the thread that started it ends, also by a KILL; 0: none
};

/// All of our environment: for a command that takes our place, to which it belongs.
std::vector<std::string> whole_environment();
/// Our environment without the variables that hold secrets of the configuration: those of
/// withhold_variable, and any in whose value a Secret stands.
std::vector<std::string> inherited_environment();
/// Marks a variable as one that children do not get. Thread-safe.
void withhold_variable(std::string_view name);

struct Child {
    pid_t pid{-1};
    UniqueFd pidfd{};
    UniqueFd out{};  ///< read end of the child's stdout, if piped
    UniqueFd err{};  ///< read end of its stderr, if piped
};

enum class Output { inherit, pipe };

/// Starts a command in a process group of its own, with the signal mask and the ignored signals this
/// program was started with, and no descriptor of ours but 0 to 2 and those it names; with
/// Output::pipe its stdin is /dev/null. What exec refuses comes back as Code::command_not_found or
/// Code::cannot_execute.
Result<Child> spawn(const Command& command, Output output);

/// Whether `pid` was made by spawn() and not reaped yet: a reaper of orphans must leave it to
/// whoever waits for it. Thread-safe.
bool is_own_child(pid_t pid);
/// To be called by whoever has reaped a child of spawn() itself.
void forget_child(pid_t pid);

/// Replaces this process by the command, keeping descriptors 0 to 2, or all that were inherited, and the original signal
/// mask; returns only on failure.
Failure become(const Command& command);

struct Ending {
    int status{0};  ///< exit code, or 128 + signal
    int signal{0};  ///< that ended it; 0: it exited
    bool timed_out{false};
    bool stopped{false};       ///< ended because of Stop's request
    std::string text() const;  ///< "exited with 1", "was ended by SIGKILL"
};

enum class Stream { out, err };
using LineSink = std::function<void(Stream, std::string_view line)>;

/// Runs to the end; each line of output goes to `sink` as it comes (a last line without newline
/// too). When `stop` is over the group gets TERM and, after `grace`, KILL. What the command leaves
/// behind of its group is killed when it has ended (a line of the log says so): nothing of one step
/// runs beside the next. Lines are cut at 64 KiB, or a little before it
/// where a secret would be split. The command is killed when this program is.
Result<Ending> run(const Command& command, const Stop& stop, Duration grace, const LineSink& sink);

/// Remembers the signal mask and the ignored signals that this process was started with, for the commands it starts; to be
/// called first thing in main.
void remember_signals();

}  // namespace ainit
