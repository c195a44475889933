// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "base/secret.h"
#include "cli/report.h"
#include "cli/timeline.h"

namespace ainit::cli {
namespace {

Failure cannot_write(const std::string& path, std::string because) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot write the trace to {}", path);
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = "name a file in a folder that is there and can be written to";
    return failure;
}

/// Replicas may share the folder, and all of them be process 1.
std::string name_beside(const std::string& path) {
    return fmt::format("{}.{:08x}.part", path, std::random_device{}());
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<TraceFile> TraceFile::open(const std::string& path) {
    struct stat facts {};
    const bool there = ::stat(path.c_str(), &facts) == 0;
    if (there && !S_ISREG(facts.st_mode)) {
        return cannot_write(path, S_ISDIR(facts.st_mode) ? "it is a folder" : "it is no regular file, and would be replaced");
    }
    // What a link leads to is replaced, not the link.
    std::error_code error;
    std::string real = there ? std::filesystem::canonical(path, error).string() : path;
    if (error) real = path;
    std::string beside = name_beside(real);
    UniqueFd fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
    if (!fd.valid()) return cannot_write(path, errno_text(errno));
    return TraceFile{std::move(real), std::move(beside), std::move(fd)};
}

TraceFile::~TraceFile() {
    if (fd_.valid()) ::unlink(beside_.c_str());
}

Result<void> TraceFile::write(const std::string& text) {
    const bool good = write_all(fd_.get(), text) && ::rename(beside_.c_str(), path_.c_str()) == 0;
    Failure failure = cannot_write(path_, good ? "" : errno_text(errno));
    if (!good) ::unlink(beside_.c_str());
    fd_.reset();
    if (good) return ok();
    failure.code = Code::internal;
    failure.state = "The command itself was carried out.";
    failure.hint = "make room where the trace is written to";
    return failure;
}

Result<Telling> Telling::open(const Options& options) {
    Telling telling;
    telling.shown_ = options.timeline;
    if (options.trace.empty()) return telling;
    auto trace = TraceFile::open(options.trace);
    if (!trace) return std::move(trace).error();
    telling.trace_.emplace(std::move(*trace));
    return telling;
}

std::string Telling::text(const Timeline& timeline) const { return shown_ ? "\n" + timeline_text(timeline) : ""; }

Result<void> Telling::write(const Timeline& timeline) {
    if (!trace_) return ok();
    auto written = trace_->write(scrub(trace_json(timeline)));
    trace_.reset();
    return written;
}

int Telling::end(const Timeline& timeline, int code) {
    const auto written = write(timeline);
    if (written) return code;
    report_failure(written.error());
    return code == 0 ? written.error().exit_code() : code;
}

void Telling::go_on(const Timeline& timeline) {
    const auto written = write(timeline);
    if (!written) log::warn("trace", written.error().line());
}

}  // namespace ainit::cli
