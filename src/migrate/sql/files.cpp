// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/file.h"
#include "base/text.h"

namespace ainit::migrate::sql {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Failure unreadable(const std::string& path, std::string because) {
    Failure failure;
    failure.code = Code::migration_syntax;
    failure.what = fmt::format("cannot use the migration file \"{}\"", path);
    failure.because = std::move(because);
    failure.state = "Nothing of it was run.";
    failure.where = {path, 0, 0};
    return failure;
}

Result<File> read(const std::string& path) {
    auto text = read_file(path);
    if (!text) return unreadable(path, text.error().because);
    if (text->find('\0') != std::string::npos) return unreadable(path, "it holds a NUL byte");
    if (!valid_utf8(*text)) return unreadable(path, "it is not UTF-8 text");
    File file;
    file.path = path;
    file.name = std::filesystem::path{path}.stem().string();
    file.version = version_of(file.name);
    file.checksum = checksum_of(*text);
    file.text = text->starts_with(kByteOrderMark) ? text->substr(kByteOrderMark.size()) : *text;
    return file;
}

}  // namespace

std::string version_of(std::string_view name) {
    if (name.size() > 1 && (name.front() == 'V' || name.front() == 'v')) name.remove_prefix(1);
    std::size_t end = 0;
    while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0) ++end;
    std::string_view digits = name.substr(0, end);
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    return std::string{digits};
}

bool before(const File& left, const File& right) {
    if (left.version.empty() != right.version.empty()) return right.version.empty();
    // Without leading zeros the longer number is the larger.
    if (left.version.size() != right.version.size()) return left.version.size() < right.version.size();
    if (left.version != right.version) return left.version < right.version;
    return left.name < right.name;
}

Result<std::vector<File>> find_files(const config::Migration& migration) {
    std::set<std::string> paths;
    for (const std::string& glob : migration.files) {
        for (std::string& path : expand_glob(glob)) paths.insert(std::move(path));
    }
    std::vector<File> files;
    for (const std::string& path : paths) {
        auto file = read(path);
        if (!file) return std::move(file).error();
        files.push_back(std::move(*file));
    }
    std::ranges::stable_sort(files, before);
    return files;
}

std::string checksum_of(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string out;
    for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
    return out;
}

}  // namespace ainit::migrate::sql
