// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace ainit {
namespace {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Edit distance in which exchanging neighbours counts as one.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> rows(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            rows[i][j] =
                std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
            }
        }
    }
    return rows[a.size()][b.size()];
}

std::optional<Duration> unit_of(std::string_view unit) {
    if (unit == "ms") return Duration{1};
    if (unit.empty() || unit == "s") return Duration{1'000};
    if (unit == "m" || unit == "min") return Duration{60'000};
    if (unit == "h") return Duration{3'600'000};
    if (unit == "d") return Duration{86'400'000};
    return {};
}

/// The bytes of the character that the text begins with; 0 if it is not UTF-8 (overlong, a
/// surrogate, cut off).
std::size_t character(std::string_view text) {
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x1'0000};
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80U) return 1;
    const std::size_t length = lead >> 5U == 6U    ? 2
                               : lead >> 4U == 14U ? 3
                               : lead >> 3U == 30U ? 4
                                                   : 0;
    if (length == 0 || length > text.size()) return 0;
    std::uint32_t point = lead & (0xFFU >> (length + 1));
    for (const char c : text.substr(1, length - 1)) {
        if (!continues(c)) return 0;
        point = point << 6U | (static_cast<unsigned char>(c) & 0x3FU);
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    return point < kLeast[length] || point > 0x10'FFFF || surrogate ? 0 : length;
}

struct LineBounds {
    std::size_t begin{};
    std::size_t end{};
};

LineBounds line_at(std::string_view text, std::size_t offset) {
    offset = std::min(offset, text.size());
    const std::size_t before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t newline = text.find('\n', offset);
    std::size_t end = newline == std::string_view::npos ? text.size() : newline;
    if (end > begin && text[end - 1] == '\r') --end;
    return {begin, std::max(begin, end)};
}

}  // namespace

std::string join(std::span<const std::string> parts, std::string_view separator) {
    std::string out;
    for (const std::string& part : parts) {
        if (&part != parts.data()) out += separator;
        out += part;
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view base_name(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n\f\v";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string lowered(std::string_view text) {
    std::string small{text};
    std::ranges::transform(small, small.begin(), lower);
    return small;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, {}, lower, lower);
}

std::optional<long long> parse_integer(std::string_view text) {
    long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
}

std::string show_utc(std::chrono::system_clock::time_point moment) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(moment);
    const auto rest = std::chrono::floor<std::chrono::milliseconds>(moment - seconds);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), rest.count());
}

bool contains_ignoring_case(std::string_view text, std::string_view word) {
    if (word.empty()) return true;
    // Each statement of a migration is searched for a dozen words.
    const char small = lower(word.front());
    const char big = upper(word.front());
    for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
        const bool begins = text[at] == small || text[at] == big;
        if (begins && equals_ignoring_case(text.substr(at, word.size()), word)) return true;
    }
    return false;
}

std::string list_of(std::span<const std::string> names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
        out += fmt::format("\"{}\"", names[i]);
    }
    return out;
}

std::string closest(std::string_view word, std::span<const std::string> words) {
    const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
    std::size_t best = limit + 1;
    std::string found;
    for (const std::string& candidate : words) {
        const std::size_t d = distance(word, candidate);
        // One wrong letter of one or two is another word.
        if (d < best && d < std::max(word.size(), candidate.size())) {
            best = d;
            found = candidate;
        }
    }
    return found;
}

std::string show(Duration duration) {
    const auto ms = duration.count();
    if (ms < 1'000) return fmt::format("{} ms", ms);
    // Beyond this a tenth of a second would round up to "60.0 s".
    if (ms < 59'950) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1'000.0);
    const auto seconds = (ms + 500) / 1'000;
    const auto both =
        [](std::int64_t large, std::string_view unit, std::int64_t small, std::string_view part) {
            return small == 0 ? fmt::format("{} {}", large, unit)
                              : fmt::format("{} {} {} {}", large, unit, small, part);
        };
    if (seconds < 3'600) return both(seconds / 60, "min", seconds % 60, "s");
    return both(seconds / 3'600, "h", seconds % 3'600 / 60, "min");
}

std::optional<Duration> parse_duration(std::string_view text) {
    if (text.empty()) return {};
    constexpr std::int64_t kMost = std::int64_t{366} * 86'400'000;
    std::int64_t total = 0;
    Duration before = Duration::max();
    while (!text.empty()) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || number < 0 || number > kMost) return {};
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const std::size_t letters =
            std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
        const auto unit = unit_of(text.substr(0, letters));
        // Only the whole text may go without a unit, and 30s1m is more likely a slip than meant.
        const bool bare = letters == 0;
        if (!unit || *unit >= before || (bare && (before != Duration::max() || !text.empty())))
            return {};
        before = *unit;
        text.remove_prefix(letters);
        if (number > kMost / unit->count()) return {};
        total += number * unit->count();
        if (total > kMost) return {};
    }
    return Duration{total};
}

std::string without_password(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return std::string{url};
    const std::size_t begin = scheme + 3;
    const std::size_t at = url.substr(0, url.find_first_of("/?#", begin)).rfind('@');
    const std::size_t colon = url.find(':', begin);
    if (at == std::string_view::npos || at < begin || colon >= at || colon + 1 == at) return std::string{url};
    return fmt::format("{}<redacted>{}", url.substr(0, colon + 1), url.substr(at));
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned value = 0;
        if (i + 2 >= text.size()) return {};
        const char* first = text.data() + i + 1;
        const auto [end, error] = std::from_chars(first, first + 2, value, 16);
        if (error != std::errc{} || end != first + 2) return {};
        out += static_cast<char>(value);
        i += 2;
    }
    return out;
}

Position position_at(std::string_view text, std::size_t offset) {
    offset = std::min(offset, text.size());
    const std::string_view before = text.substr(0, offset);
    const LineBounds bounds = line_at(text, offset);
    Position position;
    position.line = 1 + static_cast<int>(std::ranges::count(before, '\n'));
    const std::string_view head = text.substr(bounds.begin, offset - bounds.begin);
    position.column =
        1 + static_cast<int>(std::ranges::count_if(head, [](char c) { return !continues(c); }));
    return position;
}

std::string caret(std::string_view text, std::size_t offset) {
    constexpr std::size_t kBefore = 60;
    constexpr std::size_t kWidth = 100;
    offset = std::min(offset, text.size());
    const LineBounds bounds = line_at(text, offset);
    std::size_t begin = bounds.begin;
    if (offset > begin + kWidth - 20) {
        begin = offset - kBefore;
        while (begin < offset && continues(text[begin])) ++begin;
    }
    std::size_t end = std::min(bounds.end, begin + kWidth);
    while (end > begin && end < bounds.end && continues(text[end])) --end;
    const std::string number = std::to_string(position_at(text, offset).line);
    const std::string lead = begin > bounds.begin ? "…" : "";
    const std::string tail = end < bounds.end ? "…" : "";
    std::string under;
    if (!lead.empty()) under += ' ';
    for (std::size_t i = begin; i < offset && i < end; ++i) {
        if (!continues(text[i])) under += text[i] == '\t' ? '\t' : ' ';
    }
    return fmt::format("{} | {}{}{}\n{} | {}^",
                       number,
                       lead,
                       text.substr(begin, end - begin),
                       tail,
                       std::string(number.size(), ' '),
                       under);
}

bool valid_utf8(std::string_view text) {
    while (true) {
        const auto other = std::ranges::find_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80U; });
        text.remove_prefix(static_cast<std::size_t>(other - text.begin()));
        if (text.empty()) return true;
        const std::size_t length = character(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
}

std::string mend_utf8(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = character(text);
        out += length == 0 ? std::string_view{"\xEF\xBF\xBD"} : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace ainit
