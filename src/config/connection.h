// SPDX-License-Identifier: Apache-2.0
// Fills [postgres] from text: what URLs and environment variables have in common.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/url.h"

namespace ainit::config {

/// Sets one key from text; an explanation when the text does not fit. "parameters.NAME" is an entry
/// of `parameters`.
std::optional<std::string> assign(Postgres& into, std::string_view key, const std::string& value);

/// The same with everything a URL says, save the keys in `set`, to which it adds its own. `rows`
/// gets a line for each, from `source`.
std::optional<std::string> assign(Postgres& into,
                                  const Url& url,
                                  std::set<std::string>& set,
                                  std::vector<Setting>& rows,
                                  const std::string& source);

/// Why a text is no port; empty if it is one. Empty text is libpq's default.
std::optional<std::string> wrong_port(const std::string& text);

}  // namespace ainit::config
