// SPDX-License-Identifier: Apache-2.0
// Signals to programs that are not our own: by a pid file and by the program's name.
#include "services/tell.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/stop.h"
#include "system/loop.h"

using namespace ainit;
using namespace std::chrono_literals;
using services::Recipient;
using services::send_signal;

namespace {

namespace fs = std::filesystem;

/// A program of a name of its own, with a worker of the same name, that ends with the number of the signal it gets.
class Dependent {
  public:
    Dependent() {
        char pattern[] = "/tmp/alkemio-init-tell.XXXXXX";
        folder_ = ::mkdtemp(pattern);
        name_ = "dep" + std::to_string(::getpid());
        const std::string program = folder_ + "/" + name_;
        std::ofstream{program} << "#!/bin/sh\n"
                                  "trap 'kill $worker; exit 21' HUP\n"
                                  "trap 'kill $worker; exit 22' USR1\n"
                                  "(while :; do sleep 0.05; done) &\n"
                                  "worker=$!\n"
                                  "echo $$ >\"" << folder_ << "/ready\"\n"
                                  "while :; do wait; done\n";
        fs::permissions(program, fs::perms::owner_all);
        auto child = spawn({{program}, {"PATH=/usr/bin:/bin"}}, Output::inherit);
        REQUIRE(child.has_value());
        pid_ = child->pid;
        const auto patience = Clock::now() + 20s;
        while (!fs::exists(folder_ + "/ready") && Clock::now() < patience) ::usleep(5'000);
        REQUIRE(fs::exists(folder_ + "/ready"));
    }

    ~Dependent() {
        ::kill(-pid_, SIGKILL);
        if (!ended_) end();
        fs::remove_all(folder_);
    }

    Dependent(const Dependent&) = delete;
    Dependent& operator=(const Dependent&) = delete;

    int end() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        forget_child(pid_);
        ended_ = true;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::string file(const std::string& text) const {
        const std::string path = folder_ + "/pid";
        std::ofstream{path} << text;
        return path;
    }

    pid_t pid() const { return pid_; }
    const std::string& name() const { return name_; }

  private:
    std::string folder_;
    std::string name_;
    pid_t pid_{-1};
    bool ended_{false};
};

std::string refused(const Recipient& to) {
    const auto sent = send_signal(to, SIGHUP);
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().code == Code::dependent_untold);
    CHECK(sent.error().what == "cannot send SIGHUP");
    return sent.error().because;
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("tell: the process of a pid file gets the signal") {
    Dependent dependent;
    // As PostgreSQL's postmaster.pid: more lines follow.
    const std::string path = dependent.file(std::to_string(dependent.pid()) + "\n/var/lib/data\n");
    const auto sent = send_signal({path, dependent.name()}, SIGHUP);
    REQUIRE(sent.has_value());
    CHECK(*sent == "process " + std::to_string(dependent.pid()));
    CHECK(dependent.end() == 21);
}

TEST_CASE("tell: a program of that name gets the signal once, and its workers do not") {
    Dependent dependent;
    const auto sent = send_signal({"", dependent.name()}, SIGUSR1);
    REQUIRE(sent.has_value());
    CHECK(*sent == "process " + std::to_string(dependent.pid()));
    CHECK(dependent.end() == 22);
}

TEST_CASE("tell: whoever is not meant gets no signal") {
    Dependent dependent;
    CHECK(refused({"/nowhere/pid", ""}).find("/nowhere/pid") != std::string::npos);
    for (const char* text : {"", "0\n", "-1\n", "1x\n", "99999999999999999999\n", "\n"}) {
        CAPTURE(text);
        CHECK(refused({dependent.file(text), ""}).ends_with("does not begin with a process's number"));
    }
    const std::string pid = std::to_string(dependent.pid());
    CHECK(refused({dependent.file(pid + "\n"), "another"}) == "process " + pid + " is not called \"another\"");
    CHECK(refused({"", "no-such-program"}) == "no process called \"no-such-program\" can be seen from here");
    CHECK(::kill(dependent.pid(), 0) == 0);
    ::kill(dependent.pid(), SIGKILL);
    dependent.end();
    CHECK(refused({dependent.file(pid + "\n"), ""}) == "there is no process " + pid);
}

TEST_SUITE_END();
