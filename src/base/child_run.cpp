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
#include "base/lines.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/signal_name.h"

namespace ainit {
namespace {

/// What is read of one stream before the others, the deadline and the stop get their turn.
constexpr int kReadsInTurn = 16;
/// How long processes that a command left behind may still write what they hold, before they are
/// killed.
constexpr Duration kSettle{100};

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
          out_{[&sink](std::string_view line) { if (sink) sink(Stream::out, line); }},
          err_{[&sink](std::string_view line) { if (sink) sink(Stream::err, line); }} {
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
        forget_child(child_.pid);
        if (left_behind) tell_of_leftovers();
        ending_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
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
    if (signal == 0) return fmt::format("exited with {}", status);
    return fmt::format("was ended by {}", name_of_signal(signal));
}

Result<Ending> run(const Command& command, const Stop& stop, Duration grace, const LineSink& sink) {
    Command bound = command;
    bound.end_with_us = SIGKILL;
    auto child = spawn(bound, Output::pipe);
    if (!child) return std::move(child).error();
    return Runner{command.arguments.front(), std::move(*child), stop, grace, sink}.drive();
}

}  // namespace ainit
