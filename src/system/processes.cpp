// SPDX-License-Identifier: Apache-2.0
// Which signals and which processes there are.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "system/loop.h"

namespace ainit::system {
namespace {

/// The parent of a process by /proc/PID/stat, whose second field may hold anything; 0 if it has gone or is a zombie.
pid_t parent_of(pid_t pid) {
    const UniqueFd file{::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC)};
    char text[512];
    const ssize_t got = file.valid() ? ::read(file.get(), text, sizeof text - 1) : -1;
    if (got <= 0) return 0;
    text[got] = '\0';
    const char* name_end = std::strrchr(text, ')');
    if (name_end == nullptr || name_end + 4 > text + got || name_end[2] == 'Z') return 0;
    pid_t parent = 0;
    std::from_chars(name_end + 4, text + got, parent);
    return parent;
}

std::map<pid_t, pid_t> parents() {
    std::map<pid_t, pid_t> all;
    DIR* folder = ::opendir("/proc");
    if (folder == nullptr) return all;
    while (const dirent* entry = ::readdir(folder)) {
        pid_t pid = 0;
        const char* end = entry->d_name + std::strlen(entry->d_name);
        if (std::from_chars(entry->d_name, end, pid).ptr != end) continue;
        if (const pid_t parent = parent_of(pid); parent != 0) all.emplace(pid, parent);
    }
    ::closedir(folder);
    return all;
}

std::string first_of(const std::string& file, char end) {
    const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    char text[4096];
    const ssize_t got = opened.valid() ? ::read(opened.get(), text, sizeof text) : -1;
    if (got <= 0) return {};
    const std::string_view read{text, static_cast<std::size_t>(got)};
    return std::string{read.substr(0, read.find(end))};
}

}  // namespace

bool is_called(pid_t pid, std::string_view name) {
    const std::string folder = "/proc/" + std::to_string(pid);
    // Whoever renames its threads, or is started by a link, still has one of these.
    if (base_name(first_of(folder + "/cmdline", '\0')) == name || first_of(folder + "/comm", '\n') == name) return true;
    char path[4096];
    const ssize_t length = ::readlink((folder + "/exe").c_str(), path, sizeof path);
    return length > 0 && base_name({path, static_cast<std::size_t>(length)}) == name;
}

std::vector<pid_t> processes_called(std::string_view name) {
    const std::map<pid_t, pid_t> all = parents();
    std::set<pid_t> called;
    for (const auto& [pid, parent] : all) {
        if (pid != ::getpid() && is_called(pid, name)) called.insert(pid);
    }
    std::vector<pid_t> first;
    for (const pid_t pid : called) {
        if (!called.contains(all.at(pid))) first.push_back(pid);
    }
    return first;
}

std::vector<int> forwardable_signals() {
    std::vector<int> all;
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        const bool of_glibc = signal >= 32 && signal < SIGRTMIN;
        if (signal != SIGKILL && signal != SIGSTOP && signal != SIGCHLD && !of_glibc) all.push_back(signal);
    }
    return all;
}

std::vector<pid_t> descendants(const std::function<bool(pid_t)>& apart) {
    const std::map<pid_t, pid_t> all = parents();
    const pid_t self = ::getpid();
    std::vector<pid_t> found;
    for (const auto& [pid, parent] : all) {
        pid_t above = parent;
        bool left_out = apart && apart(pid);
        // A process that has gone meanwhile ends the way up.
        for (std::size_t steps = 0; above != self && above > 1 && steps < all.size(); ++steps) {
            left_out = left_out || (apart && apart(above));
            const auto next = all.find(above);
            above = next == all.end() ? 0 : next->second;
        }
        if (above == self && pid != self && !left_out) found.push_back(pid);
    }
    return found;
}

void release_code_pages() {
    const auto release = [](dl_phdr_info* object, std::size_t, void*) -> int {
        const auto page = static_cast<ElfW(Addr)>(::sysconf(_SC_PAGESIZE));
        for (int i = 0; i < object->dlpi_phnum; ++i) {
            const ElfW(Phdr)& part = object->dlpi_phdr[i];
            if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
            const ElfW(Addr) begin = (object->dlpi_addr + part.p_vaddr) / page * page;
            const ElfW(Addr) end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
            ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
        }
        return 0;
    };
    ::dl_iterate_phdr(release, nullptr);
}

}  // namespace ainit::system
