// SPDX-License-Identifier: Apache-2.0
// A command line as one text, taken apart as a shell does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ainit {

/// Words between blanks, with the shell's quotes, backslashes and comments, and none of its expansions or operators. Empty if a
/// quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view text);

}  // namespace ainit
