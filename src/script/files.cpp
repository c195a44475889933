// SPDX-License-Identifier: Apache-2.0
#include "script/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

namespace ainit::script {
namespace {

boost::system::error_code failed(int error) {
    return {error, boost::system::generic_category()};
}

boost::system::error_code last_failure() {
    return failed(errno);
}

bool below(const std::string& path, const std::string& root) {
    if (root == "/") return true;
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

Read<std::string> allowed(const Realm& realm, std::string path) {
    const auto holds = [&](const std::string& root) { return below(path, root); };
    if (std::ranges::any_of(realm.roots, holds)) return path;
    return failed(EACCES);
}

std::string_view type_of(unsigned char type) {
    switch (type) {
        case DT_REG:
            return "file";
        case DT_DIR:
            return "folder";
        case DT_LNK:
            return "link";
        case DT_FIFO:
            return "fifo";
        case DT_SOCK:
            return "socket";
        case DT_BLK:
            return "block";
        case DT_CHR:
            return "character";
        default:
            return "unknown";
    }
}

}  // namespace

Read<std::string> real_below(const Realm& realm, const std::string& path) {
    std::array<char, PATH_MAX> real{};
    if (::realpath(path.c_str(), real.data()) == nullptr) return last_failure();
    return allowed(realm, real.data());
}

Read<std::string> place_below(const Realm& realm, const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    const std::string name = path.substr(slash + 1);
    if (name.empty() || name == "." || name == ".." || slash == 0) return real_below(realm, path);
    std::array<char, PATH_MAX> real{};
    if (::realpath(path.substr(0, slash).c_str(), real.data()) == nullptr) return last_failure();
    std::string folder{real.data()};
    if (folder != "/") folder += '/';
    return allowed(realm, folder + name);
}

Read<std::string> read_below(const Realm& realm, const std::string& path) {
    auto real = real_below(realm, path);
    if (!real) return real;
    const UniqueFd file{::open(real->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat status{};
    if (!file.valid() || ::fstat(file.get(), &status) != 0) return last_failure();
    if (S_ISDIR(status.st_mode)) return failed(EISDIR);
    // A pipe or device would block, or have no end.
    if (!S_ISREG(status.st_mode)) return failed(EINVAL);
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t filled = 0;
    while (true) {
        if (filled == bytes.size()) bytes.resize(bytes.size() + 4096);
        const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return last_failure();
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

Read<struct stat> status_below(const Realm& realm, const std::string& path, bool follow) {
    auto place = follow ? real_below(realm, path) : place_below(realm, path);
    if (!place) return place.error();
    struct stat status{};
    if (::lstat(place->c_str(), &status) != 0) return last_failure();
    return status;
}

Read<std::vector<Named>> list_below(const Realm& realm, const std::string& path) {
    auto real = real_below(realm, path);
    if (!real) return real.error();
    const auto close = [](DIR* open) { ::closedir(open); };
    const std::unique_ptr<DIR, decltype(close)> folder{::opendir(real->c_str())};
    if (!folder) return last_failure();
    std::vector<Named> all;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") all.push_back({name, type_of(entry->d_type)});
    }
    std::ranges::sort(all, {}, &Named::name);
    return all;
}

Read<std::string> link_below(const Realm& realm, const std::string& path) {
    auto place = place_below(realm, path);
    if (!place) return place;
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(place->c_str(), target.data(), target.size());
    if (length < 0) return last_failure();
    return std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace ainit::script
