// SPDX-License-Identifier: Apache-2.0
#include "services/tell.h"

#include <cerrno>
#include <csignal>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/signal_name.h"
#include "base/text.h"
#include "system/loop.h"

namespace ainit::services {
namespace {

constexpr std::size_t kLongestPidFile = 4096;

Failure untold(int signal, std::string because, std::string hint = {}) {
    Failure failure;
    failure.code = Code::dependent_untold;
    failure.what = fmt::format("cannot send {}", name_of_signal(signal));
    failure.because = std::move(because);
    failure.hint = std::move(hint);
    return failure;
}

/// The first line's number, as PostgreSQL's and most others' files have it.
Result<pid_t> pid_in(const std::string& path, int signal) {
    auto text = read_file(path, kLongestPidFile);
    if (!text) return untold(signal, fmt::format("pid_file \"{}\": {}", path, text.error().because), "mount the folder where it writes its pid_file");
    const std::string_view first = trim(std::string_view{*text}.substr(0, text->find('\n')));
    const auto number = parse_integer(first);
    // 1 is a number like any other where namespaces are shared; 0 and less would reach whole groups.
    if (!number || *number < 1 || *number > std::numeric_limits<pid_t>::max()) return untold(signal, fmt::format("\"{}\" does not begin with a process's number", path));
    return static_cast<pid_t>(*number);
}

/// Held by a descriptor, it is the process that was looked at that gets the signal.
Result<void> send(pid_t pid, const std::string& name, int signal) {
    // glibc 2.41 declares pidfd_open and its like without C linkage.
    const UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))};
    if (!process.valid()) return untold(signal, fmt::format("there is no process {}", pid));
    if (!name.empty() && !system::is_called(pid, name)) {
        return untold(signal, fmt::format("process {} is not called \"{}\"", pid, name), "the pid_file is out of date, or process is misspelt");
    }
    if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0U) == 0) return ok();
    return untold(signal, fmt::format("process {}: {}", pid, errno_text(errno)),
                  errno == EPERM ? "run alkemio-init as the same user, or with the capability KILL" : "");
}

}  // namespace

Result<std::string> send_signal(const Recipient& to, int signal) {
    if (!to.pid_file.empty()) {
        auto pid = pid_in(to.pid_file, signal);
        if (!pid) return std::move(pid).error();
        if (auto sent = send(*pid, to.process, signal); !sent) return std::move(sent).error();
        return fmt::format("process {}", *pid);
    }
    const std::vector<pid_t> found = system::processes_called(to.process);
    if (found.empty()) {
        return untold(signal, fmt::format("no process called \"{}\" can be seen from here", to.process),
                      "share the pid namespace: shareProcessNamespace in a Pod, pid: \"service:NAME\" in Compose");
    }
    for (const pid_t pid : found) {
        if (auto sent = send(pid, to.process, signal); !sent) return std::move(sent).error();
    }
    return fmt::format("process {}", fmt::join(found, ", "));
}

}  // namespace ainit::services
