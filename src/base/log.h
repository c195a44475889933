// SPDX-License-Identifier: Apache-2.0
// The log: lines on stderr, as text for people or as JSON for machines. Each line is scrubbed of
// secrets. Nothing else in the program writes to stderr. info: what changed; debug: what was looked
// at; warn: what the operator should change; error: a Failure, once, at the top.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ainit::log {

enum class Level { debug, info, warn, error, off };
enum class Format { text, json };
enum class Color { automatic, always, never };

struct Settings {
    Level level{Level::info};
    Format format{Format::text};
    Color color{Color::automatic};
};

/// Lines written before the first set_up() are kept and written then.
void set_up(const Settings& settings);
Settings settings();
/// Whether text on this descriptor is coloured, by the setting and isatty.
bool colored(int fd);

using Field = std::pair<std::string_view, std::string>;
using Fields = std::initializer_list<Field>;

/// `room` names the part of the program: "postgres", "migrate", or a tool or service whose output
/// it is.
void write(Level level, std::string_view room, std::string_view message, Fields fields = {});

inline void debug(std::string_view room, std::string_view message, Fields fields = {}) {
    write(Level::debug, room, message, fields);
}

inline void info(std::string_view room, std::string_view message, Fields fields = {}) {
    write(Level::info, room, message, fields);
}

inline void warn(std::string_view room, std::string_view message, Fields fields = {}) {
    write(Level::warn, room, message, fields);
}

inline void error(std::string_view room, std::string_view message, Fields fields = {}) {
    write(Level::error, room, message, fields);
}

/// All lines written so far are out.
void flush();

}  // namespace ainit::log
