// SPDX-License-Identifier: Apache-2.0
// Several services with real processes: order, readiness, restarts, and the end.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "services/supervisor.h"

using namespace ainit;
using namespace std::chrono_literals;
using services::End;
using services::Restart;
using services::Service;
using services::State;
using services::Supervisor;

namespace {

constexpr Duration kPatience = 20s;

struct Folder {
    Folder() : path{std::filesystem::temp_directory_path() / ("alkemio-init-services." + std::to_string(::getpid()))} {
        std::filesystem::create_directories(path);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::vector<std::string> lines() const {
        auto text = read_file(path / "told");
        if (!text) return {};
        std::vector<std::string> all = split(*text, '\n');
        std::erase(all, "");
        return all;
    }

    std::filesystem::path path;
};

/// A service that tells of itself in the folder's file.
Service service(const Folder& folder, const std::string& name, const std::string& script, std::vector<std::string> needs = {}) {
    Service made;
    made.name = name;
    made.needs = std::move(needs);
    made.command.arguments = {"/bin/sh", "-c", "tell() { echo \"$NAME $1\" >> told; }\n" + script};
    made.command.environment = {"PATH=/usr/bin:/bin", "NAME=" + name};
    made.command.directory = folder.path;
    made.rules.backoff = 1ms;
    made.rules.longest_backoff = 1ms;
    made.rules.grace = 2s;
    made.rules.ready_timeout = 5s;
    return made;
}

constexpr const char* kServe = "trap 'tell ended; exit 0' TERM; tell started; while :; do sleep 0.02; done";

/// Runs services until all have ended; `looked` is asked after each change.
class Stage {
  public:
    explicit Stage(std::vector<Service> all, Duration deadline = 9s)
        : supervisor{loop, std::move(all), {deadline, false},
                     {[this](const std::string& target, std::function<void(const std::string&)> done) {
                          const bool there = ::access(target.substr(5).c_str(), F_OK) == 0;
                          loop.post([done = std::move(done), there] { done(there ? "" : "not there"); });
                      },
                      {},
                      [this] { if (looked) loop.post([this] { if (looked) looked(); }); },
                      {},
                      {},
                      [this](const End& all_of_it) {
                          end = all_of_it;
                          over = true;
                          loop.quit();
                      }}} {
        loop.adopt_orphans();
        patience.set(kPatience, [this] { loop.quit(); });
    }

    State state(const std::string& name) const {
        for (const auto& one : supervisor.status()) {
            if (one.name == name) return one.state;
        }
        return State::failed;
    }

    void run() {
        supervisor.start();
        loop.run();
        REQUIRE(over);
    }

    system::Loop loop{};
    system::Timer patience{loop.timer()};
    std::function<void()> looked{};
    End end{};
    bool over{false};
    Supervisor supervisor;
};

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("supervisor: each starts as soon as its own needs are there, and they end in reverse") {
    const Folder folder;
    Stage stage{{service(folder, "web", kServe, {"api"}), service(folder, "api", kServe, {"database"}), service(folder, "other", kServe)}};
    bool released = false;
    stage.looked = [&] {
        if (!released && stage.state("other") == State::ready) {
            CHECK(stage.state("api") == State::waiting);
            CHECK(stage.supervisor.status()[1].missing == std::vector<std::string>{"database"});
            released = true;
            stage.supervisor.release("database");
        }
        // The shell behind a service that is ready at once has not set its trap yet.
        if (stage.supervisor.all_ready() && folder.lines().size() == 3) stage.supervisor.stop(SIGTERM);
        else if (stage.supervisor.all_ready()) stage.loop.post(stage.looked);
    };
    stage.run();
    const std::vector<std::string> told = folder.lines();
    REQUIRE(told.size() == 6);
    const auto at = [&](const std::string& line) { return std::ranges::find(told, line) - told.begin(); };
    CHECK(at("web ended") < at("api ended"));
    CHECK(stage.end.code == 0);
    CHECK(stage.end.killed.empty());
}

TEST_CASE("supervisor: services are restarted one after the other, in the order of their needs") {
    const Folder folder;
    constexpr const char* kSlow = "trap 'tell ended; exit 0' TERM; tell started; sleep 0.2; tell up; echo >&3; while :; do sleep 0.02; done";
    std::vector<Service> all{service(folder, "web", kSlow, {"middle"}), service(folder, "middle", kSlow, {"api"}),
                             service(folder, "api", kSlow), service(folder, "other", kSlow), service(folder, "waits", kSlow, {"nobody"})};
    for (Service& one : all) one.ready = "fd:3";
    Stage stage{std::move(all)};
    int asked = 0;
    std::map<std::string, pid_t> before;
    stage.looked = [&] {
        if (folder.lines().size() < 8) return;
        const auto now = stage.supervisor.status();
        const bool ready = std::ranges::all_of(now, [](const auto& one) { return one.state == State::ready || one.name == "waits"; });
        if (ready && asked == 0) {
            for (const auto& one : now) before[one.name] = one.pid;
            stage.supervisor.restart({"web", "api", "waits", "unknown"});
            // Asked again while it is under way nothing is restarted twice but what runs already with what is old.
            stage.supervisor.restart({"web"});
            asked = 1;
        } else if (ready && asked == 1 && now[0].pid != before["web"] && now[2].pid != before["api"]) {
            asked = 2;
            CHECK(now[1].pid == before["middle"]);
            CHECK(now[3].pid == before["other"]);
            CHECK(now[4].pid == -1);
            CHECK(now[0].restarts == 1);
            CHECK(now[2].restarts == 1);
            stage.supervisor.stop(SIGTERM);
        }
    };
    stage.run();
    REQUIRE(asked == 2);
    const std::vector<std::string> told = folder.lines();
    const std::vector<std::string> again{told.begin() + 8, told.begin() + 14};
    CHECK(again == std::vector<std::string>{"api ended", "api started", "api up", "web ended", "web started", "web up"});
    CHECK(stage.end.code == 0);
}

TEST_CASE("supervisor: who does not become ready again keeps the others from their restart, and the end from nothing") {
    const Folder folder;
    Service api = service(folder, "api", "if [ -e once ]; then exit 3; fi; touch once; trap 'tell ended; exit 0' TERM; echo >&3; while :; do sleep 0.02; done");
    api.ready = "fd:3";
    api.rules.limit = 2;
    Stage stage{{service(folder, "web", kServe, {"api"}), api}};
    bool asked = false;
    stage.looked = [&] {
        if (asked || !stage.supervisor.all_ready()) return;
        if (folder.lines().empty()) return stage.loop.post(stage.looked);
        asked = true;
        stage.supervisor.restart({"api", "web"});
    };
    stage.run();
    CHECK(stage.end.code == 50);
    CHECK(folder.lines() == std::vector<std::string>{"web started", "api ended", "web ended"});
}

TEST_CASE("supervisor: a service says itself when it is ready") {
    const Folder folder;
    const std::string serve = "; tell ready; while :; do sleep 0.02; done";
    const std::map<std::string, std::string> ways{
        {"fd:4", "sleep 0.2; echo >&4" + serve},
        {"log:listening on", "sleep 0.2; echo 'now listening on 80'" + serve},
        {"alive:200ms", "true" + serve},
        {"file:" + (folder.path / "there").string(), "sleep 0.2; touch there" + serve},
        {"notify", "sleep 0.2; python3 -c 'import os, socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
                   "s.sendto(b\"STATUS=warming up\\nREADY=1\", \"\\0\" + os.environ[\"NOTIFY_SOCKET\"][1:])'" + serve},
    };
    for (const auto& [how, script] : ways) {
        CAPTURE(how);
        Service one = service(folder, "one", "trap 'exit 0' TERM; " + script);
        one.ready = how;
        one.main = true;
        one.rules.restart = Restart::never;
        Stage stage{{one, service(folder, "next", "tell came; exec sleep 60", {"one"})}};
        Duration until_ready{0};
        stage.looked = [&] {
            if (stage.state("next") != State::ready || stage.supervisor.stopping()) return;
            until_ready = stage.supervisor.status()[0].until_ready.value_or(0ms);
            if (how == "notify") CHECK(stage.supervisor.status()[0].said == "warming up");
            stage.supervisor.stop(SIGTERM);
        };
        stage.run();
        CHECK(until_ready >= 190ms);
        CHECK(stage.end.code == 0);
        std::filesystem::remove(folder.path / "there");
    }
}

TEST_CASE("supervisor: a service that fails too often ends all, with its last lines") {
    const Folder folder;
    Service bad = service(folder, "bad", "echo 'no configuration' >&2; exit 3");
    bad.rules.limit = 2;
    bad.output = services::OutputMode::json;
    Stage stage{{service(folder, "good", kServe), bad}};
    stage.run();
    CHECK(stage.end.code == 50);
    REQUIRE(stage.end.failures.size() == 1);
    CHECK(stage.end.failures[0].line() == "cannot keep service \"bad\" running: it exited with 3, and was started again 2 times");
    CHECK(stage.end.failures[0].excerpt == "no configuration");
}

TEST_CASE("supervisor: a service that is not ready in time is ended, and says so") {
    const Folder folder;
    Service slow = service(folder, "slow", "trap '' TERM; while :; do sleep 0.02; done");
    slow.ready = "log:never";
    slow.rules.ready_timeout = 300ms;
    slow.rules.grace = 100ms;
    slow.rules.limit = 1;
    Stage stage{{slow}};
    stage.run();
    REQUIRE(stage.end.failures.size() == 1);
    CHECK(stage.end.failures[0].because == "it was not ready within 300 ms, and was started again 1 time");
    CHECK(stage.end.killed == std::vector<std::string>{"slow", "slow"});
}

TEST_CASE("supervisor: a thousand restarts leave no descriptor and no process behind") {
    const Folder folder;
    Service busy;
    busy.name = "busy";
    busy.command.arguments = {"/bin/true"};
    busy.rules.restart = Restart::always;
    busy.rules.limit = 1000;
    busy.rules.backoff = busy.rules.longest_backoff = 0ms;
    busy.ready = "fd:3";
    Stage stage{{busy}};
    std::size_t most_at_first = 0;
    std::size_t most_at_last = 0;
    stage.looked = [&] {
        const int restarts = stage.supervisor.status()[0].restarts;
        if (restarts < 100) most_at_first = std::max(most_at_first, open_descriptors());
        if (restarts > 900) most_at_last = std::max(most_at_last, open_descriptors());
    };
    stage.run();
    CHECK(stage.supervisor.status()[0].restarts == 1000);
    CHECK(most_at_first > 0);
    CHECK(most_at_last > 0);
    // One of them living has more than one that has ended: what stays of each would be hundreds.
    CHECK(most_at_last < most_at_first + 10);
    CHECK(system::descendants().empty());
}

TEST_CASE("supervisor: all have one deadline together") {
    const Folder folder;
    Service deaf = service(folder, "deaf", "trap '' TERM; tell started; while :; do sleep 0.02; done");
    deaf.rules.grace = 10s;
    Stage stage{{deaf, service(folder, "needed", kServe)}, 2s};
    stage.looked = [&] {
        if (folder.lines().size() == 2 && !stage.supervisor.stopping()) stage.supervisor.stop(SIGTERM);
        else if (!stage.supervisor.stopping()) stage.loop.post(stage.looked);
    };
    const auto began = Clock::now();
    stage.run();
    CHECK(Clock::now() - began < 8s);
    CHECK(stage.end.killed == std::vector<std::string>{"deaf"});
}

TEST_CASE("supervisor: a command of somebody else in this program is left alone at the end") {
    const Folder folder;
    Command tool;
    tool.arguments = {"/bin/sh", "-c", "sleep 600 & wait"};
    auto child = spawn(tool, ainit::Output::inherit);
    REQUIRE(child.has_value());
    Service one = service(folder, "one", "setsid sleep 600 & true");
    one.rules.restart = Restart::never;
    Stage stage{{one}};
    stage.run();
    CHECK(stage.end.killed.empty());
    CHECK(::kill(child->pid, 0) == 0);
    // The shell and its child, and nothing of the service.
    CHECK(system::descendants().size() == 2);
    ::kill(-child->pid, SIGKILL);
    ::waitpid(child->pid, nullptr, 0);
    forget_child(child->pid);
}

TEST_CASE("supervisor: another user, by number") {
    if (::geteuid() != 0) return;
    const Folder folder;
    std::filesystem::permissions(folder.path, std::filesystem::perms::all);
    auto nobody = identity_of("65534", "12345");
    REQUIRE(nobody.has_value());
    Service one = service(folder, "one", "tell \"$(id -u) $(id -g) $(id -G)\"");
    one.command.identity = *nobody;
    one.rules.restart = Restart::never;
    Stage stage{{one}};
    stage.run();
    CHECK(folder.lines() == std::vector<std::string>{"one 65534 12345 12345"});
    CHECK(stage.end.code == 0);
    CHECK(identity_of("nobody-knows", "").error().line() == "cannot run as user \"nobody-knows\": the system knows no such user");
    CHECK(identity_of("root", "no-such-group").error().line() == "cannot run as group \"no-such-group\": the system knows no such group");
}

TEST_SUITE_END();
