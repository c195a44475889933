// SPDX-License-Identifier: Apache-2.0
// Real children of sh: it is everywhere, and what it does is short to say.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <dirent.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/log.h"
#include "base/text.h"

using namespace ainit;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

namespace {

const std::string kPath = "PATH=/usr/local/bin:/usr/bin:/bin";

Command shell(std::string script) {
    return {{"sh", "-c", std::move(script)}, {kPath}};
}

/// The output of a command, line by line, each with the name of its stream.
struct Heard {
    Texts lines{};
    Ending ending{};
    Duration took{};

    std::string text() const { return join(lines, "\n"); }
};

Heard hear(const Command& command, const Stop& stop = Stop{}.within(60s), Duration grace = 5s) {
    Heard heard;
    const auto begin = Clock::now();
    const auto ending = run(command, stop, grace, [&](Stream stream, std::string_view line) {
        heard.lines.push_back(std::string{stream == Stream::out ? "out " : "err "} +
                              std::string{line});
    });
    heard.took = std::chrono::floor<Duration>(Clock::now() - begin);
    REQUIRE(ending.has_value());
    heard.ending = *ending;
    return heard;
}

Failure refused(const Command& command) {
    const auto ending = run(command, Stop{}.within(10s), 1s, {});
    REQUIRE_FALSE(ending.has_value());
    return ending.error();
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
        ++count;
    return count;
}

/// Zombies count as gone: who reaps them is not ours to say.
bool alive(pid_t pid) {
    const auto status = read_file(fmt::format("/proc/{}/stat", pid));
    if (!status.has_value()) return false;
    const std::size_t name_end = status->rfind(") ");
    return name_end != std::string::npos && (*status)[name_end + 2] != 'Z';
}

bool goes_away(pid_t pid) {
    for (int i = 0; i < 200 && alive(pid); ++i) Stop{}.sleep(10ms);
    return !alive(pid);
}

pid_t number_after(const Heard& heard, std::string_view prefix) {
    for (const std::string& line : heard.lines) {
        if (line.starts_with(prefix)) return std::atoi(line.c_str() + prefix.size());
    }
    return -1;
}

class Scratch {
  public:
    Scratch() { REQUIRE(::mkdtemp(name_) != nullptr); }

    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(name_, ignored);
    }

    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    std::string path(std::string_view name) const { return fmt::format("{}/{}", name_, name); }

    std::string file(std::string_view name, std::string_view text, mode_t mode) const {
        const UniqueFd fd{::open(path(name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0700)};
        REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        REQUIRE(::fchmod(fd.get(), mode) == 0);
        return path(name);
    }

  private:
    char name_[32]{"/tmp/ainit-child-XXXXXX"};
};

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("child: exit codes and signals come back as a shell says them") {
    struct Row {
        std::string script;
        int status;
        std::string text;
    };

    for (const auto& [script, status, text] : std::vector<Row>{
             {"exit 0", 0, "exited with 0"},
             {"exit 1", 1, "exited with 1"},
             {"exit 77", 77, "exited with 77"},
             {"exit 255", 255, "exited with 255"},
             {"kill -TERM $$", 143, "was ended by SIGTERM"},
             {"kill -KILL $$", 137, "was ended by SIGKILL"},
             {"kill -SEGV $$", 139, "was ended by SIGSEGV"},
         }) {
        CAPTURE(script);
        const Heard heard = hear(shell(script));
        CHECK(heard.ending.status == status);
        CHECK(heard.ending.text() == text);
        CHECK_FALSE(heard.ending.stopped);
        CHECK_FALSE(heard.ending.timed_out);
        CHECK(heard.lines.empty());
    }
}

TEST_CASE("child: each line of both streams comes as it is, the last one without a newline too") {
    const Heard heard =
        hear(shell("echo one; echo two >&2; printf 'three\\r\\n\\nfour'; printf five >&2"));
    Texts out;
    Texts err;
    for (const std::string& line : heard.lines)
        (line.starts_with("out") ? out : err).push_back(line);
    CHECK(out == Texts{"out one", "out three", "out ", "out four"});
    CHECK(err == Texts{"err two", "err five"});
}

TEST_CASE("child: lines come while the command runs") {
    Clock::time_point first{};
    const auto begin = Clock::now();
    const auto ending = run(shell("echo now; sleep 1; echo later"),
                            Stop{}.within(60s),
                            5s,
                            [&](Stream, std::string_view line) {
                                if (line == "now") first = Clock::now();
                            });
    REQUIRE(ending.has_value());
    CHECK(Clock::now() - begin >= 1s);
    CHECK(Clock::now() - first >= 900ms);
}

TEST_CASE("child: a line without end comes in pieces of 64 KiB") {
    const Heard heard = hear(shell("head -c 200000 /dev/zero | tr '\\0' x; echo; echo end"));
    REQUIRE(heard.lines.size() == 5);
    std::size_t total = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(heard.lines[i].size() <= 4 + 65'536);
        total += heard.lines[i].size() - 4;
    }
    CHECK(total == 200'000);
    CHECK(heard.lines[4] == "out end");
}

TEST_CASE("child: a long line is not cut within a secret, so that no half of it is printed") {
    const Secret secret{std::string{"marcasite/sphalerite \"ore\""}};
    const Texts spellings{secret.reveal(), "marcasite%2Fsphalerite%20%22ore%22"};
    for (const std::string& spelling : spellings) {
        for (std::size_t before = 65'536 - spelling.size(); before <= 65'537; ++before) {
            CAPTURE(before);
            // With the end of the line at hand, and long before it.
            const std::string script = fmt::format(
                "head -c {} /dev/zero | tr '\\0' y; printf %s '{}'; head -c {} /dev/zero | "
                "tr '\\0' z; echo",
                before,
                spelling,
                before % 2 == 0 ? 10 : 70'000);
            std::string printed;
            std::string whole;
            const LineSink sink = [&](Stream, std::string_view line) {
                whole += line;
                printed += scrub(line);
            };
            REQUIRE(run(shell(script), Stop{}.within(60s), 1s, sink).has_value());
            CHECK(printed.find("marc") == std::string::npos);
            CHECK(printed.find("ore") == std::string::npos);
            CHECK(printed.find("y<redacted>z") != std::string::npos);
            CHECK(whole.find("y" + spelling + "z") == before - 1);
        }
    }
}

TEST_CASE("child: a command does not outlive a program that is killed") {
    int told[2];
    REQUIRE(::pipe2(told, O_CLOEXEC) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const LineSink sink = [&](Stream, std::string_view line) {
            [[maybe_unused]] const auto sent = ::write(told[1], line.data(), line.size());
        };
        [[maybe_unused]] const auto ending =
            run(shell("echo $$; while :; do sleep 0.1; done"), Stop{}, 1s, sink);
        ::_exit(0);
    }
    char text[32]{};
    REQUIRE(::read(told[0], text, sizeof text - 1) > 0);
    const pid_t command = std::atoi(text);
    REQUIRE(command > 1);
    CHECK(alive(command));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    CHECK(goes_away(command));
    ::kill(-command, SIGKILL);
    ::close(told[0]);
    ::close(told[1]);
}

TEST_CASE("child: much output on both streams neither blocks the command nor is lost") {
    const Heard heard =
        hear(shell("i=0; while [ $i -lt 3000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done"));
    CHECK(heard.ending.status == 0);
    CHECK(heard.lines.size() == 6'000);
    CHECK(std::ranges::count(heard.lines, "out out2999") == 1);
    CHECK(std::ranges::count(heard.lines, "err err2999") == 1);
}

TEST_CASE("child: the environment is exactly what was given") {
    ::setenv("AINIT_TEST_OURS", "must not be seen", 1);
    Command command{{"/usr/bin/env"}, {"ONLY=this one", "EMPTY=", kPath}};
    CHECK(hear(command).lines == Texts{"out ONLY=this one", "out EMPTY=", "out " + kPath});
    command.environment.clear();
    CHECK(hear(command).lines.empty());
    ::unsetenv("AINIT_TEST_OURS");
}

TEST_CASE("child: what is inherited lacks the variables that hold our secrets") {
    ::setenv("AINIT_TEST_KEPT", "a=b", 1);
    ::setenv("AINIT_TEST_WITHHELD", "canary", 1);
    ::setenv("AINIT_TEST_WITHHELD_NOT", "longer name", 1);
    withhold_variable("AINIT_TEST_WITHHELD");
    const Texts inherited = inherited_environment();
    CHECK(std::ranges::count(inherited, "AINIT_TEST_KEPT=a=b") == 1);
    CHECK(std::ranges::count(inherited, "AINIT_TEST_WITHHELD_NOT=longer name") == 1);
    CHECK(std::ranges::none_of(
        inherited, [](const auto& text) { return text.starts_with("AINIT_TEST_WITHHELD="); }));
}

TEST_CASE("child: arguments and working directory arrive as they are") {
    const Scratch scratch;
    Command command{{"sh",
                     "-c",
                     "pwd; for a in \"$@\"; do echo \"[$a]\"; done",
                     "sh",
                     "",
                     "two words",
                     "$HOME;*"},
                    {kPath}};
    command.directory = scratch.path("");
    std::string folder = scratch.path("");
    folder.pop_back();
    CHECK(hear(command).lines ==
          Texts{"out " + folder, "out []", "out [two words]", "out [$HOME;*]"});
}

TEST_CASE("child: what cannot be executed comes back as a failure with the code of a shell") {
    const Scratch scratch;
    const std::string data = scratch.file("data", "#!/bin/sh\n", 0600);
    const std::string orphan = scratch.file("orphan", "#!/no/such/interpreter\n", 0700);
    const std::string garbage = scratch.file("garbage", "neither script nor program", 0700);

    struct Row {
        std::string name;
        int exit;
        std::string because;
    };

    for (const auto& [name, exit, because] : std::vector<Row>{
             {"no-such-command-anywhere", 127, "No such file or directory"},
             {"/no/such/command", 127, "No such file or directory"},
             {"", 127, "No such file or directory"},
             {data, 126, "Permission denied"},
             {scratch.path(""), 126, "Permission denied"},
             {orphan, 126, "its interpreter or loader does not exist"},
             {garbage, 126, "Exec format error"},
         }) {
        CAPTURE(name);
        const Failure failure = refused({{name}, {kPath}});
        CHECK(failure.exit_code() == exit);
        CHECK(failure.line() == fmt::format("cannot execute \"{}\": {}", name, because));
        CHECK(failure.state == "The command was not started.");
    }
    CHECK(refused({}).exit_code() == 127);
}

TEST_CASE("child: a working directory that is not there is not taken for a missing command") {
    Command command = shell("exit 0");
    command.directory = "/no/such/folder";
    const Failure failure = refused(command);
    CHECK(failure.exit_code() == 126);
    CHECK(failure.line() ==
          "cannot execute \"sh\" in \"/no/such/folder\": No such file or directory");
}

TEST_CASE("child: a name is looked up in the PATH of the command, past what is no program") {
    const Scratch scratch;
    std::filesystem::create_directories(scratch.path("a/tool"));
    std::filesystem::create_directories(scratch.path("b"));
    std::filesystem::create_directories(scratch.path("c"));
    scratch.file("b/tool", "#!/bin/sh\necho from b\n", 0600);
    scratch.file("c/tool", "#!/bin/sh\necho from c\n", 0700);
    const std::string a = scratch.path("a");
    const std::string b = scratch.path("b");
    const std::string c = scratch.path("c");
    CHECK(hear({{"tool"}, {fmt::format("PATH={}:{}:{}", a, b, c)}}).text() == "out from c");
    CHECK(refused({{"tool"}, {fmt::format("PATH={}:{}", a, b)}}).exit_code() == 126);
    CHECK(refused({{"tool"}, {fmt::format("PATH={}", a)}}).exit_code() == 127);
    CHECK(refused({{"sh"}, {"PATH="}}).exit_code() == 127);
    CHECK(hear({{"sh", "-c", "echo default"}, {}}).text() == "out default");
}

TEST_CASE("child: no descriptor but the standard ones is passed on, and none is left with us") {
    // As if we had been started with it: it is not close-on-exec.
    const UniqueFd leaked{::open("/dev/null", O_RDONLY)};
    REQUIRE(leaked.valid());
    const std::size_t before = open_descriptors();
    const Heard heard = hear(shell("exec ls /proc/self/fd"));
    // ls itself opens 3 to read the folder.
    CHECK(heard.lines == Texts{"out 0", "out 1", "out 2", "out 3"});
    CHECK(refused({{"/no/such/command"}, {}}).exit_code() == 127);
    CHECK(refused(Command{{"sh"}, {kPath}, "/no/such/folder"}).exit_code() == 126);
    CHECK(open_descriptors() == before);
}

TEST_CASE("child: a command whose output we read has nothing to read itself") {
    const Heard heard = hear(shell("readlink /proc/self/fd/0; read answer || echo nobody answers"));
    CHECK(heard.lines == Texts{"out /dev/null", "out nobody answers"});
}

TEST_CASE("child: signals are neither blocked nor ignored there, whatever they are with us") {
    sigset_t some;
    sigset_t mask;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &some, &mask);
    struct sigaction ignore{};
    struct sigaction before{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before);
    const Heard heard =
        hear(Command{{"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}, {kPath}});
    sigset_t now;
    ::pthread_sigmask(SIG_SETMASK, &mask, &now);
    ::sigaction(SIGPIPE, &before, nullptr);
    CHECK(heard.lines == Texts{"out SigBlk:\t0000000000000000", "out SigIgn:\t0000000000000000"});
    CHECK(sigismember(&now, SIGTERM) == 1);
    CHECK(sigismember(&now, SIGHUP) == 0);
}

TEST_CASE("child: the mask that we were started with is the command's") {
    sigset_t some;
    sigset_t mask;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR2);
    ::pthread_sigmask(SIG_BLOCK, &some, &mask);
    remember_signals();
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    const Heard heard = hear(Command{{"grep", "SigBlk", "/proc/self/status"}, {kPath}});
    remember_signals();
    CHECK(heard.text() == fmt::format("out SigBlk:\t{:016x}", 1U << (SIGUSR2 - 1)));
}

TEST_CASE("child: it leads a process group of its own") {
    const Heard heard = hear(shell(
        "echo pid $$; read -r pid name state parent group rest </proc/$$/stat; echo group $group"));
    CHECK(number_after(heard, "out pid ") > 0);
    CHECK(number_after(heard, "out pid ") == number_after(heard, "out group "));
    CHECK(number_after(heard, "out pid ") != ::getpgrp());
}

TEST_CASE("child: at a request the command gets TERM and may end in good order") {
    StopSource source;
    std::thread other{[&] {
        Stop{}.sleep(300ms);
        source.request(SIGTERM);
    }};
    const Heard heard = hear(
        shell(
            "exec 2>/dev/null; trap 'echo rolled back; exit 3' TERM; while :; do sleep 0.05; done"),
        Stop{source},
        30s);
    other.join();
    CHECK(heard.text() == "out rolled back");
    CHECK(heard.ending.status == 3);
    CHECK(heard.ending.stopped);
    CHECK_FALSE(heard.ending.timed_out);
    CHECK(heard.took < 20s);
}

TEST_CASE("child: at the deadline likewise, and the ending tells them apart") {
    const Heard heard = hear(shell("exec sleep 60"), Stop{}.within(200ms), 30s);
    CHECK(heard.ending.status == 143);
    CHECK(heard.ending.timed_out);
    CHECK_FALSE(heard.ending.stopped);
    CHECK(heard.took >= 200ms);
    CHECK(heard.took < 20s);
}

TEST_CASE("child: who ignores TERM is killed after the grace, children and all") {
    const Heard heard = hear(shell("trap '' TERM; sleep 61 & echo child $!; wait; sleep 61"),
                             Stop{}.within(300ms),
                             300ms);
    CHECK(heard.ending.status == 137);
    CHECK(heard.ending.timed_out);
    CHECK(heard.took >= 600ms);
    CHECK(heard.took < 20s);
    REQUIRE(number_after(heard, "out child ") > 0);
    CHECK(goes_away(number_after(heard, "out child ")));
}

TEST_CASE(
    "child: at a stop the children of the command get the grace too, though it ended itself at "
    "once") {
    const Heard heard =
        hear(shell("exec 2>/dev/null; sh -c 'trap \"sleep 0.4; echo child rolled back; exit\" "
                   "TERM; echo ready; while :; do sleep 0.05; done' & wait"),
             Stop{}.within(500ms),
             30s);
    CHECK(heard.ending.status == 143);
    CHECK(heard.text() == "out ready\nout child rolled back");
    CHECK(heard.took < 20s);
}

TEST_CASE("child: one that is stopped by a signal hears the TERM all the same") {
    const Heard heard = hear(shell("kill -STOP $$; exit 5"), Stop{}.within(300ms), 10s);
    CHECK(heard.ending.status == 143);
    CHECK(heard.took < 8s);
}

TEST_CASE("child: endless output does not hide the deadline") {
    std::size_t lines = 0;
    const auto begin = Clock::now();
    const auto ending = run(
        {{"yes"}, {kPath}}, Stop{}.within(200ms), 5s, [&](Stream, std::string_view) { ++lines; });
    REQUIRE(ending.has_value());
    CHECK(ending->timed_out);
    CHECK(lines > 0);
    CHECK(Clock::now() - begin < 20s);
}

TEST_CASE("child: a request that came before leaves no command running") {
    StopSource source;
    source.request(SIGTERM);
    const Heard heard = hear(shell("exec sleep 60"), Stop{source}, 10s);
    CHECK(heard.ending.stopped);
    CHECK(heard.took < 8s);
}

TEST_CASE("child: a process left behind with the output open neither holds us up nor stays") {
    const Heard heard = hear(shell("sleep 62 & echo child $!; exit 4"));
    CHECK(heard.ending.status == 4);
    CHECK(heard.took < 20s);
    REQUIRE(number_after(heard, "out child ") > 0);
    CHECK(goes_away(number_after(heard, "out child ")));
}

TEST_CASE("child: a process left behind with its output elsewhere does not stay either") {
    const Heard heard = hear(shell("sleep 63 >/dev/null 2>&1 & echo child $!; exit 0"));
    REQUIRE(number_after(heard, "out child ") > 0);
    CHECK(goes_away(number_after(heard, "out child ")));
}

TEST_CASE("child: what a pipeline still holds when the command ends is not lost") {
    const Heard heard = hear(shell("(sleep 0.03; echo last words) & exit 0"));
    CHECK(heard.text() == "out last words");
}

TEST_CASE("child: one that has left the group with the output open does not hold us up") {
    const Heard heard = hear(shell("setsid sleep 5 & echo started; exit 0"));
    CHECK(heard.text() == "out started");
    CHECK(heard.took < 4s);
}

TEST_CASE("child: with inherited output the command writes where we write") {
    auto child = spawn(shell("[ -t 3 ] && exit 9; exit 6"), Output::inherit);
    REQUIRE(child.has_value());
    CHECK(child->pidfd.valid());
    CHECK_FALSE(child->out.valid());
    CHECK_FALSE(child->err.valid());
    int status = 0;
    REQUIRE(::waitpid(child->pid, &status, 0) == child->pid);
    CHECK(WEXITSTATUS(status) == 6);
}

TEST_CASE("child: standard descriptors that are closed with us do not mix up the command's") {
    const pid_t pid = ::fork();
    if (pid == 0) {
        for (const int fd : {0, 1, 2}) ::close(fd);
        std::string heard;
        const auto ending =
            run(shell("echo out; echo err >&2; ls /proc/self/fd | wc -l"),
                Stop{}.within(30s),
                1s,
                [&](Stream stream, std::string_view line) {
                    heard += fmt::format("{}{};", stream == Stream::out ? 'o' : 'e', line);
                });
        const bool good = ending.has_value() && heard.find("oout;") != std::string::npos &&
                          heard.find("eerr;") != std::string::npos &&
                          heard.find("o4;") != std::string::npos;
        ::_exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
}

TEST_CASE("child: a TERM that reaches the child before its exec never reaches us") {
    // The handler writes to what both share until the exec, as an event loop's does.
    static int told[2];
    REQUIRE(::pipe2(told, O_CLOEXEC | O_NONBLOCK) == 0);
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = [](int) { [[maybe_unused]] const auto written = ::write(told[1], "x", 1); };
    ::sigaction(SIGTERM, &action, &before);
    int ended = 0;
    for (int i = 0; i < 100; ++i) {
        auto child = spawn({{"sleep", "64"}, {kPath}}, Output::inherit);
        REQUIRE(child.has_value());
        ::kill(child->pid, SIGTERM);
        int status = 0;
        ::waitpid(child->pid, &status, 0);
        ended += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? 1 : 0;
    }
    ::sigaction(SIGTERM, &before, nullptr);
    char byte = 0;
    CHECK(ended == 100);
    CHECK(::read(told[0], &byte, 1) == -1);
    ::close(told[0]);
    ::close(told[1]);
}

TEST_CASE("child: threads may run commands at once") {
    const std::size_t before = open_descriptors();
    std::vector<std::thread> threads;
    std::mutex mutex;
    Texts heard;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i) {
                const auto ending = run(shell(fmt::format("echo {}-{}; exit {}", t, i, i)),
                                        Stop{}.within(60s),
                                        1s,
                                        [&](Stream, std::string_view line) {
                                            const std::lock_guard guard{mutex};
                                            heard.emplace_back(line);
                                        });
                if (!ending.has_value() || ending->status != i) std::abort();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(heard.size() == 40);
    CHECK(open_descriptors() == before);
}

TEST_CASE("child: become() is gone into the command, with its pid, environment and folder") {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    const UniqueFd leaked{::open("/dev/null", O_RDONLY)};
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(fds[1], STDOUT_FILENO);
        ::signal(SIGPIPE, SIG_IGN);
        Command command = shell(
            "echo $$ $VALUE $PWD $(grep SigIgn /proc/self/status | cut -f2); ls /proc/$$/fd | tail "
            "-1; exit 9");
        command.environment.emplace_back("VALUE=given");
        command.directory = "/usr";
        const Failure failure = become(command);
        ::_exit(failure.exit_code());
    }
    ::close(fds[1]);
    std::string heard(1'000, '\0');
    std::size_t size = 0;
    ssize_t got = 0;
    while ((got = ::read(fds[0], heard.data() + size, heard.size() - size)) > 0)
        size += static_cast<std::size_t>(got);
    heard.resize(size);
    ::close(fds[0]);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(WEXITSTATUS(status) == 9);
    CHECK(heard.starts_with(fmt::format("{} given /usr 0000000000000000\n", pid)));
}

TEST_CASE("child: become() comes back when it cannot, and says why") {
    CHECK(become({{"no-such-command-anywhere"}, {kPath}}).exit_code() == 127);
    Command command = shell("exit 0");
    command.directory = "/no/such/folder";
    CHECK(become(command).exit_code() == 126);
}

TEST_SUITE_END();
