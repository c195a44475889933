// SPDX-License-Identifier: Apache-2.0
// The same scripts by Node and by the engine: what they print must be equal, line by line.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/file.h"
#include "base/text.h"
#include "project.h"

using namespace ainit;
using namespace ainit::script;
using namespace ainit::script::test;

namespace {

std::string fixture(const std::string& name) {
    return read_file(std::string{ALKEMIO_INIT_SOURCE} + "/tests/process/script/" + name).value();
}

std::vector<std::string> lines_of(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    return split(text, '\n');
}

std::vector<std::string> by_node(const Project& project, const std::string& file) {
    const std::string command = "cd '" + project.folder() +
                                "' && env -i PATH=\"$PATH\" TZ=\"$TZ\" SEEN=yes node --no-warnings " + file +
                                " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string out;
    std::array<char, 4096> some{};
    for (std::size_t got = 0; (got = std::fread(some.data(), 1, some.size(), pipe)) > 0;)
        out.append(some.data(), got);
    CAPTURE(out);
    REQUIRE(::pclose(pipe) == 0);
    return lines_of(out);
}

std::vector<std::string> by_us(Project& project, const std::string& file) {
    Options options = project.options();
    options.environment = {"SEEN=yes"};
    auto engine = Project::engine(std::move(options));
    auto ran = engine->run_main(file);
    if (ran) ran = engine->settle(*ran);
    const auto rest = ran ? engine->drain() : Answer<void>{ran.error()};
    if (!rest) project.printed.push_back("ended by " + rest.error().report());
    engine.reset();
    return project.printed;
}

void compare(Project& project, const std::string& file) {
    const std::vector<std::string> node = by_node(project, file);
    const std::vector<std::string> ours = by_us(project, file);
    for (std::size_t at = 0; at < std::max(node.size(), ours.size()); ++at) {
        CAPTURE(at + 1);
        // The engine takes JSON without the attribute that Node asks for, since QuickJS has none.
        if (at < node.size() && node[at].ends_with(" ERR_IMPORT_ASSERTION_TYPE_MISSING")) continue;
        CHECK((at < ours.size() ? ours[at] : "(nothing)") ==
              (at < node.size() ? node[at] : "(nothing)"));
    }
    CHECK(node.size() > 1);
}

/// A tree of files from one text: "--- name" before each.
void unpack(const Project& project, const std::string& text) {
    std::string name;
    std::string content;
    for (const std::string& line : split(text + "\n--- ", '\n')) {
        if (!line.starts_with("--- ")) {
            content += line + "\n";
            continue;
        }
        if (!name.empty()) project.file(name, content);
        name = line.substr(4);
        content.clear();
    }
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("script: Node's modules print what they print in Node") {
    for (const char* name : {"path",
                             "buffer",
                             "util",
                             "events",
                             "order",
                             "web",
                             "crypto",
                             "files",
                             "streams",
                             "process"}) {
        CAPTURE(std::string{name});
        Project project;
        project.file("main.js", fixture(std::string{"node/"} + name + ".js"));
        project.file("data/text.txt", "some text with é\n");
        project.file("data/inner/deep.txt", "deep\n");
        project.link("data/link", "text.txt");
        compare(project, "main.js");
    }
}

TEST_CASE("script: local times are the instants that they are in Node") {
    const char* before = std::getenv("TZ");
    const std::string kept = before == nullptr ? "" : before;
    for (const char* zone : {"UTC",
                             "Europe/Amsterdam",
                             "America/St_Johns",
                             "Africa/Casablanca",
                             "Australia/Lord_Howe",
                             "Asia/Kolkata"}) {
        CAPTURE(std::string{zone});
        ::setenv("TZ", zone, 1);
        ::tzset();
        Project project;
        project.file("main.js", fixture("node/dates.js"));
        compare(project, "main.js");
    }
    before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
    ::tzset();
}

TEST_CASE("script: specifiers lead to the files and errors that they lead to in Node") {
    Project project;
    unpack(project, fixture("resolution.txt"));
    project.link("node_modules/linked", "../store/linked@1/node_modules/linked");
    compare(project, "main.js");
}

TEST_CASE("script: a module that is missing is named with all who led to it, as in Node") {
    Project project;
    project.file("main.js", "try { require('./one'); } catch (error) { console.log(error.code, error.message, error.requireStack); }\n");
    project.file("one.js", "require('./lib/two');\n");
    project.file("lib/two.js", "require('gone');\n");
    compare(project, "main.js");
}

TEST_SUITE_END();
