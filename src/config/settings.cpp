// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/keys.h"

namespace ainit::config {

std::string toml_text(std::string_view text) {
    std::string out{"\""};
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (code < 0x20 || code == 0x7F) {
            out += fmt::format("\\u{:04X}", code);
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string toml_list(const std::vector<std::string>& texts) {
    std::vector<std::string> parts;
    for (const std::string& text : texts) parts.push_back(toml_text(text));
    return "[" + join(parts, ", ") + "]";
}

std::vector<Setting> default_settings(std::string_view section,
                                      const std::string& path,
                                      std::string_view engine,
                                      const std::function<bool(std::string_view key)>& given) {
    std::vector<Setting> rows;
    for (const KeyEntry& key : keys()) {
        const std::string_view value = key.default_for(engine);
        if (key.section != section || value.empty() || given(key.key)) continue;
        if (!key.belongs_to(engine)) continue;
        rows.push_back({fmt::format("{}.{}", path, key.key), std::string{value}, "default"});
    }
    return rows;
}

}  // namespace ainit::config
