// SPDX-License-Identifier: Apache-2.0
// Files and descriptors.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ainit {

/// Owns a file descriptor.
class UniqueFd {
  public:
    UniqueFd() = default;

    explicit UniqueFd(int fd) : fd_{fd} {}

    ~UniqueFd() { reset(); }

    UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }

    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;

    int get() const { return fd_; }

    bool valid() const { return fd_ >= 0; }

    int release() { return std::exchange(fd_, -1); }

    void reset(int fd = -1);

  private:
    int fd_{-1};
};

/// Opened for reading: a regular file or a pipe. The Failure is that of read_file.
Result<UniqueFd> open_file(const std::string& path);

/// The whole of a regular file or pipe, at most `limit` bytes. The Failure (code config_file) says
/// which file and why.
Result<std::string> read_file(const std::string& path, std::size_t limit = std::size_t{64} << 20U);

/// Paths that match a glob of the shell (`*`, `?`, `[…]`, and `**` for any depth of folders), files
/// only, sorted by bytes; empty if none does. A link that leads nowhere is among
/// them, so that who reads it is told. Names with a leading dot need it in the pattern; `**`
/// does not follow links to folders.
std::vector<std::string> expand_glob(const std::string& pattern);
/// The folders that it matches.
std::vector<std::string> folders_of_glob(const std::string& pattern);

/// Text of errno.
std::string errno_text(int error);

}  // namespace ainit
