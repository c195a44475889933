// SPDX-License-Identifier: Apache-2.0
// What the tests of the configuration share.
#pragma once

#include <string>

#include "config/load.h"

namespace ainit::test {

/// Loads a text as alkemio.toml, without the process's environment.
inline config::Loaded parse(std::string_view text,
                            const config::Environment& environment = {},
                            config::SecretFiles secrets = config::SecretFiles::read) {
    return config::load_text(text, "alkemio.toml", environment, secrets);
}

/// Every failure on a line: "alkemio.toml:1:2 E112 cannot …: because; hint".
inline std::string failures(const config::Loaded& loaded) {
    std::string out;
    for (const Failure& failure : loaded.failures) {
        out += failure.where.text() + " " + failure.id() + " " + failure.line();
        if (!failure.hint.empty()) out += "; " + failure.hint;
        out += "\n";
    }
    return out;
}

inline std::string warnings(const config::Loaded& loaded) {
    std::string out;
    for (const Failure& warning : loaded.config.warnings)
        out += warning.where.text() + " " + warning.line() + "\n";
    return out;
}

/// The row of `config show`: "value  # source", or "" if there is none.
inline std::string shown(const config::Loaded& loaded, std::string_view key) {
    std::string out;
    for (const config::Setting& setting : loaded.config.settings) {
        if (setting.key == key) out += setting.value + "  # " + setting.source;
    }
    return out;
}

}  // namespace ainit::test
