// SPDX-License-Identifier: Apache-2.0
#include "base/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

namespace ainit {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

sigset_t no_signals() {
    sigset_t none;
    sigemptyset(&none);
    return none;
}

sigset_t start_mask = no_signals();
sigset_t start_ignored = no_signals();

std::mutex withheld_mutex;

std::vector<std::string>& withheld() {
    static auto* names = new std::vector<std::string>;
    return *names;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

std::string name_of(const Command& command) {
    return command.arguments.empty() ? std::string{} : command.arguments.front();
}

Failure exec_failure(const std::string& name, int error) {
    Failure failure;
    failure.code = error == ENOENT ? Code::command_not_found : Code::cannot_execute;
    failure.what = fmt::format("cannot execute \"{}\"", name);
    failure.because = errno_text(error);
    failure.state = "The command was not started.";
    return failure;
}

Failure folder_failure(const Command& command, int error) {
    Failure failure;
    failure.code = Code::cannot_execute;
    failure.what =
        fmt::format("cannot execute \"{}\" in \"{}\"", name_of(command), command.directory);
    failure.because = errno_text(error);
    failure.state = "The command was not started.";
    failure.hint = "Look at the command's working directory.";
    return failure;
}

/// What execve said about a file. ENOENT for one that is there means the interpreter its first line
/// names.
Failure refused_failure(const std::string& name, const std::string& file, int error) {
    Failure failure = exec_failure(name, error);
    if (error == ENOENT && ::access(file.c_str(), F_OK) == 0) {
        failure.code = Code::cannot_execute;
        failure.because = "its interpreter or loader does not exist";
    }
    return failure;
}

/// The file that execvp would take, found before the fork: after it only async-signal-safe calls
/// are allowed.
Result<std::string> look_up(const Command& command) {
    const std::string name = name_of(command);
    if (name.find('/') != std::string::npos) return name;
    const auto& environment = command.environment;
    const auto own = std::ranges::find_if(
        environment, [](const auto& entry) { return entry.starts_with("PATH="); });
    const std::string path = own == environment.end() ? std::string{kDefaultPath} : own->substr(5);
    int error = ENOENT;
    for (const std::string& folder : name.empty() ? std::vector<std::string>{} : split(path, ':')) {
        std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        struct stat facts{};
        if (::stat(candidate.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        error = EACCES;
    }
    return exec_failure(name, error);
}

/// Want of processes, descriptors or memory: our trouble, not the command's.
Failure not_started(const std::string& name, std::string_view doing, int error) {
    Failure failure;
    failure.code = Code::internal;
    failure.what = fmt::format("cannot {} \"{}\"", doing, name);
    failure.because = errno_text(error);
    failure.state = "The command was not started.";
    failure.hint =
        "Look at the limits of processes, open files and memory (ulimit, pids and memory of the "
        "container).";
    failure.transient = error == EAGAIN || error == ENOMEM;
    return failure;
}

void reset_signals() {
    struct sigaction action{};
    sigemptyset(&action.sa_mask);
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        // What nohup and its like asked for holds for the command too.
        action.sa_handler = sigismember(&start_ignored, signal) == 1 ? SIG_IGN : SIG_DFL;
        ::sigaction(signal, &action, nullptr);
    }
    ::sigprocmask(SIG_SETMASK, &start_mask, nullptr);
}

struct Pipe {
    UniqueFd read{};
    UniqueFd write{};
};

/// Above 2 even if we were started with a standard descriptor closed, so that the child's dup2
/// calls cannot tread on it.
UniqueFd lifted(UniqueFd fd) {
    if (fd.get() > STDERR_FILENO) return fd;
    return UniqueFd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
}

Result<Pipe> make_pipe(const std::string& name) {
    int fds[2] = {-1, -1};
    if (::pipe2(fds, O_CLOEXEC) != 0) return not_started(name, "make a pipe for", errno);
    Pipe pipe{UniqueFd{fds[0]}, UniqueFd{fds[1]}};
    pipe = {lifted(std::move(pipe.read)), lifted(std::move(pipe.write))};
    if (!pipe.read.valid() || !pipe.write.valid())
        return not_started(name, "make a pipe for", errno);
    return pipe;
}

/// Everything the child needs, made before the fork.
struct Launch {
    std::string file{};
    std::vector<char*> argv{};
    std::vector<char*> envp{};
    const char* directory{nullptr};
    int in{-1};
    int out{-1};
    int err{-1};
    int report{-1};
    const Command* command{nullptr};
    pid_t parent{-1};
};

/// What the child says when it cannot become the command.
struct Refusal {
    enum class What { file, folder, identity } what{What::file};
    int error{0};
};

/// The kernel's own calls: glibc's would look for other threads, of which a child of fork has none.
bool take_identity(const Identity& identity) {
    return ::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) == 0 &&
           ::syscall(SYS_setresgid, identity.group, identity.group, identity.group) == 0 &&
           ::syscall(SYS_setresuid, identity.user, identity.user, identity.user) == 0;
}

void place_descriptors(const Launch& launch) {
    const std::array<std::pair<int, int>, 3> standard{
        {{launch.in, STDIN_FILENO}, {launch.out, STDOUT_FILENO}, {launch.err, STDERR_FILENO}}};
    for (const auto& [from, to] : standard) {
        if (from >= 0) ::dup2(from, to);
    }
    // Ours are close-on-exec already; this is for those that we were started with.
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    for (const auto& [from, to] : launch.command->descriptors) {
        if (from == to) ::fcntl(to, F_SETFD, 0);
        else ::dup2(from, to);
    }
}

/// Up to the execve: what could not be done.
std::optional<Refusal::What> prepare(const Launch& launch) {
    const Command& command = *launch.command;
    ::setpgid(0, 0);
    // Every signal is blocked still, so that a background group may do it.
    if (command.terminal >= 0) ::tcsetpgrp(command.terminal, ::getpid());
    place_descriptors(launch);
    if (command.identity && !take_identity(*command.identity)) return Refusal::What::identity;
    // A change of user takes it away.
    if (command.end_with_us != 0) {
        ::prctl(PR_SET_PDEATHSIG, command.end_with_us);
        // It may have gone before we asked.
        if (::getppid() != launch.parent) ::_exit(127);
    }
    if (launch.directory != nullptr && ::chdir(launch.directory) != 0) return Refusal::What::folder;
    reset_signals();
    return {};
}

[[noreturn]] void in_child(const Launch& launch) {
    Refusal refusal;
    if (const auto what = prepare(launch)) refusal.what = *what;
    else ::execve(launch.file.c_str(), launch.argv.data(), launch.envp.data());
    refusal.error = errno;
    [[maybe_unused]] const auto written = ::write(launch.report, &refusal, sizeof refusal);
    ::_exit(127);
}

std::mutex own_mutex;

std::vector<pid_t>& own_children() {
    static auto* children = new std::vector<pid_t>;
    return *children;
}

/// Forks with every signal blocked, so that a signal sent to the child before its exec cannot reach
/// our own handlers through descriptors that both share (boostorg/asio #349).
pid_t masked_fork(const Launch& launch) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    if (pid == 0) in_child(launch);
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return pid;
}

/// The child's ends of the descriptors 0 to 2.
struct Streams {
    UniqueFd in{};
    UniqueFd out{};
    UniqueFd err{};
};

/// The reading ends go to `child`. Nobody can answer a question of a command whose output we read,
/// so it gets the end of the file at once instead of waiting for a terminal that is not its own.
Result<Streams> make_streams(const std::string& name, Child& child) {
    auto out = make_pipe(name);
    if (!out) return std::move(out).error();
    auto err = make_pipe(name);
    if (!err) return std::move(err).error();
    child.out = std::move(out->read);
    child.err = std::move(err->read);
    UniqueFd nothing = lifted(UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
    return Streams{std::move(nothing), std::move(out->write), std::move(err->write)};
}

/// Waits until the child has become the command, which closes the pipe, or says why it cannot.
std::optional<Refusal> read_refusal(const UniqueFd& report) {
    Refusal refusal;
    ssize_t got = 0;
    while ((got = ::read(report.get(), &refusal, sizeof refusal)) < 0 && errno == EINTR) {
    }
    if (got != static_cast<ssize_t>(sizeof refusal)) return {};
    return refusal;
}

/// Waits for a child that is about to end; its status.
int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    forget_child(pid);
    return status;
}

/// Above every number that the child wants, so that placing one cannot tread on another or on it.
Result<UniqueFd> out_of_the_way(const std::string& name, int fd, int above) {
    UniqueFd copy{::fcntl(fd, F_DUPFD_CLOEXEC, above + 1)};
    if (!copy.valid()) return not_started(name, "copy a descriptor for", errno);
    return copy;
}

Failure refusal_failure(const Command& command, const std::string& file, const Refusal& refusal) {
    switch (refusal.what) {
        case Refusal::What::folder: return folder_failure(command, refusal.error);
        case Refusal::What::identity: {
            Failure failure = exec_failure(name_of(command), refusal.error);
            failure.code = Code::cannot_execute;
            failure.what = fmt::format("cannot execute \"{}\" as user {}", name_of(command), command.identity->user);
            failure.hint = "only root may run a service as another user; start the container as root, or leave user out";
            return failure;
        }
        case Refusal::What::file: break;
    }
    return refused_failure(name_of(command), file, refusal.error);
}

}  // namespace

void remember_signals() {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &start_mask);
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        struct sigaction action{};
        const bool known = ::sigaction(signal, nullptr, &action) == 0;
        if (known && action.sa_handler == SIG_IGN) sigaddset(&start_ignored, signal);
    }
}

void withhold_variable(std::string_view name) {
    const std::lock_guard guard{withheld_mutex};
    withheld().emplace_back(name);
}

std::vector<std::string> whole_environment() {
    std::vector<std::string> out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) out.emplace_back(*entry);
    return out;
}

std::vector<std::string> inherited_environment() {
    const std::lock_guard guard{withheld_mutex};
    std::vector<std::string> out = whole_environment();
    std::erase_if(out, [](const std::string& entry) {
        const std::string_view name = std::string_view{entry}.substr(0, entry.find('='));
        return std::ranges::find(withheld(), name) != withheld().end() || scrub(entry) != entry;
    });
    return out;
}

void forget_child(pid_t pid) {
    const std::lock_guard guard{own_mutex};
    std::erase(own_children(), pid);
}

bool is_own_child(pid_t pid) {
    const std::lock_guard guard{own_mutex};
    return std::ranges::find(own_children(), pid) != own_children().end();
}

Result<Child> spawn(const Command& given, Output output) {
    Command command = given;
    const std::string name = name_of(command);
    auto file = look_up(command);
    if (!file) return std::move(file).error();
    auto report = make_pipe(name);
    if (!report) return std::move(report).error();
    int highest = STDERR_FILENO;
    for (const auto& [from, to] : command.descriptors) highest = std::max(highest, to);
    std::vector<UniqueFd> copies;
    if (!command.descriptors.empty()) {
        auto moved = out_of_the_way(name, report->write.get(), highest);
        if (!moved) return std::move(moved).error();
        report->write = std::move(*moved);
    }
    for (auto& [from, to] : command.descriptors) {
        auto copy = out_of_the_way(name, from, highest);
        if (!copy) return std::move(copy).error();
        from = copy->get();
        copies.push_back(std::move(*copy));
    }
    Launch launch;
    launch.command = &command;
    launch.parent = ::getpid();
    launch.file = *file;
    launch.argv = pointers(command.arguments);
    launch.envp = pointers(command.environment);
    if (!command.directory.empty()) launch.directory = command.directory.c_str();
    launch.report = report->write.get();

    Child child;
    Streams streams;
    if (output == Output::pipe) {
        auto piped = make_streams(name, child);
        if (!piped) return std::move(piped).error();
        streams = std::move(*piped);
        launch.in = streams.in.get();
        launch.out = streams.out.get();
        launch.err = streams.err.get();
    }
    {
        // Held across both, so that no reaper sees a child that is not registered yet.
        const std::lock_guard guard{own_mutex};
        child.pid = masked_fork(launch);
        if (child.pid > 0) own_children().push_back(child.pid);
    }
    if (child.pid < 0) return not_started(name, "start", errno);
    // Both sides set it, so that it holds whichever runs first.
    ::setpgid(child.pid, child.pid);
    report->write.reset();
    if (const auto refusal = read_refusal(report->read)) {
        reap(child.pid);
        return refusal_failure(command, *file, *refusal);
    }
    // glibc 2.41 declares pidfd_open without C linkage.
    child.pidfd = UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0U))};
    if (!child.pidfd.valid()) {
        const int error = errno;
        ::kill(-child.pid, SIGKILL);
        reap(child.pid);
        return not_started(name, "watch", error);
    }
    return child;
}

Failure become(const Command& command) {
    const auto file = look_up(command);
    if (!file) return file.error();
    if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0)
        return folder_failure(command, errno);
    const std::vector<char*> argv = pointers(command.arguments);
    const std::vector<char*> envp = pointers(command.environment);
    // Ours are closed by exec as it is.
    if (!command.keep_descriptors) ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    reset_signals();
    ::execve(file->c_str(), argv.data(), envp.data());
    return refused_failure(name_of(command), *file, errno);
}

}  // namespace ainit
