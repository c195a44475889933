// SPDX-License-Identifier: Apache-2.0
#include "daemon/stay.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "health/server.h"
#include "postgres/idle.h"
#include "system/loop.h"

namespace ainit::daemon {
namespace {

constexpr std::string_view kRoom = "run";
/// After a look that failed the next one comes sooner than [run] recheck.
constexpr Duration kRetry{5'000};

/// All state is the loop thread's, but for what one job works on while it runs.
class Stay {
  public:
    Stay(config::Config config, const StayHooks& hooks)
        : config_{std::make_shared<config::Config>(std::move(config))}, hooks_{hooks} {}

    int run() {
        loop_.adopt_orphans();
        loop_.on_signals({SIGTERM, SIGINT}, [this](const system::Signal& signal) { end(signal.number); });
        loop_.on_signals({SIGHUP}, [this](const system::Signal&) {
            log::info(kRoom, "asked by SIGHUP to read the configuration and look again");
            reload_ = true;
            look();
        });
        auto server = health::Server::open(loop_, config_->health.listen, status_);
        if (!server) {
            Summary failed;
            failed.failures.push_back(std::move(server).error());
            hooks_.report(failed);
            return failed.exit_code();
        }
        server_ = std::move(*server);
        status_.set({false, false, "provisioning has not finished", "{}"});
        look();
        loop_.run();
        return code_;
    }

  private:
    void look() {
        if (ending_) return;
        again_ = busy_;
        if (busy_) return;
        busy_ = true;
        timer_.cancel();
        const bool reload = std::exchange(reload_, false);
        const bool watch = !watched_;
        loop_.work([this, reload, watch] { work(reload, watch); }, [this] { looked(); });
    }

    void work(bool reload, bool watch) {
        if (reload) read_again();
        postgres::Sessions sessions{server_of(*config_)};
        Order order;
        order.run_what_cannot_be_asked = !started_;
        order.on_setback = [this](const Failure& failure) {
            loop_.post([this, reason = scrub(failure.line())] { not_ready(reason); });
        };
        const Stop stop{source_};
        summary_ = carry_out(*config_, sessions, order, stop);
        if (watch && summary_.failures.empty()) keep_idle_session(sessions.server(), stop);
    }

    /// What cannot be used is told, and what is there goes on being used.
    void read_again() {
        auto fresh = hooks_.reload();
        if (!fresh) {
            log::error(kRoom, "going on with the configuration as it was", {{"because", fresh.error().line()}});
            return;
        }
        if (fresh->health.listen != config_->health.listen) {
            log::warn(kRoom, "[health] listen takes effect when the program is started again", {{"listens", config_->health.listen}});
            fresh->health.listen = config_->health.listen;
        }
        config_ = std::make_shared<config::Config>(std::move(*fresh));
    }

    void keep_idle_session(const postgres::Server& server, const Stop& stop) {
        auto session = postgres::open_idle(server, stop.within(server.connect_timeout));
        if (session) idle_.emplace(std::move(*session));
        else log::debug(kRoom, "no session to notice the server's end by", {{"because", session.error().because}});
    }

    /// An idle server mostly speaks to say that it goes away: its last words, then the end.
    void watch_idle_session() {
        watched_ = true;
        last_words_.clear();
        idle_->on_notice([this](std::string_view, std::string_view text) { last_words_ = text; });
        loop_.on_readable(idle_->socket(), [this] {
            // libpq closes the socket as soon as it sees the end.
            const int socket = idle_->socket();
            if (idle_->usable()) return true;
            loop_.forget(socket);
            server_went_away();
            return false;
        });
    }

    void server_went_away() {
        watched_ = false;
        idle_.reset();
        const std::string because = last_words_.empty() ? "the server closed the connection" : scrub(last_words_);
        log::warn(kRoom, "the connection to the server broke; looking again", {{"because", because}});
        not_ready(fmt::format("the connection to the server broke: {}", because));
        look();
    }

    /// The look that is under way goes on, and may wait for the server for long.
    void not_ready(const std::string& reason) {
        health::Status::Facts facts = status_.get();
        if (!facts.ready) return;
        facts.ready = false;
        facts.reason = reason;
        status_.set(std::move(facts));
    }

    void looked() {
        busy_ = false;
        if (idle_ && !watched_) watch_idle_session();
        const bool good = summary_.failures.empty();
        const bool first = !started_;
        started_ = started_ || good;
        status_.set({started_, good, good ? "" : scrub(summary_.failures.front().line()), scrub(hooks_.json(summary_))});
        if (first || !good || summary_.changed() > 0) hooks_.report(summary_);
        // A first provisioning that failed ends the container, so that its orchestrator sees it.
        if (ending_) {
            code_ = first && !good ? summary_.exit_code() : 0;
            return loop_.quit();
        }
        if (first && !good) {
            code_ = summary_.exit_code();
            return loop_.quit();
        }
        if (first) log::info(kRoom, "provisioned; staying", {{"health", config_->health.listen}, {"recheck", show(config_->run.recheck)}});
        // A password may have been changed, and its file with it.
        if (!good && summary_.failures.front().code == Code::authentication) reload_ = true;
        if (again_) return look();
        look_later(good);
    }

    void look_later(bool good) {
        const Duration recheck = config_->run.recheck;
        const bool never = recheck == Duration{0};
        if (good && never) return;
        timer_.set(good ? recheck : never ? kRetry : std::min(kRetry, recheck), [this] { look(); });
    }

    void end(int signal) {
        if (ending_) return;
        ending_ = true;
        const char* name = ::sigabbrev_np(signal);
        log::info(kRoom, fmt::format("stopping, asked by SIG{}", name != nullptr ? name : "?"));
        source_.request(signal);
        timer_.cancel();
        if (!busy_) loop_.quit();
    }

    /// The worker's while a job runs.
    std::shared_ptr<config::Config> config_;
    const StayHooks& hooks_;
    StopSource source_{};
    health::Status status_{};
    Summary summary_{};
    bool busy_{false};
    bool again_{false};  ///< asked to look while a look was under way: it may have begun too early
    bool reload_{false};
    bool ending_{false};
    bool started_{false};
    int code_{0};
    /// Kept while nothing is asked, to notice the server's end; made by the worker, then the loop's.
    std::optional<postgres::Session> idle_{};
    bool watched_{false};
    std::string last_words_{};
    // The last to be made is the first to go: no handler outlives what it uses.
    system::Loop loop_{};
    system::Timer timer_{loop_.timer()};
    std::unique_ptr<health::Server> server_{};
};

}  // namespace

int stay(config::Config config, const StayHooks& hooks) {
    return Stay{std::move(config), hooks}.run();
}

}  // namespace ainit::daemon
