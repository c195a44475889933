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

/// What other ${…} there may be.
enum class Placeholders {
    none,      ///< any, as they are
    of_login,  ///< a command's ${dsn}, ${host} …, which stay for whoever knows the login; what is brought in and looks like
               ///< one gets another dollar, which is taken off there
};

/// Replaces every ${env:NAME} and ${file:PATH}. A misspelt one is refused, and so is in a command what nobody will replace.
Result<Expanded> expand(std::string_view text, const Sources& sources, Placeholders placeholders = Placeholders::none);

/// The names of a login's ${…} in a command's value that has been expanded.
std::vector<std::string> placeholders_in(std::string_view text);

/// A command's value with the additional dollars taken off.
std::string unescaped(std::string_view text);

/// The content of a secret's file without one newline at its end; empty text when files are
/// skipped.
Result<std::string> read_secret(const std::string& path, const Sources& sources);

/// `path`, from the configuration file's folder if it is relative.
std::string resolve(const std::string& path, const Sources& sources);

}  // namespace ainit::config
