// SPDX-License-Identifier: Apache-2.0
// Small things about text: quoting for people, durations, suggestions, excerpts with a caret.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.h"

namespace ainit {

std::string join(std::span<const std::string> parts, std::string_view separator);
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
/// What follows the last slash of a path, or all of it.
std::string_view base_name(std::string_view path);
/// With small letters of ASCII.
std::string lowered(std::string_view text);
/// The whole text as a decimal number; empty if it is none, or too large.
std::optional<long long> parse_integer(std::string_view text);
/// ISO 8601 in UTC: `2026-01-31T23:59:59.123Z`.
std::string show_utc(std::chrono::system_clock::time_point moment);
bool equals_ignoring_case(std::string_view left, std::string_view right);
/// Letters of ASCII alone; `word` in small ones.
bool contains_ignoring_case(std::string_view text, std::string_view word);

/// `"a", "b" and "c"`.
std::string list_of(std::span<const std::string> names);

/// The word nearest to `word` by edit distance, if it is near enough to be meant; empty otherwise.
std::string closest(std::string_view word, std::span<const std::string> words);

/// For people: `840 ms`, `2.5 s`, `3 min 4 s`, `2 h`.
std::string show(Duration duration);
/// `500ms`, `30s`, `2m`, `1h`, `1m30s`; a bare number counts as seconds. Larger units come first.
/// Empty if it is none of these or more than a year.
std::optional<Duration> parse_duration(std::string_view text);

/// Everything but RFC 3986's unreserved characters as %XX: what a user name or password needs in a
/// URL.
std::string percent_encode(std::string_view text);
/// Empty if a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// `scheme://user:password@host`, with another word in the place of the password; any other text, also with an empty one, as it is.
std::string without_password(std::string_view url);

struct Position {
    int line{1};    ///< from 1
    int column{1};  ///< from 1, in characters of UTF-8
};

/// The position of a byte offset.
Position position_at(std::string_view text, std::size_t offset);

/// The line at `offset` under its number, with a caret below: as compilers show it. Long lines are
/// cut around the caret.
std::string caret(std::string_view text, std::size_t offset);

bool valid_utf8(std::string_view text);
/// The text with each byte that is not UTF-8 replaced by U+FFFD.
std::string mend_utf8(std::string_view text);

}  // namespace ainit
