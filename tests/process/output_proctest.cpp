// SPDX-License-Identifier: Apache-2.0
// What a service writes, on its way to whoever reads us.
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "services/output.h"

using namespace ainit;
using namespace std::chrono_literals;
using services::OutputMode;

namespace {

struct Pipe {
    Pipe() {
        int ends[2] = {-1, -1};
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        read.reset(ends[0]);
        write.reset(ends[1]);
    }
    UniqueFd read{};
    UniqueFd write{};
};

std::string all_of(const UniqueFd& fd) {
    std::string text;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(got));
    return text;
}

/// What comes out of `text`, and the lines that were heard.
std::string passed_on(const std::string& text, OutputMode mode, std::vector<std::string>& lines) {
    system::Loop loop;
    Pipe from;
    Pipe to;
    REQUIRE(::write(from.write.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    from.write.reset();
    {
        services::Output output{loop, "web", std::move(from.read), to.write.get(), mode, [&](std::string_view line) { lines.emplace_back(line); }};
        system::Timer timer = loop.timer();
        timer.set(200ms, [&] { loop.quit(); });
        loop.run();
    }
    to.write.reset();
    return all_of(to.read);
}

}  // namespace

TEST_SUITE_BEGIN("process");

TEST_CASE("output: byte by byte, behind a name, or as JSON") {
    const std::string text = "one\r\n\x01two\nno newline";
    const std::vector<std::string> heard{"one", "\x01two", "no newline"};
    std::vector<std::string> lines;
    CHECK(passed_on(text, OutputMode::pass, lines) == text);
    CHECK(lines == heard);
    lines.clear();
    CHECK(passed_on(text, OutputMode::prefix, lines) == "web | one\nweb | \x01two\nweb | no newline\n");
    CHECK(lines == heard);
    const std::string json = passed_on("bad \xff byte\n", OutputMode::json, lines);
    CHECK(json.find("\"service\":\"web\",\"stream\":\"stdout\",\"line\":\"bad \xEF\xBF\xBD byte\"}\n") != std::string::npos);
}

TEST_CASE("output: a reader that does not read holds up the service, not the loop") {
    system::Loop loop;
    Pipe from;
    Pipe to;
    REQUIRE(::fcntl(from.write.get(), F_SETFL, O_NONBLOCK) == 0);
    services::Output output{loop, "web", std::move(from.read), to.write.get(), OutputMode::pass, [](std::string_view) {}};
    const std::string much(4096, 'x');
    std::size_t written = 0;
    std::size_t read = 0;
    std::size_t stuck = 0;
    system::Timer timer = loop.timer();
    std::function<void()> look = [&] {
        ssize_t count = 0;
        while (written < 2'000'000 && (count = ::write(from.write.get(), much.data(), much.size())) > 0) written += static_cast<std::size_t>(count);
        if (stuck == 0 || stuck != written) {
            stuck = written;
        } else {
            // From now on it reads.
            char buffer[16'384];
            ::fcntl(to.read.get(), F_SETFL, O_NONBLOCK);
            while ((count = ::read(to.read.get(), buffer, sizeof buffer)) > 0) read += static_cast<std::size_t>(count);
        }
        if (read >= 2'000'000) return loop.quit();
        timer.set(read == 0 ? 50ms : 1ms, look);
    };
    timer.set(1ms, look);
    system::Timer patience = loop.timer();
    patience.set(20s, [&] { loop.quit(); });
    loop.run();
    // Two pipes and what we keep, and not more.
    CHECK(stuck > 0);
    CHECK(read == written);
}

TEST_CASE("output: what a service had written when it ended is heard at once, and passed on when our reader takes it") {
    system::Loop loop;
    Pipe from;
    Pipe to;
    // A pipe that is full already.
    REQUIRE(::fcntl(to.write.get(), F_SETFL, O_NONBLOCK) == 0);
    const std::string filler(4096, '-');
    while (::write(to.write.get(), filler.data(), filler.size()) > 0) {}
    REQUIRE(::fcntl(to.write.get(), F_SETFL, 0) == 0);
    std::vector<std::string> lines;
    std::string text;
    for (int i = 0; text.size() < 60'000; ++i) text += "line " + std::to_string(i) + "\n";
    services::Output output{loop, "web", std::move(from.read), to.write.get(), OutputMode::pass, [&](std::string_view line) { lines.emplace_back(line); }};
    REQUIRE(::write(from.write.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    output.finish();
    CHECK(lines.back() == "line " + std::to_string(lines.size() - 1));
    CHECK(output.pending());
    // Whoever it has left behind writes on.
    const std::string later = "later\n";
    REQUIRE(::write(from.write.get(), later.data(), later.size()) == static_cast<ssize_t>(later.size()));
    from.write.reset();
    REQUIRE(::fcntl(to.read.get(), F_SETFL, O_NONBLOCK) == 0);
    std::string read;
    system::Timer timer = loop.timer();
    std::function<void()> look = [&] {
        read += all_of(to.read);
        if (output.done()) loop.quit();
        else timer.set(1ms, look);
    };
    look();
    loop.run();
    read += all_of(to.read);
    CHECK(read.ends_with(text + later));
    CHECK(lines.back() != "later");
}

TEST_SUITE_END();
