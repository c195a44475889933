// SPDX-License-Identifier: Apache-2.0
// The rows of `config show`: values as TOML writes them, and the defaults of what was not written.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace ainit::config {

/// "text" with escapes.
std::string toml_text(std::string_view text);
std::string toml_list(const std::vector<std::string>& texts);

/// The defaults of a section's keys, save those that `given` says yes to. `path` is the section's
/// in `config show`; `engine` leaves out the keys of other migration engines.
std::vector<Setting> default_settings(std::string_view section,
                                      const std::string& path,
                                      std::string_view engine,
                                      const std::function<bool(std::string_view key)>& given);

}  // namespace ainit::config
