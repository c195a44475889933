// SPDX-License-Identifier: Apache-2.0
#include "base/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "base/text.h"

extern char** environ;

namespace ainit {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;
constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

sigset_t start_mask = [] {
    sigset_t none;
    sigemptyset(&none);
    return none;
}();

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

Failure exec_failure(const std::string& name, int error) {
    Failure failure;
    failure.code = error == ENOENT ? Code::command_not_found : Code::cannot_execute;
    failure.what = fmt::format("cannot execute \"{}\"", name);
    failure.because = errno_text(error);
    failure.state = "The command was not started.";
    return failure;
}

/// The file that execvp would take, found before the fork: after it only async-signal-safe calls are allowed.
std::string look_up(const std::string& name, const std::vector<std::string>& environment, int& error) {
    error = ENOENT;
    if (name.empty()) return {};
    if (name.find('/') != std::string::npos) return name;
    std::string path{kDefaultPath};
    for (const std::string& entry : environment) {
        if (entry.starts_with("PATH=")) path = entry.substr(5);
    }
    for (const std::string& folder : split(path, ':')) {
        std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        if (errno == EACCES) error = EACCES;
    }
    return {};
}

void reset_signals() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    sigemptyset(&standard.sa_mask);
    for (int signal = 1; signal <= SIGRTMAX; ++signal) ::sigaction(signal, &standard, nullptr);
    ::sigprocmask(SIG_SETMASK, &start_mask, nullptr);
}

struct Pipe {
    UniqueFd read{};
    UniqueFd write{};
};

Pipe make_pipe() {
    int fds[2] = {-1, -1};
    if (::pipe2(fds, O_CLOEXEC) != 0) return {};
    return {UniqueFd{fds[0]}, UniqueFd{fds[1]}};
}

/// Everything the child needs, made before the fork.
struct Launch {
    std::string file{};
    std::vector<char*> argv{};
    std::vector<char*> envp{};
    const char* directory{nullptr};
    int out{-1};
    int err{-1};
    int report{-1};
};

[[noreturn]] void in_child(const Launch& launch) {
    reset_signals();
    ::setpgid(0, 0);
    const bool placed = (launch.out < 0 || ::dup2(launch.out, STDOUT_FILENO) >= 0) &&
                        (launch.err < 0 || ::dup2(launch.err, STDERR_FILENO) >= 0) &&
                        (launch.directory == nullptr || ::chdir(launch.directory) == 0);
    if (placed) ::execve(launch.file.c_str(), launch.argv.data(), launch.envp.data());
    const int error = errno;
    [[maybe_unused]] const auto written = ::write(launch.report, &error, sizeof error);
    ::_exit(127);
}

/// Forks with every signal blocked, so that a signal sent to the child before its exec cannot reach our own handlers
/// through descriptors that both share (boostorg/asio #349).
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

/// Cuts a child's output into lines.
class Lines {
  public:
    Lines(Stream stream, const LineSink& sink) : stream_{stream}, sink_{sink} {}

    void feed(std::string_view text) {
        buffer_ += text;
        std::size_t begin = 0;
        for (std::size_t at = 0; (at = buffer_.find('\n', begin)) != std::string::npos; begin = at + 1) {
            emit(std::string_view{buffer_}.substr(begin, at - begin));
        }
        buffer_.erase(0, begin);
        while (buffer_.size() > kLongestLine) {
            emit(std::string_view{buffer_}.substr(0, kLongestLine));
            buffer_.erase(0, kLongestLine);
        }
    }

    void end() {
        if (!buffer_.empty()) emit(buffer_);
        buffer_.clear();
    }

  private:
    void emit(std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (sink_) sink_(stream_, line);
    }

    Stream stream_;
    const LineSink& sink_;
    std::string buffer_{};
};

/// Reads what is there without waiting; closes at the end of the file.
void drain(UniqueFd& fd, Lines& lines) {
    std::array<char, 16'384> buffer;
    while (fd.valid()) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got > 0) {
            lines.feed({buffer.data(), static_cast<std::size_t>(got)});
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            fd.reset();
        }
    }
}

/// Drives one child from its start to its end.
class Runner {
  public:
    Runner(Child child, const Stop& stop, Duration grace, const LineSink& sink)
        : child_{std::move(child)}, stop_{stop}, grace_{grace}, out_{Stream::out, sink}, err_{Stream::err, sink} {
        for (const int fd : {child_.out.get(), child_.err.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    }

    Ending drive() {
        while (!ended()) wait_for_something();
        // The child is still a zombie here, so its group's number cannot belong to strangers.
        ::kill(-child_.pid, SIGKILL);
        drain(child_.out, out_);
        drain(child_.err, err_);
        out_.end();
        err_.end();
        int status = 0;
        while (::waitpid(child_.pid, &status, 0) < 0 && errno == EINTR) {
        }
        ending_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return ending_;
    }

  private:
    bool ended() const {
        siginfo_t info{};
        const int result = ::waitid(P_PIDFD, static_cast<id_t>(child_.pidfd.get()), &info, WEXITED | WNOHANG | WNOWAIT);
        return result == 0 && info.si_pid != 0;
    }

    void wait_for_something() {
        std::array<pollfd, 4> polled{{{child_.pidfd.get(), POLLIN, 0},
                                      {child_.out.get(), POLLIN, 0},
                                      {child_.err.get(), POLLIN, 0},
                                      {asked_ ? -1 : stop_.fd(), POLLIN, 0}}};
        const Deadline deadline = asked_ ? kill_at_ : stop_.deadline();
        int timeout = -1;
        if (deadline != kNever) {
            const auto left = std::chrono::ceil<Duration>(deadline - Clock::now()).count();
            timeout = static_cast<int>(std::clamp<Duration::rep>(left, 0, 86'400'000));
        }
        ::poll(polled.data(), polled.size(), timeout);
        drain(child_.out, out_);
        drain(child_.err, err_);
        if (!asked_ && stop_.over()) {
            ask();
        } else if (asked_ && Clock::now() >= kill_at_) {
            ::kill(-child_.pid, SIGKILL);
            kill_at_ = kNever;
        }
    }

    void ask() {
        asked_ = true;
        ending_.stopped = stop_.requested();
        ending_.timed_out = !ending_.stopped;
        kill_at_ = after(grace_);
        ::kill(-child_.pid, SIGTERM);
        // A stopped process would sleep through it.
        ::kill(-child_.pid, SIGCONT);
    }

    Child child_;
    const Stop& stop_;
    Duration grace_;
    Lines out_;
    Lines err_;
    bool asked_{false};
    Deadline kill_at_{kNever};
    Ending ending_{};
};

}  // namespace

void remember_signal_mask() { ::pthread_sigmask(SIG_SETMASK, nullptr, &start_mask); }

void withhold_variable(std::string_view name) {
    const std::lock_guard guard{withheld_mutex};
    withheld().emplace_back(name);
}

std::vector<std::string> inherited_environment() {
    const std::lock_guard guard{withheld_mutex};
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const std::string_view name = text.substr(0, text.find('='));
        if (std::ranges::find(withheld(), name) == withheld().end()) out.emplace_back(text);
    }
    return out;
}

Result<Child> spawn(const Command& command, Output output) {
    const std::string name = command.arguments.empty() ? "" : command.arguments.front();
    int error = 0;
    Launch launch;
    launch.file = look_up(name, command.environment, error);
    if (launch.file.empty()) return exec_failure(name, error);
    launch.argv = pointers(command.arguments);
    launch.envp = pointers(command.environment);
    if (!command.directory.empty()) launch.directory = command.directory.c_str();

    Pipe report = make_pipe();
    Pipe out = output == Output::pipe ? make_pipe() : Pipe{};
    Pipe err = output == Output::pipe ? make_pipe() : Pipe{};
    const bool piped = output == Output::inherit || (out.read.valid() && err.read.valid());
    if (!report.read.valid() || !piped) return exec_failure(name, errno);
    launch.report = report.write.get();
    launch.out = out.write.get();
    launch.err = err.write.get();

    const pid_t pid = masked_fork(launch);
    if (pid < 0) return exec_failure(name, errno);
    // Both sides set it, so that it holds whichever runs first.
    ::setpgid(pid, pid);
    report.write.reset();
    int refused = 0;
    ssize_t got = 0;
    while ((got = ::read(report.read.get(), &refused, sizeof refused)) < 0 && errno == EINTR) {
    }
    if (got == static_cast<ssize_t>(sizeof refused)) {
        ::waitpid(pid, nullptr, 0);
        return exec_failure(launch.directory != nullptr ? fmt::format("{} in {}", name, command.directory) : name, refused);
    }
    Child child;
    child.pid = pid;
    child.pidfd = UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    child.out = std::move(out.read);
    child.err = std::move(err.read);
    return child;
}

Failure become(const Command& command) {
    const std::string name = command.arguments.empty() ? "" : command.arguments.front();
    int error = 0;
    const std::string file = look_up(name, command.environment, error);
    if (file.empty()) return exec_failure(name, error);
    if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0) return exec_failure(name, errno);
    const std::vector<char*> argv = pointers(command.arguments);
    const std::vector<char*> envp = pointers(command.environment);
    reset_signals();
    ::execve(file.c_str(), argv.data(), envp.data());
    return exec_failure(name, errno);
}

std::string Ending::text() const {
    if (status <= 128) return fmt::format("exited with {}", status);
    const char* name = ::sigabbrev_np(status - 128);
    return name != nullptr ? fmt::format("was ended by SIG{}", name) : fmt::format("exited with {}", status);
}

Result<Ending> run(const Command& command, const Stop& stop, Duration grace, const LineSink& sink) {
    auto child = spawn(command, Output::pipe);
    if (!child) return std::move(child).error();
    return Runner{std::move(*child), stop, grace, sink}.drive();
}

}  // namespace ainit
