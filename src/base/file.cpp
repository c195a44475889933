// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace ainit {
namespace {

namespace fs = std::filesystem;

Failure unreadable(const std::string& path, std::string because) {
    Failure failure;
    failure.code = Code::config_file;
    failure.what = fmt::format("cannot read \"{}\"", path);
    failure.because = std::move(because);
    return failure;
}

bool has_wildcard(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator it{folder.empty() ? fs::path{"."} : folder, error}, end;
         !error && it != end;
         it.increment(error)) {
        found.push_back(folder / it->path().filename());
    }
    return found;
}

using Wanted = bool (*)(const fs::path& path);

bool is_file(const fs::path& path) {
    std::error_code error;
    const bool dangling = fs::is_symlink(path, error) && !fs::exists(path, error);
    return dangling || fs::is_regular_file(path, error);
}

bool is_folder(const fs::path& path) {
    std::error_code error;
    return fs::is_directory(path, error);
}

void match(const fs::path& base,
           std::span<const std::string> parts,
           Wanted wanted,
           std::vector<std::string>& out) {
    std::error_code error;
    if (parts.empty()) {
        if (wanted(base)) out.push_back(base.string());
        return;
    }
    const std::string& part = parts.front();
    if (part == "**") {
        static const std::string any{"*"};
        match(base, parts.size() > 1 ? parts.subspan(1) : std::span{&any, 1}, wanted, out);
        for (const fs::path& entry : entries_of(base)) {
            const bool hidden = entry.filename().string().starts_with('.');
            if (!hidden && fs::is_directory(entry, error) && !fs::is_symlink(entry, error))
                match(entry, parts, wanted, out);
        }
        return;
    }
    if (!has_wildcard(part)) {
        if (fs::exists(fs::symlink_status(base / part, error))) match(base / part, parts.subspan(1), wanted, out);
        return;
    }
    for (const fs::path& entry : entries_of(base)) {
        if (::fnmatch(part.c_str(), entry.filename().c_str(), FNM_PERIOD) == 0)
            match(entry, parts.subspan(1), wanted, out);
    }
}

std::vector<std::string> expand(const std::string& pattern, Wanted wanted) {
    std::vector<std::string> parts = split(pattern, '/');
    const bool absolute = pattern.starts_with('/');
    std::erase(parts, "");
    std::vector<std::string> out;
    match(absolute ? fs::path{"/"} : fs::path{}, parts, wanted, out);
    std::ranges::sort(out);
    const auto [first, last] = std::ranges::unique(out);
    out.erase(first, last);
    return out;
}

}  // namespace

void UniqueFd::reset(int fd) {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) ::close(old);
}

std::string errno_text(int error) {
    char buffer[256];
    return ::strerror_r(error, buffer, sizeof buffer);
}

Result<UniqueFd> open_file(const std::string& path) {
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!fd.valid()) return unreadable(path, errno_text(errno));
    struct stat facts{};
    if (::fstat(fd.get(), &facts) == 0 && S_ISDIR(facts.st_mode))
        return unreadable(path, "it is a folder");
    return fd;
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    auto opened = open_file(path);
    if (!opened) return std::move(opened).error();
    const UniqueFd fd = std::move(*opened);
    struct stat facts{};
    ::fstat(fd.get(), &facts);
    // Sizes are only a hint: files of /proc and pipes say 0.
    std::string text;
    if (facts.st_size > 0)
        text.reserve(std::min(static_cast<std::size_t>(facts.st_size), limit) + 1);
    char buffer[16'384];
    const auto read_all = [&]() -> Result<void> {
        while (true) {
            const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
            if (got == 0) return ok();
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return unreadable(path, errno_text(errno));
            text.append(buffer, static_cast<std::size_t>(got));
            if (text.size() > limit)
                return unreadable(path, fmt::format("it is larger than {} bytes", limit));
        }
    };
    const auto done = read_all();
    // It may have been a secret.
    ::explicit_bzero(buffer, sizeof buffer);
    if (!done) return done.error();
    return text;
}

std::vector<std::string> expand_glob(const std::string& pattern) {
    return expand(pattern, is_file);
}

std::vector<std::string> folders_of_glob(const std::string& pattern) {
    return expand(pattern, is_folder);
}

}  // namespace ainit
