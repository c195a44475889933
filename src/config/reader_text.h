// SPDX-License-Identifier: Apache-2.0
// Values as TOML writes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ainit::config {

/// "text" with escapes.
std::string toml_text(std::string_view text);
std::string toml_list(const std::vector<std::string>& texts);

}  // namespace ainit::config
