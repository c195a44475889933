// SPDX-License-Identifier: Apache-2.0
#include "services/readiness.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/target.h"
#include "base/text.h"

namespace ainit::services {
namespace {

constexpr Duration kFirstPause{50};
constexpr Duration kLongestPause{1'000};

Failure no_socket(int error) {
    Failure failure;
    failure.code = Code::internal;
    failure.what = "cannot listen for a service's readiness";
    failure.because = errno_text(error);
    failure.state = "The service was not started.";
    return failure;
}

/// A name that the kernel chooses: no file that is left behind, and any user may write to it.
UniqueFd open_socket(std::string& name) {
    UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const int on = 1;
    if (!socket.valid() || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address.sun_family) != 0 ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
        return {};
    socklen_t length = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
    name = "@" + std::string{address.sun_path + 1, length - offsetof(sockaddr_un, sun_path) - 1};
    return socket;
}

struct Message {
    std::string text{};
    pid_t sender{0};
    uid_t user{0};
};

/// The next one, if there is; descriptors that came with it are closed, which is what sd_notify_barrier waits for.
std::optional<Message> receive(int socket) {
    std::array<char, 4096> text;
    alignas(cmsghdr) std::array<char, 1024> control;
    iovec vector{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    if (got < 0) return {};
    Message message{{text.data(), static_cast<std::size_t>(got)}, 0, 0};
    for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
        if (one->cmsg_level != SOL_SOCKET) continue;
        if (one->cmsg_type == SCM_CREDENTIALS) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(one), sizeof credentials);
            message.sender = credentials.pid;
            message.user = credentials.uid;
        } else if (one->cmsg_type == SCM_RIGHTS) {
            const std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t i = 0; i < count; ++i) {
                int fd = -1;
                std::memcpy(&fd, CMSG_DATA(one) + i * sizeof fd, sizeof fd);
                ::close(fd);
            }
        }
    }
    return message;
}

}  // namespace

Readiness::Readiness(system::Loop& loop, std::string how, Probe probe)
    : loop_{loop}, how_{std::move(how)}, probe_{std::move(probe)}, timer_{loop.timer()} {}

Readiness::~Readiness() {
    if (ours_.valid()) loop_.forget(ours_.get());
}

Result<void> Readiness::equip(Command& command) {
    user_ = command.identity ? command.identity->user : ::geteuid();
    // Not that of whoever started us.
    std::erase_if(command.environment, [](const std::string& entry) { return entry.starts_with("NOTIFY_SOCKET="); });
    if (how_ == "notify") {
        std::string name;
        ours_ = open_socket(name);
        if (!ours_.valid()) return no_socket(errno);
        command.environment.push_back("NOTIFY_SOCKET=" + name);
    } else if (const auto number = rest_after(how_, "fd:")) {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return no_socket(errno);
        ours_.reset(ends[0]);
        theirs_.reset(ends[1]);
        command.descriptors.emplace_back(theirs_.get(), readiness_descriptor(*number).value_or(3));
    }
    return boost::system::in_place_value;
}

void Readiness::watch(pid_t pid, std::function<void()> ready, std::function<void(std::string)> said) {
    pid_ = pid;
    ready_ = std::move(ready);
    said_ = std::move(said);
    theirs_.reset();
    if (how_.empty() || how_ == "started") return tell();
    if (const auto time = rest_after(how_, "alive:")) {
        timer_.set(parse_duration(*time).value_or(Duration{0}), [this] { tell(); });
    } else if (how_ == "notify") {
        loop_.on_readable(ours_.get(), [this] { return read_notifications(); });
    } else if (how_.starts_with("fd:")) {
        loop_.on_readable(ours_.get(), [this] {
            char text[256];
            const ssize_t got = ::read(ours_.get(), text, sizeof text);
            if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
            if (std::memchr(text, '\n', static_cast<std::size_t>(got)) != nullptr) tell();
            return true;
        });
    } else if (parse_target(how_)) {
        ask();
    }
}

void Readiness::saw(std::string_view line) {
    const auto text = rest_after(how_, "log:");
    if (text && line.find(*text) != std::string_view::npos) tell();
}

void Readiness::tell() {
    if (const auto ready = std::exchange(ready_, nullptr)) ready();
}

void Readiness::ask() {
    probe_(how_, [this, alive = std::weak_ptr{alive_}](const std::string& why) {
        if (alive.expired()) return;
        if (why.empty()) return tell();
        last_answer_ = why;
        pause_ = pause_ == Duration{0} ? kFirstPause : std::min(pause_ * 2, kLongestPause);
        timer_.set(pause_, [this] { ask(); });
    });
}

/// The service's own processes; one that has gone already, as a shell's systemd-notify has, by its user.
bool Readiness::comes_from_service(pid_t sender, uid_t user) const {
    const pid_t group = ::getpgid(sender);
    if (group < 0) return user == user_;
    return sender == pid_ || group == pid_ || ::getsid(sender) == pid_;
}

bool Readiness::read_notifications() {
    while (const auto message = receive(ours_.get())) {
        if (!comes_from_service(message->sender, message->user)) {
            log::warn("services", "a message of readiness came from a process that is not the service's",
                      {{"pid", std::to_string(message->sender)}});
            continue;
        }
        for (const std::string& line : split(message->text, '\n')) {
            if (const auto status = rest_after(line, "STATUS=")) said_(mend_utf8(*status));
            if (line == "READY=1") tell();
        }
    }
    return true;
}

}  // namespace ainit::services
