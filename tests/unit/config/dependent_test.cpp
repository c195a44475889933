// SPDX-License-Identifier: Apache-2.0
// [[dependent]]: what it fills, and what is wrong with it.
#include <csignal>

#include <doctest/doctest.h>

#include "config/needs.h"
#include "unit/config/loading.h"

using namespace ainit;
using test::failures;
using test::parse;

namespace {

const std::string kDatabases = "[[role]]\nname = \"kratos\"\n[[database]]\nname = \"kratos\"\nowner = \"kratos\"\n[[database]]\nname = \"hydra\"\n"
                               "owner = \"kratos\"\n";

/// One dependent with these lines, the first of which is line 10 of the file.
config::Loaded dependent(const std::string& lines) {
    return parse(kDatabases + "[[dependent]] # 9\n" + lines + (lines.find("name =") == std::string::npos ? "name = \"d\"\n" : ""));
}

std::string needs(const config::Loaded& loaded) {
    std::string out;
    for (const config::Need& need : config::needs_of(loaded.config, loaded.config.dependents.at(0))) out += need.text() + " ";
    return out;
}

bool refused(const std::string& lines, const std::string& message) {
    const std::string all = failures(dependent(lines));
    CAPTURE(all);
    CHECK(all.find(message) != std::string::npos);
    return all.find(message) != std::string::npos;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("dependent: every key has its place") {
    const auto by_signal = dependent("name = \"proxy\"\nneeds = [\"kratos\"]\non = \"changed\"\nsignal = \"HUP\"\npid_file = \"/run/proxy.pid\"\n"
                                     "process = \"proxy\"\ntimeout = \"3s\"\n");
    CHECK(failures(by_signal) == "");
    const config::Dependent& one = by_signal.config.dependents.at(0);
    CHECK(one.name == "proxy");
    CHECK(one.on == std::vector<std::string>{"changed"});
    CHECK(one.signal == SIGHUP);
    CHECK(one.pid_file == "/run/proxy.pid");
    CHECK(one.process == "proxy");
    CHECK(one.timeout == Duration{3'000});
    CHECK(needs(by_signal) == "database=kratos ");

    const auto by_url = dependent("url = \"http://proxy:8080/-/reload\"\nmethod = \"PUT\"\n");
    CHECK(failures(by_url) == "");
    CHECK(by_url.config.dependents.at(0).method == "PUT");
    CHECK(needs(by_url) == "database=kratos database=hydra ");

    CHECK(failures(dependent("channel = \"provisioned\"\ndatabase = \"kratos\"\n")) == "");
    CHECK(failures(dependent("command = [\"touch\", \"/run/there\"]\n")) == "");
}

TEST_CASE("dependent: what is wrong with it") {
    CHECK(refused("", "cannot tell dependent \"d\": nothing says how"));
    CHECK(refused("signal = \"HUP\"\n", "cannot send a signal to dependent \"d\": nothing says which process it is"));
    CHECK(refused("signal = \"HOP\"\nprocess = \"x\"\n", "there is no such signal"));
    CHECK(refused("process = \"x\"\ncommand = [\"true\"]\n", "cannot use process in dependent \"d\": there is no signal"));
    CHECK(refused("signal = \"HUP\"\nprocess = \"x\"\nurl = \"http://a/\"\n", "cannot use url in dependent \"d\": it is told by signal"));
    CHECK(refused("url = \"tcp://a:1\"\n", "cannot use \"tcp://a:1\" as \"url\""));
    for (const char* user : {"u", "u:", "u:canary", "u:canary:b@c"}) {
        const std::string by_url = fmt::format("url = \"https://{}@a:443/\"\n", user);
        CHECK(refused(by_url, "as \"url\" in dependent \"d\": a user and password would not be sent"));
        CHECK(failures(dependent(by_url)).find("canary") == std::string::npos);
    }
    CHECK(refused("url = \"http://a/\"\nmethod = \"DELETE\"\n", "method"));
    CHECK(refused("channel = \"c\"\n", "cannot use channel in dependent \"d\": there is no database"));
    CHECK(refused("channel = \"c\"\ndatabase = \"kratoss\"\n", "kratoss"));
    CHECK(refused("command = [\"true\"]\nneeds = \"kratoss\"\n", "did you mean \"kratos\"?"));
    CHECK(refused("command = [\"true\"]\non = \"redy\"\n", "it is neither \"ready\" nor \"changed\""));
    CHECK(refused("command = [\"echo\", \"${dsn}\"]\n", "a dependent is given no login"));
}

TEST_SUITE_END();
