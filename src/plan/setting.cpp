// SPDX-License-Identifier: Apache-2.0
#include "plan/setting.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/text.h"
#include "plan/observed.h"
#include "plan/step.h"

namespace ainit::plan {

std::optional<std::string> setting(const std::map<std::string, std::string>& all, const std::string& name) {
    for (const auto& [key, value] : all) {
        if (equals_ignoring_case(key, name)) return value;
    }
    return {};
}

bool is_list_of_names(std::string_view name) {
    static constexpr std::array kNames{"search_path", "temp_tablespaces", "local_preload_libraries",
                                       "session_preload_libraries"};
    return std::ranges::any_of(kNames, [&](std::string_view one) { return equals_ignoring_case(one, name); });
}

bool same_setting(std::string_view name, const std::string& is, const std::string& wanted) {
    return is == wanted || (is_list_of_names(name) && setting_parts(is) == setting_parts(wanted));
}

std::string setting_reason(const std::optional<std::string>& is, const std::string& wanted) {
    if (!is) return fmt::format("it is not set, wanted \"{}\"", wanted);
    return fmt::format("it is \"{}\", wanted \"{}\"", *is, wanted);
}

bool Offer::lacks_setting(const std::string& name) const {
    if (!settings || name.find('.') != std::string::npos) return false;
    static const std::set<std::string> kHidden{"role", "session_authorization", "seed", "is_superuser"};
    const std::string small = lowered(name);
    return !kHidden.contains(small) && !settings->contains(small);
}

}  // namespace ainit::plan
