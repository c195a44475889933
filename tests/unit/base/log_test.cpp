// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <cctype>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"

using namespace ainit;
using log::Format;
using log::Level;

namespace {

/// What is written to stderr while it lives.
class Caught {
  public:
    Caught() : file_{::memfd_create("stderr", MFD_CLOEXEC)}, before_{::dup(STDERR_FILENO)} {
        ::dup2(file_.get(), STDERR_FILENO);
    }

    ~Caught() { end(); }

    Caught(const Caught&) = delete;
    Caught& operator=(const Caught&) = delete;

    std::string end() {
        if (!before_.valid()) return {};
        log::flush();
        ::dup2(before_.get(), STDERR_FILENO);
        before_.reset();
        std::string text(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
        if (::pread(file_.get(), text.data(), text.size(), 0) < 0) return "unreadable";
        return text;
    }

  private:
    UniqueFd file_;
    UniqueFd before_;
};

template <class Work>
std::string logged(const log::Settings& settings, Work work) {
    Caught caught;
    log::set_up(settings);
    work();
    std::string text = caught.end();
    log::set_up({});
    return text;
}

/// The digits of the time, which no test can know, as 0.
std::string without_time(std::string line) {
    for (std::size_t i = 0; i < line.size() && i < 12; ++i) {
        if (std::isdigit(static_cast<unsigned char>(line[i])) != 0) line[i] = '0';
    }
    return line;
}

boost::json::object parsed(std::string_view line) {
    return boost::json::parse(line).as_object();
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("log: a line of text is time, level, room, sentence and fields") {
    const std::string text = logged({}, [] {
        log::info("postgres",
                  "ready after 2.5 s",
                  {{"host", "db"},
                   {"note", "two words"},
                   {"empty", ""},
                   {"quote", "a\"b"},
                   {"equals", "a=b"},
                   {"lines", "a\nb"}});
    });
    CHECK(without_time(text) ==
          "00:00:00.000 info  postgres  ready after 2.5 s  host=db  note=\"two words\"  "
          "quote=\"a\\\"b\"  "
          "equals=\"a=b\"  lines=\"a\\nb\"\n");
}

TEST_CASE("log: a long name of a tool keeps its distance") {
    CHECK(without_time(logged({}, [] { log::warn("a-long-service", "x"); })) ==
          "00:00:00.000 warn  a-long-service x\n");
}

TEST_CASE("log: the second line of a message cannot pass for a line of the log") {
    CHECK(without_time(logged({}, [] {
              log::error("kratos", "first\n12:00:00.000 info  x  forged\n");
          })) == "00:00:00.000 error kratos    first\n    12:00:00.000 info  x  forged\n    \n");
}

TEST_CASE("log: foreign control characters do not reach the terminal") {
    CHECK(without_time(logged({}, [] { log::info("tool", "\x1b[31mred\x7f\ttab \xff"); })) ==
          "00:00:00.000 info  tool      \\x1b[31mred\\x7f\ttab \xEF\xBF\xBD\n");
}

TEST_CASE("log: only what the level asks for is written") {
    const std::vector<std::string> all{"debug", "info ", "warn ", "error"};
    for (const Level level : {Level::debug, Level::info, Level::warn, Level::error, Level::off}) {
        CAPTURE(static_cast<int>(level));
        const std::string text = logged({.level = level}, [] {
            log::debug("r", "m");
            log::info("r", "m");
            log::warn("r", "m");
            log::error("r", "m");
        });
        std::string expected;
        for (auto i = static_cast<std::size_t>(level); i < all.size(); ++i)
            expected += all[i] + "\n";
        std::string levels;
        for (const std::string& line : split(text, '\n')) {
            if (!line.empty()) levels += line.substr(13, 5) + "\n";
        }
        CHECK(levels == expected);
    }
}

TEST_CASE("log: as JSON a line is one object with the same fields") {
    const std::string text = logged({.format = Format::json}, [] {
        log::warn("kratos",
                  "two\nlines \xff \"q\"",
                  {{"took", "2.5 s"}, {"empty", ""}, {"level", "forged"}});
    });
    REQUIRE(text.ends_with("\n"));
    CHECK(text.find('\n') == text.size() - 1);
    boost::json::object line = parsed(text);
    const std::string time{line["time"].as_string()};
    CHECK(time.size() == 24);
    CHECK(time[10] == 'T');
    CHECK(time.ends_with("Z"));
    line.erase("time");
    CHECK(
        line ==
        parsed(
            R"({"level":"warn","room":"kratos","message":"two\nlines � \"q\"","took":"2.5 s","empty":""})"));
    CHECK(text.starts_with("{\"time\":"));
}

TEST_CASE("log: no line shows a secret, whichever its format") {
    const Secret secret{std::string{"log's \"canary\"\n9"}};
    for (const Format format : {Format::text, Format::json}) {
        const std::string text = logged({.format = format}, [&] {
            log::info(
                "tool",
                "password is " + secret.reveal(),
                {{"dsn", "u:" + percent_encode(secret.reveal())}, {"plain", secret.reveal()}});
        });
        CHECK(text.find("canary") == std::string::npos);
        CHECK(text.find("password is <redacted>") != std::string::npos);
        CHECK(text.find("u:<redacted>") != std::string::npos);
    }
}

TEST_CASE("log: colour is for people, and only where they want it") {
    using log::Color;
    const std::string plain = logged({.color = Color::automatic}, [] { log::error("r", "m"); });
    CHECK(plain.find('\x1b') == std::string::npos);
    const std::string bright = logged({.color = Color::always}, [] { log::error("r", "m"); });
    CHECK(without_time(bright.substr(0, 13)) == "00:00:00.000 ");
    CHECK(bright.find("\x1b[31m\x1b[1merror\x1b[m r         m\n") == 13);
    const std::string json =
        logged({.format = Format::json, .color = Color::always}, [] { log::error("r", "m"); });
    CHECK(json.find('\x1b') == std::string::npos);
    log::set_up({.color = Color::always});
    CHECK(log::colored(STDOUT_FILENO));
    log::set_up({.color = Color::never});
    CHECK_FALSE(log::colored(STDOUT_FILENO));
    log::set_up({});
}

TEST_CASE("log: automatic colour asks the terminal, NO_COLOR and TERM") {
    const UniqueFd terminal{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    REQUIRE(terminal.valid());
    log::set_up({});
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "xterm", 1);
    CHECK(log::colored(terminal.get()));
    ::setenv("NO_COLOR", "", 1);
    CHECK(log::colored(terminal.get()));
    ::setenv("NO_COLOR", "1", 1);
    CHECK_FALSE(log::colored(terminal.get()));
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "dumb", 1);
    CHECK_FALSE(log::colored(terminal.get()));
    ::unsetenv("TERM");
    const UniqueFd file{::memfd_create("file", MFD_CLOEXEC)};
    CHECK_FALSE(log::colored(file.get()));
}

TEST_CASE("log: lines of threads do not run into each other") {
    const std::string text = logged({.format = Format::json}, [] {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([t] {
                for (int i = 0; i < 100; ++i)
                    log::info("t" + std::to_string(t), std::string(200, 'x'));
            });
        }
        for (std::thread& thread : threads) thread.join();
    });
    int lines = 0;
    for (const std::string& line : split(text, '\n')) {
        if (line.empty()) continue;
        CHECK(parsed(line).at("message").as_string().size() == 200);
        ++lines;
    }
    CHECK(lines == 400);
}

TEST_SUITE_END();
