// SPDX-License-Identifier: Apache-2.0
// Settings of roles and databases (ALTER … SET) as the catalog keeps them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ainit::plan {

/// The value of a setting; names are the same in capitals and small letters.
std::optional<std::string> setting(const std::map<std::string, std::string>& all, const std::string& name);

/// Whether the value is a list of names, each quoted by itself (GUC_LIST_QUOTE in guc_tables.c): search_path and its like.
bool is_list_of_names(std::string_view name);

/// Whether both mean the same: equal, or equal as lists of names.
bool same_setting(std::string_view name, const std::string& is, const std::string& wanted);

/// What is said of a name that the server does not know.
inline constexpr const char* kNoSuchSetting = "the server has no such setting";
inline constexpr const char* kSettingsHint = "see its settings: SELECT name FROM pg_settings";

std::string setting_reason(const std::optional<std::string>& is, const std::string& wanted);

}  // namespace ainit::plan
