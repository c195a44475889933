// SPDX-License-Identifier: Apache-2.0
// run(): one child from its start to its end, in a loop of its own that needs no other thread.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/log.h"
#include "base/secret.h"

namespace ainit {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;
/// What is read of one stream before the others, the deadline and the stop get their turn.
constexpr int kReadsInTurn = 16;
/// How long processes that a command left behind may still write what they hold, before they are
/// killed.
constexpr Duration kSettle{100};

/// Cuts a child's output into lines.
class Lines {
  public:
    Lines(Stream stream, const LineSink& sink) : stream_{stream}, sink_{sink} {}

    void feed(std::string_view text) {
        buffer_ += text;
        std::size_t begin = 0;
        for (std::size_t at = 0; (at = buffer_.find('\n', begin)) != std::string::npos;
             begin = at + 1) {
            emit(std::string_view{buffer_}.substr(begin, at - begin));
        }
        buffer_.erase(0, begin);
        // Not until more has come than a piece, so that a newline right behind it does not make an
        // empty line; and then as much more as a secret at the cut may take.
        while (buffer_.size() > kLongestLine + longest_secret())
            buffer_.erase(0, pass_piece(buffer_));
    }

    void end() {
        if (!buffer_.empty()) emit(buffer_);
        buffer_.clear();
    }

  private:
    void emit(std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        while (line.size() > kLongestLine) line.remove_prefix(pass_piece(line));
        if (!line.empty() || !piece_passed_) pass(line);
        piece_passed_ = false;
    }

    /// How much was passed on of a text that is longer than a line may be.
    std::size_t pass_piece(std::string_view text) {
        const std::size_t size = cut_between_secrets(text, kLongestLine);
        pass(text.substr(0, size));
        piece_passed_ = true;
        return size;
    }

    void pass(std::string_view piece) {
        if (sink_) sink_(stream_, piece);
    }

    Stream stream_;
    const LineSink& sink_;
    std::string buffer_{};
    bool piece_passed_{false};  ///< of the line that is not at its end yet
};

/// Reads what is there without waiting, but not more than its turn; closes at the end of the file.
void drain(UniqueFd& fd, Lines& lines) {
    std::array<char, 16'384> buffer;
    for (int turn = 0; fd.valid() && turn < kReadsInTurn; ++turn) {
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
    Runner(std::string name, Child child, const Stop& stop, Duration grace, const LineSink& sink)
        : name_{std::move(name)},
          child_{std::move(child)},
          stop_{stop},
          grace_{grace},
          out_{Stream::out, sink},
          err_{Stream::err, sink} {
        for (const int fd : {child_.out.get(), child_.err.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    }

    Ending drive() {
        while (!ended()) wait_for_something();
        // The child is still a zombie here, so its group's number cannot belong to strangers.
        const bool left_behind = settle();
        ::kill(-child_.pid, SIGKILL);
        finish_output();
        int status = 0;
        while (::waitpid(child_.pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (left_behind) tell_of_leftovers();
        ending_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return ending_;
    }

  private:
    bool ended() const {
        siginfo_t info{};
        const int result = ::waitid(
            P_PIDFD, static_cast<id_t>(child_.pidfd.get()), &info, WEXITED | WNOHANG | WNOWAIT);
        return result == 0 && info.si_pid != 0;
    }

    void wait_for_something() {
        const Deadline deadline = asked_ ? kill_at_ : stop_.deadline();
        poll_until(deadline, child_.pidfd.get(), asked_ ? -1 : stop_.fd());
        if (!asked_ && stop_.over()) {
            ask();
        } else if (asked_ && Clock::now() >= kill_at_) {
            ::kill(-child_.pid, SIGKILL);
            kill_at_ = kNever;
        }
    }

    /// Waits for output, or for either descriptor, or for the deadline, and reads the output.
    void poll_until(Deadline deadline, int ended, int asked) {
        std::array<pollfd, 4> polled{{{ended, POLLIN, 0},
                                      {asked, POLLIN, 0},
                                      {child_.out.get(), POLLIN, 0},
                                      {child_.err.get(), POLLIN, 0}}};
        int timeout = -1;
        if (deadline != kNever) {
            const auto left = std::chrono::ceil<Duration>(deadline - Clock::now()).count();
            timeout = static_cast<int>(std::clamp<Duration::rep>(left, 0, 86'400'000));
        }
        ::poll(polled.data(), polled.size(), timeout);
        drain(child_.out, out_);
        drain(child_.err, err_);
    }

    bool output_open() const { return child_.out.valid() || child_.err.valid(); }

    /// The rest of the group: who still holds our pipes gets a moment to write what it has, or
    /// after a stop what is left of the grace to end in good order. True if someone was still there
    /// after it.
    bool settle() {
        const Deadline until = asked_ && kill_at_ != kNever ? kill_at_ : after(kSettle);
        while (output_open() && Clock::now() < until) poll_until(until, -1, -1);
        return output_open();
    }

    /// After the KILL the pipes close at once, unless a process has left the group: then we go
    /// without it.
    void finish_output() {
        const Deadline until = after(kSettle);
        while (output_open() && Clock::now() < until) poll_until(until, -1, -1);
        out_.end();
        err_.end();
    }

    void tell_of_leftovers() const {
        const std::string_view message =
            output_open() ? "a command left a process in a group of its own, which may still run"
                          : "a command left processes behind; they were ended";
        log::warn("child", message, {{"command", name_}});
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

    std::string name_;
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

std::string Ending::text() const {
    if (status <= 128) return fmt::format("exited with {}", status);
    const char* name = ::sigabbrev_np(status - 128);
    return name != nullptr ? fmt::format("was ended by SIG{}", name)
                           : fmt::format("exited with {}", status);
}

Result<Ending> run(const Command& command, const Stop& stop, Duration grace, const LineSink& sink) {
    auto child = spawn(command, Output::pipe);
    if (!child) return std::move(child).error();
    return Runner{command.arguments.front(), std::move(*child), stop, grace, sink}.drive();
}

}  // namespace ainit
