// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>
#include <tuple>

#include <boost/algorithm/hex.hpp>
#include <fmt/format.h>
#include <openssl/sha.h>

#include "base/file.h"
#include "base/text.h"

namespace ainit::migrate::sql {
namespace {

constexpr std::string_view kMark{"\xEF\xBB\xBF"};

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

std::size_t digits_at(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

int compare(const std::string& left, const std::string& right) {
    if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
    return left.compare(right);
}

bool version_before(const Version& left, const Version& right) {
    return std::lexicographical_compare(
        left.begin(),
        left.end(),
        right.begin(),
        right.end(),
        [](const std::string& one, const std::string& other) { return compare(one, other) < 0; });
}

Failure unreadable(const std::string& path, Failure failure) {
    failure.code = Code::migration_syntax;
    failure.what =
        fmt::format("cannot use migration {}", std::filesystem::path{path}.filename().string());
    failure.state = "Nothing was changed.";
    failure.where = {path};
    return failure;
}

}  // namespace

Version version_of(std::string_view name) {
    Version version;
    if (name.size() > 1 && (name[0] == 'V' || name[0] == 'v') && is_digit(name[1])) {
        name.remove_prefix(1);
    }
    while (true) {
        const std::size_t length = digits_at(name);
        // "2fa" in "0001_2fa" is a word, not a number; the first may stick to one: "001init".
        const bool word = length < name.size() && is_word(name[length]);
        if (length == 0 || (word && !version.empty())) break;
        const std::string_view digits = name.substr(0, length);
        const std::size_t significant = std::min(digits.find_first_not_of('0'), length - 1);
        version.emplace_back(digits.substr(significant));
        name.remove_prefix(length);
        const bool goes_on =
            !name.empty() && std::string_view{".-_"}.find(name.front()) != std::string_view::npos;
        if (!goes_on) break;
        name.remove_prefix(1);
    }
    return version;
}

std::string version_text(const Version& version) {
    return join(version, ".");
}

bool goes_before(const File& left, const File& right) {
    if (left.version.empty() != right.version.empty()) return right.version.empty();
    if (version_before(left.version, right.version)) return true;
    if (version_before(right.version, left.version)) return false;
    return std::tie(left.name, left.path) < std::tie(right.name, right.path);
}

std::string checksum_of(std::string_view text) {
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    std::string plain;
    plain.reserve(text.size());
    while (true) {
        const std::size_t end = text.find("\r\n");
        plain += text.substr(0, end);
        if (end == std::string_view::npos) break;
        plain += '\n';
        text.remove_prefix(end + 2);
    }
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    ::SHA256(reinterpret_cast<const unsigned char*>(plain.data()), plain.size(), digest.data());
    std::string hex;
    boost::algorithm::hex_lower(digest.begin(), digest.end(), std::back_inserter(hex));
    return hex;
}

namespace {

/// A folder where files are looked for by their ending: a file was meant, or the glob is wrong.
Result<void> no_folders(const std::string& glob) {
    const std::filesystem::path pattern{glob};
    if (!pattern.has_extension()) return ok();
    for (const std::string& path : folders_of_glob(glob)) {
        Failure failure;
        failure.because = "it is a folder";
        failure.hint = "rename the folder, or let the glob match its files";
        return unreadable(path, std::move(failure));
    }
    return ok();
}

}  // namespace

Result<std::vector<File>> find_files(const std::vector<std::string>& globs) {
    std::vector<File> files;
    std::set<std::string> seen;
    for (const std::string& glob : globs) {
        if (auto checked = no_folders(glob); !checked) return std::move(checked).error();
        for (const std::string& path : expand_glob(glob)) {
            if (!seen.insert(std::filesystem::path{path}.lexically_normal()).second) continue;
            auto text = read_file(path);
            if (!text) return unreadable(path, std::move(text).error());
            File file;
            file.name = std::filesystem::path{path}.filename();
            file.path = path;
            file.version = version_of(file.name);
            file.checksum = checksum_of(*text);
            file.text = std::move(*text);
            files.push_back(std::move(file));
        }
    }
    std::ranges::sort(files, goes_before);
    return files;
}

}  // namespace ainit::migrate::sql
