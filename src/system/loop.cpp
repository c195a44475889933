// SPDX-License-Identifier: Apache-2.0
#include "system/loop.h"

#include <map>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "system/context.h"

namespace ainit::system {
namespace {

namespace asio = boost::asio;

/// While a zombie belongs to someone who waits for it, others behind it cannot be seen: look again a little later.
constexpr Duration kLookAgain{20};

std::optional<ChildEvent> event_of(const siginfo_t& info) {
    switch (info.si_code) {
        case CLD_EXITED: return ChildEvent{ChildEvent::Kind::exited, info.si_status, 0};
        case CLD_KILLED:
        case CLD_DUMPED: return ChildEvent{ChildEvent::Kind::exited, 0, info.si_status};
        case CLD_STOPPED: return ChildEvent{ChildEvent::Kind::stopped, 0, info.si_status};
        case CLD_CONTINUED: return ChildEvent{ChildEvent::Kind::continued, 0, 0};
        default: return {};
    }
}

}  // namespace

struct Timer::Implementation {
    explicit Implementation(asio::io_context& context) : timer{context} {}
    asio::steady_timer timer;
};

Timer::Timer(std::unique_ptr<Implementation> implementation) : implementation_{std::move(implementation)} {}
Timer::~Timer() = default;
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&&) noexcept = default;

void Timer::set(Duration duration, std::function<void()> handler) {
    implementation_->timer.expires_after(duration);
    implementation_->timer.async_wait([handler = std::move(handler)](const boost::system::error_code& error) {
        if (!error) handler();
    });
}

void Timer::cancel() { implementation_->timer.cancel(); }

struct Loop::Implementation {
    /// A descriptor that somebody else owns.
    struct Watched {
        asio::posix::stream_descriptor descriptor;
        asio::posix::stream_descriptor::wait_type what;
        std::function<bool()> handler;
    };

    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
    sigset_t before{};  ///< the thread's mask before the loop
    sigset_t handled{};
    UniqueFd signals{};
    std::map<int, std::shared_ptr<std::function<void(const Signal&)>>> handlers{};
    std::map<int, std::shared_ptr<Watched>> watched{};
    std::map<pid_t, std::function<void(const ChildEvent&)>> children{};
    asio::steady_timer reaper{context};
    // Made with the first job, so that a loop without work has no second thread.
    std::optional<asio::thread_pool> worker{};

    void listen(const std::shared_ptr<Watched>& one, int fd) {
        one->descriptor.async_wait(one->what, [this, one, fd](const boost::system::error_code& error) {
            const auto current = [&] {
                const auto found = watched.find(fd);
                return found != watched.end() && found->second == one;
            };
            if (error || !current()) return;
            const bool again = one->handler();
            // The handler may have taken itself away.
            if (!current()) return;
            if (again) return listen(one, fd);
            drop(fd);
        });
    }

    void watch(int fd, asio::posix::stream_descriptor::wait_type what, std::function<bool()> handler) {
        drop(fd);
        auto one = std::make_shared<Watched>(Watched{asio::posix::stream_descriptor{context, fd}, what, std::move(handler)});
        watched[fd] = one;
        listen(one, fd);
    }

    void drop(int fd) {
        const auto found = watched.find(fd);
        if (found == watched.end()) return;
        found->second->descriptor.release();
        watched.erase(found);
    }

    bool read_signals() {
        signalfd_siginfo info{};
        while (::read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            Signal signal;
            signal.number = static_cast<int>(info.ssi_signo);
            signal.sender = static_cast<pid_t>(info.ssi_pid);
            signal.queued = info.ssi_code == SI_QUEUE;
            signal.value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(info.ssi_ptr));
            // A write into a closed pipe of our own.
            if (signal.number == SIGPIPE && signal.sender == ::getpid()) continue;
            const auto found = handlers.find(signal.number);
            if (found == handlers.end()) continue;
            const auto handler = found->second;
            (*handler)(signal);
        }
        return true;
    }

    void reap() {
        while (true) {
            siginfo_t info{};
            if (::waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
            const auto event = event_of(info);
            const bool ended = event && event->kind == ChildEvent::Kind::exited;
            const auto child = children.find(info.si_pid);
            if (ended && child == children.end() && is_own_child(info.si_pid)) break;
            if (child != children.end() && event) {
                const auto handler = ended ? std::move(child->second) : child->second;
                if (ended) children.erase(child);
                handler(*event);
            }
            const pid_t pid = info.si_pid;
            siginfo_t taken{};
            ::waitid(P_PID, static_cast<id_t>(pid), &taken, (ended ? WEXITED : WSTOPPED | WCONTINUED) | WNOHANG);
            if (!ended) continue;
            if (is_own_child(pid)) forget_child(pid);
            else log::debug("system", "reaped an orphan", {{"pid", std::to_string(pid)}});
        }
        reaper.expires_after(kLookAgain);
        reaper.async_wait([this](const boost::system::error_code& error) {
            if (!error) reap();
        });
    }
};

asio::io_context& context(Loop& loop) { return loop.implementation().context; }

Loop::Loop() : implementation_{std::make_unique<Implementation>()} {
    sigemptyset(&implementation_->handled);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &implementation_->before);
    implementation_->signals.reset(::signalfd(-1, &implementation_->handled, SFD_NONBLOCK | SFD_CLOEXEC));
    on_readable(implementation_->signals.get(), [this] { return implementation_->read_signals(); });
}

Loop::~Loop() {
    if (implementation_->worker) implementation_->worker->join();
    while (!implementation_->watched.empty()) implementation_->drop(implementation_->watched.begin()->first);
    // What came since would strike as soon as it is let in.
    implementation_->read_signals();
    ::pthread_sigmask(SIG_SETMASK, &implementation_->before, nullptr);
}

void Loop::run() { implementation_->context.run(); }
void Loop::quit() { implementation_->context.stop(); }

void Loop::post(std::function<void()> handler) { asio::post(implementation_->context, std::move(handler)); }

void Loop::on_signals(std::span<const int> signals, std::function<void(const Signal&)> handler) {
    const auto shared = std::make_shared<std::function<void(const Signal&)>>(std::move(handler));
    for (const int signal : signals) {
        implementation_->handlers[signal] = shared;
        sigaddset(&implementation_->handled, signal);
        // Children's ends are not told to who ignores them.
        if (signal == SIGCHLD) std::signal(SIGCHLD, SIG_DFL);
    }
    ::pthread_sigmask(SIG_BLOCK, &implementation_->handled, nullptr);
    ::signalfd(implementation_->signals.get(), &implementation_->handled, SFD_NONBLOCK | SFD_CLOEXEC);
}

void Loop::on_signals(std::initializer_list<int> signals, std::function<void(const Signal&)> handler) {
    on_signals(std::span{signals.begin(), signals.size()}, std::move(handler));
}

Timer Loop::timer() { return Timer{std::make_unique<Timer::Implementation>(implementation_->context)}; }

void Loop::work(std::function<void()> job, std::function<void()> done) {
    if (!implementation_->worker) implementation_->worker.emplace(1);
    asio::post(*implementation_->worker, [this, job = std::move(job), done = std::move(done)]() mutable {
        job();
        asio::post(implementation_->context, std::move(done));
    });
}

void Loop::adopt_orphans() {
    if (::getpid() != 1) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    on_signals({SIGCHLD}, [this](const Signal&) { implementation_->reap(); });
}

void Loop::on_child(pid_t pid, std::function<void(const ChildEvent&)> handler) {
    implementation_->children[pid] = std::move(handler);
    // It may have ended before we asked.
    post([this] { implementation_->reap(); });
}

void Loop::on_readable(int fd, std::function<bool()> handler) {
    implementation_->watch(fd, asio::posix::stream_descriptor::wait_read, std::move(handler));
}

void Loop::on_writable(int fd, std::function<bool()> handler) {
    implementation_->watch(fd, asio::posix::stream_descriptor::wait_write, std::move(handler));
}

void Loop::forget(int fd) { implementation_->drop(fd); }

}  // namespace ainit::system
