// SPDX-License-Identifier: Apache-2.0
#include "migrate/command/status.h"

#include <algorithm>
#include <limits>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate::command {
namespace {

namespace json = boost::json;

const json::value* member(const json::object& object, std::string_view name) {
    for (const auto& one : object) {
        if (equals_ignoring_case(one.key(), name)) return &one.value();
    }
    return nullptr;
}

std::string text_of(const json::object& object, std::string_view name) {
    const json::value* found = member(object, name);
    if (found == nullptr) return {};
    if (found->is_string()) return std::string{found->get_string()};
    return found->is_int64() ? std::to_string(found->get_int64()) : std::string{};
}

Failure not_understood(std::string because) {
    Failure failure;
    failure.code = Code::migration_status;
    failure.because = std::move(because);
    return failure;
}

Result<Entry> entry_of(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) return not_understood("one of its migrations is no object");
    Entry entry;
    const std::string version = text_of(*object, "version");
    const std::string name = text_of(*object, "name");
    entry.name = version.empty() || name.empty() ? version + name : version + " " + name;
    if (entry.name.empty()) return not_understood("one of its migrations has no version");
    std::string state = text_of(*object, "state");
    if (state.empty()) state = text_of(*object, "status");
    if (equals_ignoring_case(state, "Applied")) {
        entry.state = State::applied;
    } else if (!equals_ignoring_case(state, "Pending")) {
        return not_understood(fmt::format(
            "the state \"{}\" of {} is neither Applied nor Pending", state, entry.name));
    }
    return entry;
}

/// The array itself, or the one in an object.
const json::array* migrations_of(const json::value& answer) {
    if (answer.is_array()) return &answer.get_array();
    if (!answer.is_object()) return nullptr;
    for (const char* name : {"migrations", "items", "status"}) {
        const json::value* found = member(answer.get_object(), name);
        if (found != nullptr && found->is_array()) return &found->get_array();
    }
    return nullptr;
}

Result<std::vector<Entry>> read_answer(const json::value& answer) {
    const json::array* all = migrations_of(answer);
    if (all == nullptr) return not_understood("it holds no list of migrations");
    // Such a list would say that nothing is pending, where in truth nothing is known.
    if (all->empty()) return not_understood("its list of migrations is empty");
    std::vector<Entry> entries;
    for (const json::value& one : *all) {
        auto entry = entry_of(one);
        if (!entry) return std::move(entry).error();
        entries.push_back(std::move(*entry));
    }
    return entries;
}

}  // namespace

Result<std::vector<Entry>> read_ory_status(const std::vector<std::string>& pieces) {
    for (std::size_t begin = 0; begin < pieces.size(); ++begin) {
        const std::string_view first = trim(pieces[begin]);
        if (!first.starts_with('[') && !first.starts_with('{')) continue;
        // A long line comes in pieces; between tokens JSON needs no line ends.
        std::string text;
        for (std::size_t i = begin; i < pieces.size(); ++i) text += pieces[i];
        boost::system::error_code error;
        const json::value answer = json::parse(text, error);
        // A line of a log may look like a beginning.
        if (!error) return read_answer(answer);
    }
    return not_understood("it holds no JSON");
}

std::optional<int> read_pending(std::string_view text) {
    text = trim(text);
    if (text == "t" || text == "true") return 1;
    if (text == "f" || text == "false") return 0;
    const auto count = parse_integer(text);
    if (!count || *count < 0 || *count > std::numeric_limits<int>::max()) return {};
    return static_cast<int>(*count);
}

std::vector<Entry> pending_entries(const std::string& name, int count) {
    constexpr int kMost = 10'000;
    std::vector<Entry> entries;
    for (int i = 1; i <= std::min(count, kMost); ++i) {
        Entry entry;
        entry.name = count == 1 ? name : fmt::format("{} ({} of {})", name, i, count);
        entries.push_back(std::move(entry));
    }
    return entries;
}

}  // namespace ainit::migrate::command
