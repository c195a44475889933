// SPDX-License-Identifier: Apache-2.0
#include "services/output.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.h"

namespace ainit::services {
namespace {

/// Of one stream before the others get their turn.
constexpr int kReadsInTurn = 4;
/// More is not read before it is written.
constexpr std::size_t kMostPending = 64 * 1024;
/// Of a process that has ended: as much as its pipe can hold, whoever has made it larger.
constexpr std::size_t kMostAtTheEnd = 1024 * 1024;

/// Whether a write of PIPE_BUF bytes would not wait. Our descriptors are shared with others, so they stay blocking.
bool takes(int fd) {
    pollfd one{fd, POLLOUT, 0};
    return ::poll(&one, 1, 0) == 1;
}

}  // namespace

Output::Output(system::Loop& loop, std::string service, UniqueFd from, int to, OutputMode mode, LineHandler line)
    : loop_{loop}, service_{std::move(service)}, from_{std::move(from)}, stream_{to}, mode_{mode}, line_{std::move(line)},
      lines_{[this](std::string_view one) { show(one); }} {
    // A number of its own, since several may wait for the same descriptor.
    to_.reset(::fcntl(to, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    ::fcntl(from_.get(), F_SETFL, O_NONBLOCK);
    loop_.on_readable(from_.get(), [this] { return read(); });
}

Output::~Output() {
    if (from_.valid()) loop_.forget(from_.get());
    if (to_.valid()) loop_.forget(to_.get());
}

/// Whether to go on reading.
bool Output::read() {
    std::array<char, 16'384> buffer;
    for (int turn = 0; turn < kReadsInTurn && pending_.size() < kMostPending; ++turn) {
        const ssize_t got = ::read(from_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) {
            ended_ = true;
            lines_.end();
            break;
        }
        take({buffer.data(), static_cast<std::size_t>(got)});
    }
    return write() && !ended_;
}

/// Whether all is written; if not, it is as soon as our reader takes it, and reading goes on then.
bool Output::write() {
    if (flush()) return true;
    loop_.on_writable(to_.get(), [this] {
        if (!flush()) return true;
        if (!ended_) loop_.on_readable(from_.get(), [this] { return read(); });
        return false;
    });
    return false;
}

void Output::finish() {
    std::array<char, 16'384> buffer;
    std::size_t all = 0;
    while (!ended_ && all < kMostAtTheEnd) {
        const ssize_t got = ::read(from_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break;
        ended_ = got == 0;
        take({buffer.data(), static_cast<std::size_t>(got)});
        all += static_cast<std::size_t>(got);
    }
    lines_.end();
    line_ = nullptr;
    if (ended_) loop_.forget(from_.get());
    if (!write() && !ended_) loop_.forget(from_.get());
}

void Output::take(std::string_view text) {
    if (mode_ == OutputMode::pass) push(text);
    lines_.feed(text);
}

void Output::show(std::string_view line) {
    if (line_) line_(line);
    if (mode_ == OutputMode::prefix) {
        push(fmt::format("{} | {}\n", service_, line));
    } else if (mode_ == OutputMode::json) {
        const boost::json::object object{{"time", show_utc(std::chrono::system_clock::now())},
                                         {"service", service_},
                                         {"stream", stream_ == STDERR_FILENO ? "stderr" : "stdout"},
                                         {"line", mend_utf8(line)}};
        push(boost::json::serialize(object) + "\n");
    }
}

void Output::push(std::string_view text) { pending_ += text; }

/// Whether all is written.
bool Output::flush() {
    std::size_t written = 0;
    while (written < pending_.size() && takes(to_.get())) {
        const std::size_t piece = std::min<std::size_t>(pending_.size() - written, PIPE_BUF);
        const ssize_t count = ::write(to_.get(), pending_.data() + written, piece);
        if (count < 0 && errno == EINTR) continue;
        // Nobody reads it any more: a service writes on, as into a log that is full.
        if (count < 0) written = pending_.size();
        else written += static_cast<std::size_t>(count);
    }
    pending_.erase(0, written);
    return pending_.empty();
}

}  // namespace ainit::services
