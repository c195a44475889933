// SPDX-License-Identifier: Apache-2.0
#include "migrate/command/status.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate::command {
namespace {

namespace json = boost::json;

Failure not_understood(std::string because) {
    Failure failure;
    failure.code = Code::migration_status;
    failure.what = "cannot understand the answer of the status command";
    failure.because = std::move(because);
    failure.state = "Nothing was changed by it.";
    failure.hint = "run it by hand; it must print JSON alone (--format json), or use status_query";
    return failure;
}

std::string text_of(const json::object& row, std::string_view key) {
    const json::value* value = row.if_contains(key);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string{value->get_string()};
    return value->is_null() ? std::string{} : json::serialize(*value);
}

/// The array itself, or the only one in an object.
const json::array* rows_of(const json::value& answer) {
    if (answer.is_array()) return &answer.get_array();
    if (!answer.is_object()) return nullptr;
    for (const auto& pair : answer.get_object()) {
        if (pair.value().is_array()) return &pair.value().get_array();
    }
    return nullptr;
}

Result<Entry> read_row(const json::value& row) {
    if (!row.is_object()) return not_understood("a row of it is no object");
    const json::object& object = row.get_object();
    std::string state = text_of(object, "state");
    if (state.empty()) state = text_of(object, "status");
    Entry entry;
    entry.name = text_of(object, "version");
    if (const std::string name = text_of(object, "name"); !name.empty()) {
        entry.name += (entry.name.empty() ? "" : " ") + name;
    }
    if (equals_ignoring_case(state, "applied")) {
        entry.state = State::applied;
    } else if (equals_ignoring_case(state, "pending")) {
        entry.state = State::pending;
    } else {
        return not_understood(fmt::format("the state \"{}\" of {} is neither Applied nor Pending", state, entry.name));
    }
    return entry;
}

}  // namespace

Result<std::vector<Entry>> read_ory_status(std::string_view output) {
    const std::size_t begin = output.find_first_of("[{");
    if (begin == std::string_view::npos) return not_understood("it holds no JSON");
    boost::system::error_code error;
    const json::value answer = json::parse(trim(output.substr(begin)), error);
    if (error) return not_understood(fmt::format("it is no JSON: {}", error.message()));
    const json::array* rows = rows_of(answer);
    if (rows == nullptr) return not_understood("it holds no list of migrations");
    std::vector<Entry> entries;
    for (const json::value& row : *rows) {
        auto entry = read_row(row);
        if (!entry) return std::move(entry).error();
        entries.push_back(std::move(*entry));
    }
    return entries;
}

}  // namespace ainit::migrate::command
