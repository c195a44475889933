// SPDX-License-Identifier: Apache-2.0
// identity_of(): users and groups by name or number.
#include <cerrno>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include "base/child.h"
#include "base/home.h"
#include "base/text.h"

namespace ainit {
namespace {

constexpr std::size_t kLargestEntry = std::size_t{1} << 20U;

std::optional<id_t> number_of(const std::string& text) {
    const auto number = parse_integer(text);
    // The last one stands for "unchanged".
    if (!number || *number < 0 || *number >= std::numeric_limits<id_t>::max()) return {};
    return static_cast<id_t>(*number);
}

/// Calls one of the get…_r functions with a buffer that is large enough; whether there is such an entry.
template <typename Entry, typename Ask>
bool look_up(Entry& entry, std::vector<char>& buffer, Ask ask) {
    Entry* found = nullptr;
    int error = ERANGE;
    for (buffer.resize(4096); error == ERANGE && buffer.size() <= kLargestEntry; buffer.resize(buffer.size() * 2)) {
        error = ask(&entry, buffer, &found);
        if (error != ERANGE) break;
    }
    return error == 0 && found != nullptr;
}

bool find_user(const std::string& user, passwd& entry, std::vector<char>& buffer) {
    const auto number = number_of(user);
    return look_up(entry, buffer, [&](passwd* into, std::vector<char>& space, passwd** found) {
        return number ? ::getpwuid_r(*number, into, space.data(), space.size(), found)
                      : ::getpwnam_r(user.c_str(), into, space.data(), space.size(), found);
    });
}

Failure unknown(std::string_view what, const std::string& name) {
    Failure failure;
    failure.code = Code::cannot_execute;
    failure.what = fmt::format("cannot run as {} \"{}\"", what, name);
    failure.because = fmt::format("the system knows no such {}", what);
    failure.state = "The command was not started.";
    failure.hint = "name one of /etc/passwd and /etc/group, or give its number";
    return failure;
}

std::vector<gid_t> groups_of(const std::string& name, gid_t own) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (::getgrouplist(name.c_str(), own, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        if (::getgrouplist(name.c_str(), own, groups.data(), &count) < 0) return {own};
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

}  // namespace

std::optional<Home> home_of(const std::string& user) {
    passwd entry{};
    std::vector<char> buffer;
    if (!find_user(user, entry, buffer)) return {};
    return Home{entry.pw_name, entry.pw_dir};
}

Result<Identity> identity_of(const std::string& user, const std::string& group) {
    Identity identity;
    passwd entry{};
    std::vector<char> buffer;
    const auto number = number_of(user);
    const bool known = find_user(user, entry, buffer);
    if (!known && !number) return unknown("user", user);
    identity.user = known ? entry.pw_uid : *number;
    // As Docker has it: a number that nobody knows has root's group.
    identity.group = known ? entry.pw_gid : 0;
    if (known) identity.groups = groups_of(entry.pw_name, identity.group);
    if (group.empty()) return identity;
    struct group line{};
    std::vector<char> space_of_group;
    const auto group_number = number_of(group);
    const bool named = look_up(line, space_of_group, [&](struct group* into, std::vector<char>& space, struct group** found) {
        return ::getgrnam_r(group.c_str(), into, space.data(), space.size(), found);
    });
    if (!named && !group_number) return unknown("group", group);
    identity.group = group_number ? *group_number : line.gr_gid;
    identity.groups = {identity.group};
    return identity;
}

}  // namespace ainit
