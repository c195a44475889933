// SPDX-License-Identifier: Apache-2.0
// ${env:NAME} and ${file:PATH} in values, and secrets from files.
#pragma once

#include <string>

#include "base/result.h"
#include "config/load.h"

namespace ainit::config {

/// What expanding needs to know.
struct Sources {
    const Environment& environment;
    SecretFiles files{SecretFiles::read};
    std::string folder{};  ///< of the configuration file: relative paths start here
};

struct Expanded {
    std::string text{};
    bool from_outside{false};              ///< something was replaced
    bool from_file{false};                 ///< by the content of a file, which may be a secret
    std::vector<std::string> variables{};  ///< that were read
};

/// Replaces every ${env:NAME} and ${file:PATH}; other ${…} are left for whoever knows them.
Result<Expanded> expand(std::string_view text, const Sources& sources);

/// The content of a secret's file without one newline at its end; empty text when files are
/// skipped.
Result<std::string> read_secret(const std::string& path, const Sources& sources);

/// `path`, from the configuration file's folder if it is relative.
std::string resolve(const std::string& path, const Sources& sources);

}  // namespace ainit::config
