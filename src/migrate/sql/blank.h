// SPDX-License-Identifier: Apache-2.0
// Blanks and comments of SQL, and the directives that stand in them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace ainit::migrate::sql {

struct Directive {
    std::string_view text{};  ///< "no-transaction"
    std::size_t offset{};     ///< of the comment
};

struct Blank {
    std::size_t end{};  ///< the first byte that is neither blank nor comment
    std::vector<Directive> directives{};
};

/// Blanks, `--` and nested `/* */` comments from `begin` on. Directives are comments of the form
/// `-- alkemio-init: WORD`, and sqlx's `-- no-transaction`.
Blank skip_blank(std::string_view text, std::size_t begin);

}  // namespace ainit::migrate::sql
