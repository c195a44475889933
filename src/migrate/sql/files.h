// SPDX-License-Identifier: Apache-2.0
// The files of an SQL migration: found by globs, in the order in which they apply.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ainit::migrate::sql {

/// The numbers a file name begins with: "0007_x" is 7, "V1.2__x" is 1.2, "2025-01-31_x" is
/// 2025.1.31. Kept as text without leading zeros, since timestamps outgrow integers.
using Version = std::vector<std::string>;

Version version_of(std::string_view name);
std::string version_text(const Version& version);

struct File {
    std::string name{};  ///< without folders: what the ledger records
    std::string path{};
    Version version{};
    std::string text{};
    std::string checksum{};  ///< SHA-256 of the text; neither line ends nor a byte order mark count
};

/// By version, number for number; files without one after those, by the bytes of their names.
bool goes_before(const File& left, const File& right);

std::string checksum_of(std::string_view text);

/// Found, read and put in order. A file that matches two globs is there once.
Result<std::vector<File>> find_files(const std::vector<std::string>& globs);

}  // namespace ainit::migrate::sql
