// SPDX-License-Identifier: Apache-2.0
#include "plan/setting.h"

#include <fmt/format.h>

#include "base/text.h"
#include "plan/step.h"

namespace ainit::plan {

std::optional<std::string> setting(const std::map<std::string, std::string>& all, const std::string& name) {
    for (const auto& [key, value] : all) {
        if (equals_ignoring_case(key, name)) return value;
    }
    return {};
}

bool same_setting(const std::string& is, const std::string& wanted) {
    return is == wanted || setting_parts(is) == setting_parts(wanted);
}

std::string setting_reason(const std::optional<std::string>& is, const std::string& wanted) {
    if (!is) return fmt::format("it is not set, wanted \"{}\"", wanted);
    return fmt::format("it is \"{}\", wanted \"{}\"", *is, wanted);
}

}  // namespace ainit::plan
