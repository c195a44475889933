// SPDX-License-Identifier: Apache-2.0
// A function as a grant names it: by its name, or by its name and the types of its arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ainit::config {

struct Signature {
    std::string name{};
    std::vector<std::string> types{};  ///< as written, without blanks around them
};

/// Of `name(type, type)`; empty if there is no list of arguments.
std::optional<Signature> signature_of(std::string_view object);

/// Whether a type is made of nothing but identifiers, blanks, dots and `[]`, so that it can stand in
/// SQL as it is.
bool is_type_name(std::string_view text);

}  // namespace ainit::config
