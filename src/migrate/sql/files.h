// SPDX-License-Identifier: Apache-2.0
// Migration files: found, put in order, and read.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace ainit::migrate::sql {

struct File {
    std::string path{};
    std::string name{};     ///< of the file without .sql: its identity in the ledger
    std::string version{};  ///< the number it begins with, without leading zeros; empty if it has none
    std::string text{};     ///< without a byte order mark
    std::string checksum{}; ///< SHA-256 of the file, in hexadecimal
};

/// Whether `left` comes before `right`: by version as numbers, files without one last, then by name as bytes.
bool before(const File& left, const File& right);

/// All files of the globs in order, each once.
Result<std::vector<File>> find_files(const config::Migration& migration);

/// "0042_add_users" → "42", "V7__x" → "7", "20240101120000" → itself, "add_users" → "".
std::string version_of(std::string_view name);

/// SHA-256 in hexadecimal.
std::string checksum_of(std::string_view text);

}  // namespace ainit::migrate::sql
