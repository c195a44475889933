// SPDX-License-Identifier: Apache-2.0
// From a TOML file, environment variables and secret files to a Config. Only the files that include
// reader.h see toml++.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace ainit::config {

using Environment = std::map<std::string, std::string>;

/// Where the value of a key stands, by the place of its section.
using Places = std::map<std::pair<Origin, std::string>, Origin>;

/// The process's environment.
Environment process_environment();

/// What loading found: a Config when there is no failure; else every failure there is, in the order
/// of the file.
struct Loaded {
    Config config{};
    std::vector<Failure> failures{};
    Places places{};

    bool good() const { return failures.empty(); }
};

/// skip: secret files are not opened, so that a configuration can be looked at where its secrets
/// are not mounted.
enum class SecretFiles { read, skip };

/// A project's TypeORM migrations as the command line names them, where there is no configuration file.
struct ProjectOptions {
    std::string data_source{};         ///< --data-source
    std::vector<std::string> files{};  ///< --files
    std::string table{};               ///< --table
    std::string transaction{};         ///< --transaction: "all", "each", "none", or empty

    bool any() const { return !data_source.empty() || !files.empty() || !table.empty() || !transaction.empty(); }
};

/// `path` empty: ALKEMIO_INIT_CONFIG, else /etc/alkemio-init/alkemio.toml if it exists, else the
/// environment alone.
Loaded load(const std::string& path,
            const Environment& environment,
            SecretFiles secrets = SecretFiles::read,
            const ProjectOptions& project = {});

/// The same from text, for tests and fuzzing; `name` stands for the file in messages.
Loaded load_text(std::string_view text,
                 const std::string& name,
                 const Environment& environment,
                 SecretFiles secrets = SecretFiles::read,
                 const ProjectOptions& project = {});

/// docs/configuration.md, made of the table of keys.
std::string reference();

}  // namespace ainit::config
