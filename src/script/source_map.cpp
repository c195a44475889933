// SPDX-License-Identifier: Apache-2.0
#include "script/source_map.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <boost/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "script/files.h"
#include "script/realm.h"

namespace ainit::script {
namespace {

namespace json = boost::json;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The next number of a mapping in base 64 VLQ; empty at the segment's end or at nonsense.
std::optional<int> number_at(std::string_view text, std::size_t& at) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; at < text.size() && shift < 35; shift += 5) {
        const std::size_t digit = kBase64.find(text[at]);
        if (digit == std::string_view::npos) return {};
        ++at;
        value |= static_cast<std::uint64_t>(digit & 31U) << shift;
        if ((digit & 32U) != 0) continue;
        const auto magnitude = static_cast<int>(value >> 1U);
        return (value & 1U) != 0 ? -magnitude : magnitude;
    }
    return {};
}

std::string decode_base64(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char one : text) {
        const std::size_t digit = kBase64.find(one);
        if (digit == std::string_view::npos) continue;
        bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU);
    }
    return out;
}

/// The text of the map that the last comment of a file names, and the folder its names count from.
std::optional<std::string> map_of(Realm& realm, const std::string& file) {
    constexpr std::string_view kMark = "//# sourceMappingURL=";
    constexpr std::string_view kInline = "data:application/json;";
    auto source = read_below(realm, file);
    if (!source) return {};
    const std::size_t at = source->rfind(kMark);
    if (at == std::string::npos) return {};
    const std::size_t end = source->find_first_of("\r\n", at);
    const std::string url{
        trim(std::string_view{*source}.substr(at + kMark.size(), end - at - kMark.size()))};
    if (url.starts_with(kInline)) {
        const std::size_t comma = url.find(',');
        if (comma == std::string::npos) return {};
        const std::string_view head{url.data(), comma};
        return head.ends_with("base64") ? decode_base64(std::string_view{url}.substr(comma + 1))
                                        : percent_decode(std::string_view{url}.substr(comma + 1));
    }
    const auto folder = std::filesystem::path{file}.parent_path();
    auto map = read_below(realm, (folder / percent_decode(url).value_or(url)).string());
    if (!map) return {};
    return std::move(*map);
}

std::optional<Origin> by_map(Realm& realm, const Origin& where) {
    const auto compiled = realm.typescript.find(where.file);
    const auto text =
        compiled != realm.typescript.end() ? compiled->second : map_of(realm, where.file);
    if (!text) return {};
    const auto map = SourceMap::parse(*text);
    if (!map) return {};
    auto found = map->original(where.line, where.column);
    if (found && !found->file.starts_with('/')) {
        const auto folder = std::filesystem::path{where.file}.parent_path();
        found->file = (folder / found->file).lexically_normal().string();
    }
    return found;
}

}  // namespace

std::optional<SourceMap> SourceMap::parse(std::string_view text) {
    boost::system::error_code error;
    const json::value parsed = json::parse(text, error);
    const json::object* object = error ? nullptr : parsed.if_object();
    if (object == nullptr) return {};
    const json::value* mappings = object->if_contains("mappings");
    const json::value* sources = object->if_contains("sources");
    if (mappings == nullptr || !mappings->is_string() || sources == nullptr || !sources->is_array())
        return {};
    std::string root;
    if (const auto* given = object->if_contains("sourceRoot");
        given != nullptr && given->is_string()) {
        root = json::value_to<std::string>(*given);
        if (!root.empty() && !root.ends_with('/')) root += '/';
    }
    SourceMap map;
    for (const json::value& one : sources->get_array()) {
        std::string name = one.is_string() ? json::value_to<std::string>(one) : std::string{};
        if (name.starts_with("file://")) name.erase(0, 7);
        map.sources_.push_back(name.starts_with('/') ? name : root + name);
    }
    if (!map.read(mappings->get_string())) return {};
    return map;
}

bool SourceMap::read(std::string_view mappings) {
    std::array<int, 4> state{};  // column, source, original line, original column
    int line = 0;
    for (const std::string& one : split(mappings, ';')) {
        state[0] = 0;
        for (const std::string& segment : split(one, ',')) {
            std::size_t at = 0;
            std::size_t fields = 0;
            while (at < segment.size() && fields < 5) {
                const auto delta = number_at(segment, at);
                if (!delta) return false;
                if (fields < state.size()) state[fields] += *delta;
                ++fields;
            }
            if (fields == 0) continue;
            segments_.push_back({line, state[0], fields >= 4 ? state[1] : -1, state[2], state[3]});
        }
        ++line;
    }
    return true;
}

std::optional<Origin> SourceMap::original(int line, int column) const {
    const std::pair wanted{line - 1, std::max(column - 1, 0)};
    auto after = std::ranges::upper_bound(
        segments_, wanted, {}, [](const Segment& one) { return std::pair{one.line, one.column}; });
    if (after == segments_.begin()) return {};
    const Segment& found = *std::prev(after);
    if (found.line != line - 1 || found.source < 0 ||
        static_cast<std::size_t>(found.source) >= sources_.size())
        return {};
    return Origin{sources_[static_cast<std::size_t>(found.source)],
                  found.original_line + 1,
                  column == 0 ? 0 : found.original_column + 1};
}

Frame original(Realm& realm, Frame frame) {
    constexpr std::string_view kScheme = "file://";
    if (frame.where.file.starts_with(kScheme)) frame.where.file.erase(0, kScheme.size());
    if (!frame.where.file.starts_with('/')) return frame;
    if (frame.where.line == 1 && realm.wrapped.contains(frame.where.file)) {
        frame.where.column = std::max(frame.where.column - static_cast<int>(wrapper_length()), 1);
    }
    // Stripping types keeps lines, but what stood before on the same line may be gone.
    const auto found = realm.typescript.find(frame.where.file);
    if (found != realm.typescript.end() && found->second.empty()) {
        frame.where.column = 0;
    } else if (auto mapped = by_map(realm, frame.where)) {
        frame.where = std::move(*mapped);
    }
    return frame;
}

}  // namespace ainit::script
