// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/status_line.h"
#include "base/text.h"

namespace ainit::log {
namespace {

using SystemClock = std::chrono::system_clock;

/// Where in_text() writes the level: after `16:04:05.123 `, five wide.
constexpr std::size_t kLevelBegin = 13;
constexpr std::size_t kLevelEnd = 18;

struct Line {
    SystemClock::time_point time{};
    Level level{};
    std::string room{};
    std::string message{};
    std::vector<std::pair<std::string, std::string>> fields{};
};

std::string clean_text(std::string_view text) {
    return mend_utf8(scrub(text));
}

Line scrubbed(const Line& line) {
    Line out{line.time, line.level, clean_text(line.room), clean_text(line.message), {}};
    for (const auto& [key, value] : line.fields) out.fields.emplace_back(key, clean_text(value));
    return out;
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
        case Level::off:
            break;
    }
    return "off";
}

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
        case Level::off:
            break;
    }
    return spdlog::level::off;
}

int milliseconds(SystemClock::time_point time) {
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() %
        1000);
}

std::string in_json(const Line& line) {
    boost::json::object out;
    out["time"] = show_utc(line.time);
    out["level"] = name_of(line.level);
    out["room"] = line.room;
    out["message"] = line.message;
    // insert() leaves what is there: a field cannot pass for the level or the message.
    for (const auto& [key, value] : line.fields) out.insert({{key, value}});
    return boost::json::serialize(out);
}

/// Control characters of foreign text must not act on a terminal, and a second line must not look
/// like a line of its own.
std::string tame(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '\n') {
            out += "\n    ";
        } else if ((code < 0x20 && c != '\t') || code == 0x7F) {
            out += fmt::format("\\x{:02x}", code);
        } else {
            out += c;
        }
    }
    return out;
}

std::string in_text(const Line& line) {
    const std::time_t seconds = SystemClock::to_time_t(line.time);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::string out = fmt::format("{:%H:%M:%S}.{:03} {:<5} {:<9} {}",
                                  local,
                                  milliseconds(line.time),
                                  name_of(line.level),
                                  line.room,
                                  tame(line.message));
    for (const auto& [key, value] : line.fields) {
        if (value.empty()) continue;
        const bool plain = std::ranges::none_of(value, [](char c) {
            const auto code = static_cast<unsigned char>(c);
            return code <= 0x20 || code == 0x7F || c == '"' || c == '=' || c == '\\';
        });
        out += plain ? fmt::format("  {}={}", key, value) : fmt::format("  {}={:?}", key, value);
    }
    return out;
}

/// A terminal that understands more than text.
bool able_terminal(int fd) {
    const char* terminal = std::getenv("TERM");
    const bool able = terminal == nullptr || std::string_view{terminal} != "dumb";
    return able && ::isatty(fd) == 1;
}

bool colored_by(const Settings& settings, int fd) {
    if (settings.color != Color::automatic) return settings.color == Color::always;
    // https://no-color.org: set and not empty.
    const char* refused = std::getenv("NO_COLOR");
    if (refused != nullptr && *refused != '\0') return false;
    return able_terminal(fd);
}

bool shows_status_by(const Settings& settings) {
    const bool told = settings.level != Level::error && settings.level != Level::off;
    return settings.format == Format::text && told && able_terminal(STDERR_FILENO);
}

/// The line is complete when it reaches the sink; colour is the sink's.
class Bare final : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        message.color_range_start = kLevelBegin;
        message.color_range_end = kLevelEnd;
        out.append(message.payload.begin(), message.payload.end());
        out.push_back('\n');
    }

    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Bare>(); }
};

class Door {
  public:
    void set_up(const Settings& settings) {
        const std::lock_guard guard{mutex_};
        settings_ = settings;
        open();
        for (const Line& line : early_) put(line);
        early_.clear();
    }

    Settings settings() {
        const std::lock_guard guard{mutex_};
        return settings_;
    }

    void write(Line line) {
        const std::lock_guard guard{mutex_};
        if (logger_) {
            put(line);
        } else {
            early_.push_back(std::move(line));
        }
    }

    void flush() {
        const std::lock_guard guard{mutex_};
        if (!logger_) open();
        for (const Line& line : early_) put(line);
        early_.clear();
        logger_->flush();
        status_.clear();
    }

    template <class Work>
    auto with_status(Work work) {
        const std::lock_guard guard{mutex_};
        return work(status_);
    }

  private:
    void open() {
        status_.clear();
        status_.set_up(shows_status_by(settings_), colored_by(settings_, STDERR_FILENO));
        auto mode = spdlog::color_mode::never;
        if (settings_.format == Format::text && colored_by(settings_, STDERR_FILENO))
            mode = spdlog::color_mode::always;
        auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(mode);
        sink->set_formatter(std::make_unique<Bare>());
        logger_.emplace("alkemio-init", std::move(sink));
        logger_->set_level(spdlog_level(settings_.level));
        logger_->flush_on(spdlog::level::trace);
    }

    void put(const Line& line) {
        const auto level = spdlog_level(line.level);
        if (!logger_->should_log(level)) return;
        // Here and not in write(): a line may be older than the secret that it holds. Before the
        // formatting, which would take apart what scrub() looks for.
        const Line clean = scrubbed(line);
        status_.erase();
        logger_->log(level,
                     spdlog::string_view_t{settings_.format == Format::json ? in_json(clean)
                                                                            : in_text(clean)});
        status_.refresh();
    }

    std::mutex mutex_{};
    Settings settings_{};
    std::optional<spdlog::logger> logger_{};
    std::vector<Line> early_{};
    StatusLine status_{};
};

Door& door() {
    // Never destroyed: static destructors of others may still log.
    static auto* instance = new Door;
    return *instance;
}

}  // namespace

void set_up(const Settings& settings) {
    door().set_up(settings);
}

Settings settings() {
    return door().settings();
}

bool colored(int fd) {
    return colored_by(settings(), fd);
}

void flush() {
    door().flush();
}

void status(Status status) {
    door().with_status([&](StatusLine& line) { line.show(std::move(status)); });
}

void clear_status() {
    door().with_status([](StatusLine& line) { line.clear(); });
}

void end_status() {
    door().with_status([](StatusLine& line) { line.end(); });
}

bool shows_status() {
    return door().with_status([](const StatusLine& line) { return line.shown(); });
}

void refresh_status() {
    door().with_status([](StatusLine& line) { line.refresh(); });
}

void write(Level level, std::string_view room, std::string_view message, Fields fields) {
    Line line{SystemClock::now(), level, std::string{room}, std::string{message}, {}};
    for (const auto& [key, value] : fields) line.fields.emplace_back(key, value);
    door().write(std::move(line));
}

}  // namespace ainit::log
