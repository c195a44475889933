// SPDX-License-Identifier: Apache-2.0
#include "config/signature.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace ainit::config {

std::optional<Signature> signature_of(std::string_view object) {
    const std::size_t open = object.find('(');
    if (open == std::string_view::npos || open == 0 || !object.ends_with(')')) return {};
    Signature signature;
    signature.name = trim(object.substr(0, open));
    const std::string_view list = object.substr(open + 1, object.size() - open - 2);
    if (trim(list).empty()) return signature;
    for (const std::string& type : split(list, ',')) signature.types.emplace_back(trim(type));
    return signature;
}

bool is_type_name(std::string_view text) {
    const auto word = [](char c) {
        return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
    };
    const auto known = [&](char c) { return word(c) || c == ' ' || c == '.'; };
    while (text.ends_with("[]")) text.remove_suffix(2);
    return !text.empty() && word(text.front()) && std::ranges::all_of(text, known);
}

}  // namespace ainit::config
