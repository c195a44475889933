// SPDX-License-Identifier: Apache-2.0
#include "base/status_line.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"

namespace ainit::log {
namespace {

/// At most ten times a second.
constexpr Duration kPause{100};
/// After which the age is another one.
constexpr Duration kSecond{1'000};
constexpr std::size_t kUnknownWidth = 80;
constexpr std::string_view kErase = "\r\x1b[K";

std::size_t width_of_terminal() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : kUnknownWidth;
}

/// What terminals show two columns wide, roughly; what is not told from that is counted too wide, never too narrow.
bool wide(char32_t code) {
    static constexpr std::array<std::pair<char32_t, char32_t>, 8> kRanges{{{0x1100, 0x115F}, {0x2300, 0x23FF}, {0x2600, 0x27BF},
                                                                         {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
                                                                         {0xFE30, 0xFFE6}, {0x1F000, 0x3FFFD}}};
    return std::ranges::any_of(kRanges, [code](const auto& range) { return range.first <= code && code <= range.second; });
}

/// In bytes, of a character of valid UTF-8.
std::size_t length_of(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

char32_t code_of(std::string_view character) {
    if (character.size() == 1) return static_cast<unsigned char>(character[0]);
    char32_t code = static_cast<unsigned char>(character[0]) & (0x7FU >> character.size());
    for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3FU);
    return code;
}

/// Of a terminal: C0, DEL, C1, and what turns the direction of writing round.
bool controls(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200E && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void put(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

}  // namespace

std::string fit(std::string_view text, std::size_t columns) {
    const std::string whole = mend_utf8(text);
    std::string out;
    std::size_t used = 0;
    std::size_t room_for_ellipsis = 0;  // bytes of `out` that leave a column free
    for (std::size_t at = 0; at < whole.size();) {
        const std::string_view one = std::string_view{whole}.substr(at, length_of(whole[at]));
        at += one.size();
        const char32_t code = code_of(one);
        used += wide(code) ? 2 : 1;
        if (used > columns) return columns == 0 ? "" : out.substr(0, room_for_ellipsis) + "…";
        out += controls(code) ? " " : one;
        if (used < columns) room_for_ellipsis = out.size();
    }
    return out;
}

void StatusLine::show(Status status) {
    if (!shown_ || status_ == status) return;
    status_ = std::move(status);
    changed_ = true;
    refresh();
}

void StatusLine::refresh() {
    if (!status_) return;
    const Deadline now = Clock::now();
    const bool due = changed_ || !painted_ || now - last_ >= kSecond;
    if (due && now - last_ >= kPause) paint(now);
}

void StatusLine::paint(Deadline now) {
    const auto age = std::chrono::duration_cast<Duration>(now - status_->since);
    const std::string text = scrub(fmt::format("{}  {}  {}", status_->what, ainit::show(age), status_->details));
    // One column is left free: the last one makes some terminals begin a new line.
    const std::string cut = fit(trim(text), width_of_terminal() - 1);
    put(fmt::format("{}{}{}{}", kErase, colored_ ? "\x1b[2m" : "", cut, colored_ ? "\x1b[0m" : ""));
    painted_ = true;
    changed_ = false;
    last_ = now;
}

void StatusLine::erase() {
    if (std::exchange(painted_, false)) put(kErase);
}

void StatusLine::clear() {
    erase();
    status_.reset();
}

void StatusLine::end() {
    clear();
    shown_ = false;
    ended_ = true;
}

}  // namespace ainit::log
