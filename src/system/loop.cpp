// SPDX-License-Identifier: Apache-2.0
#include "system/loop.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <optional>
#include <vector>

#include "base/child.h"
#include "base/log.h"
#include "system/context.h"

namespace ainit::system {
namespace {

namespace asio = boost::asio;

/// While a zombie belongs to someone who waits for it, others behind it cannot be seen: look again a little later.
constexpr Duration kLookAgain{20};

}  // namespace

struct Loop::Implementation {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
    std::vector<std::unique_ptr<asio::signal_set>> signals{};
    asio::steady_timer timer{context};
    asio::steady_timer reaper{context};
    // Made with the first job, so that a loop without work has no second thread.
    std::optional<asio::thread_pool> worker{};

    void listen(asio::signal_set& set, std::shared_ptr<std::function<void(int)>> handler) {
        set.async_wait([this, &set, handler](const boost::system::error_code& error, int signal) {
            if (error) return;
            (*handler)(signal);
            listen(set, handler);
        });
    }

    void reap() {
        while (true) {
            siginfo_t info{};
            if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
            if (is_own_child(info.si_pid)) break;
            ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
            log::debug("system", "reaped an orphan", {{"pid", std::to_string(info.si_pid)}});
        }
        reaper.expires_after(kLookAgain);
        reaper.async_wait([this](const boost::system::error_code& error) {
            if (!error) reap();
        });
    }
};

asio::io_context& context(Loop& loop) { return loop.implementation().context; }

Loop::Loop() : implementation_{std::make_unique<Implementation>()} {}

Loop::~Loop() {
    if (implementation_->worker) implementation_->worker->join();
}

void Loop::run() { implementation_->context.run(); }
void Loop::quit() { implementation_->context.stop(); }

void Loop::post(std::function<void()> handler) { asio::post(implementation_->context, std::move(handler)); }

void Loop::on_signals(std::initializer_list<int> signals, std::function<void(int)> handler) {
    auto set = std::make_unique<asio::signal_set>(implementation_->context);
    for (const int signal : signals) {
        if (signal == SIGCHLD) {
            set->add(signal, asio::signal_set::flags::no_child_stop);
        } else {
            set->add(signal);
        }
    }
    implementation_->listen(*set, std::make_shared<std::function<void(int)>>(std::move(handler)));
    implementation_->signals.push_back(std::move(set));
}

void Loop::set_timer(Duration duration, std::function<void()> handler) {
    implementation_->timer.cancel();
    if (duration <= Duration{0}) return;
    implementation_->timer.expires_after(duration);
    implementation_->timer.async_wait([handler = std::move(handler)](const boost::system::error_code& error) {
        if (!error) handler();
    });
}

void Loop::work(std::function<void()> job, std::function<void()> done) {
    if (!implementation_->worker) implementation_->worker.emplace(1);
    asio::post(*implementation_->worker, [this, job = std::move(job), done = std::move(done)]() mutable {
        job();
        asio::post(implementation_->context, std::move(done));
    });
}

void Loop::adopt_orphans() {
    if (::getpid() != 1) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    on_signals({SIGCHLD}, [this](int) { implementation_->reap(); });
}

}  // namespace ainit::system
