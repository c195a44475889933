// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ainit::script {

/// QuickJS writes a lone surrogate as three bytes, which are no UTF-8; Node replaces it when it
/// encodes.
inline std::string without_surrogates(std::string_view text) {
    std::string out{text};
    for (std::size_t at = out.find('\xed'); at != std::string::npos;
         at = out.find('\xed', at + 1)) {
        const bool surrogate =
            at + 2 < out.size() && static_cast<unsigned char>(out[at + 1]) >= 0xa0;
        if (surrogate) out.replace(at, 3, "\xef\xbf\xbd");
    }
    return out;
}

}  // namespace ainit::script
