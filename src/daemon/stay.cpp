// SPDX-License-Identifier: Apache-2.0
#include "daemon/stay.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "daemon/dependents.h"
#include "daemon/services.h"
#include "health/server.h"
#include "daemon/look_facts.h"
#include "postgres/idle.h"
#include "system/loop.h"

namespace ainit::daemon {
namespace {

constexpr std::string_view kRoom = "run";
/// After a look that failed the next one comes sooner than [run] recheck.
constexpr Duration kRetry{5'000};
/// For who reads the report.
constexpr Duration kReading{5'000};

/// All state is the loop thread's, but for what one job works on while it runs.
class Stay {
  public:
    Stay(config::Config config, const StayHooks& hooks)
        : config_{std::make_shared<config::Config>(std::move(config))}, hooks_{hooks}, stop_delay_{config_->run.stop_delay} {}

    int run() {
        loop_.adopt_orphans();
        loop_.on_signals({SIGTERM, SIGINT}, [this](const system::Signal& signal) { end(signal.number); });
        loop_.on_signals({SIGHUP}, [this](const system::Signal&) {
            log::info(kRoom, "asked by SIGHUP to read the configuration and look again");
            reload_ = true;
            look();
        });
        auto server = health::Server::open(loop_, config_->health.listen, status_);
        if (!server) return refuse(std::move(server).error());
        server_ = std::move(*server);
        if (auto failure = make_services()) return refuse(std::move(*failure));
        publish();
        if (services_) services_->start();
        look();
        loop_.run();
        return code_;
    }

  private:
    int refuse(Failure failure) {
        Summary failed;
        failed.failures.push_back(std::move(failure));
        hooks_.report(failed, {});
        return failed.exit_code();
    }

    std::optional<Failure> make_services() {
        if (config_->services.empty()) return {};
        Services::Hooks told;
        told.changed = [this] { publish(); };
        told.failed = [this](const Failure& failure) { hooks_.failed({failure}); };
        told.ending = [this] { services_end(); };
        told.over = [this](const services::End& end) { services_over(end); };
        auto made = Services::make(loop_, config_, server_of(*config_), std::move(told));
        if (!made) return std::move(made).error();
        services_ = std::move(*made);
        std::vector<int> others = system::forwardable_signals();
        std::erase_if(others, [](int number) { return number == SIGTERM || number == SIGINT || number == SIGHUP; });
        loop_.on_signals(others, [this](const system::Signal& signal) { services_->forward(signal); });
        return {};
    }

    void look() {
        if (ending_) return;
        again_ = busy_;
        if (busy_) return;
        busy_ = looking_ = true;
        timer_.cancel();
        const bool reload = std::exchange(reload_, false);
        const bool watch = !watched_;
        const auto timeline = std::make_shared<Timeline>();
        (started_ ? current_ : start_) = timeline;
        publish();
        loop_.work([this, reload, watch, timeline] { work(reload, watch, timeline); }, [this] { looked(); });
    }

    void work(bool reload, bool watch, const std::shared_ptr<Timeline>& timeline) {
        if (reload && read_again()) renew_ = true;
        postgres::Sessions sessions{server_of(*config_)};
        Order order;
        order.timeline = timeline;
        order.again = started_;
        order.on_setback = [this](const Failure& failure) {
            loop_.post([this, reason = scrub(failure.line())] { not_ready(reason); });
        };
        std::set<std::string> settled;
        if (services_ || !config_->dependents.empty()) {
            order.on_settled = [&](const std::string& need) {
                settled.insert(need);
                if (services_) release(need, sessions.server());
            };
        }
        const Stop stop{source_};
        summary_ = carry_out(*config_, sessions, order, stop);
        if (services_) {
            loop_.post([this, config = config_, server = sessions.server()] { services_->use(config, server); });
        }
        if (!stop.requested()) dependents_.tell(*config_, settled, changed_by(*config_, summary_), sessions, stop);
        if (watch && summary_.failures.empty()) keep_idle_session(sessions.server(), stop);
    }

    /// Of the worker.
    void release(const std::string& need, const postgres::Server& server) {
        loop_.post([this, need, config = config_, server] {
            services_->use(config, server);
            services_->release(need);
        });
    }

    /// What cannot be used is told, and what is there goes on being used.
    bool read_again() {
        auto fresh = hooks_.reload();
        if (!fresh) {
            log::error(kRoom, "going on with the configuration as it was", {{"because", fresh.error().line()}});
            return false;
        }
        if (fresh->health.listen != config_->health.listen) {
            log::warn(kRoom, "[health] listen takes effect when the program is started again", {{"listens", config_->health.listen}});
            fresh->health.listen = config_->health.listen;
        }
        config_ = std::make_shared<config::Config>(std::move(*fresh));
        return true;
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
        if (reason_.empty()) reason_ = reason;
        publish();
    }

    void publish() {
        std::string reason = ending_ ? "it is stopping" : reason_;
        if (reason.empty() && services_) reason = services_->not_ready();
        status_.set({.started = started_,
                     .ready = reason.empty(),
                     .reason = reason,
                     .json = json_,
                     .server = server_name_,
                     .looks = looks_,
                     .start = start_,
                     .latest = latest_,
                     .current = current_,
                     .beside = services_ ? services_->starts() : nullptr,
                     .looking = looking_,
                     .ending = ending_});
        if (services_) status_.set_services(services_->facts());
        if (server_) server_->changed();
    }

    void looked() {
        looking_ = false;
        if (idle_ && !watched_) watch_idle_session();
        const bool good = summary_.failures.empty();
        const bool first = !started_;
        started_ = started_ || good;
        reason_ = good ? "" : scrub(summary_.failures.front().line());
        json_ = scrub(hooks_.json(summary_));
        if (!summary_.server.empty()) server_name_ = summary_.server;
        count_look(looks_, summary_);
        const auto told = first ? start_ : std::exchange(current_, nullptr);
        if (!good || (!first && summary_.changed() > 0)) latest_ = told;
        else if (first) latest_.reset();
        failed_start_ = first && !good ? summary_.exit_code() : 0;
        publish();
        // What services have ended by themselves for counts more than that the look was ended with them.
        const bool news = good ? first : std::exchange(told_, reason_) != reason_;
        if (good) told_.clear();
        if (ended_by_services_ || (!news && summary_.changed() == 0)) return reported(first, good);
        // Whoever reads it may be slow, or stuck; nothing is looked at meanwhile.
        loop_.work([this] { hooks_.report(summary_, Stop{source_}.within(kReading)); }, [this, first, good] { reported(first, good); });
    }

    void reported(bool first, bool good) {
        busy_ = false;
        if (ending_) return quit_when_over();
        // A first provisioning that failed ends the container, so that its orchestrator sees it.
        if (failed_start_ != 0 && config_->run.on_failed_start == "stop") return begin_end(0);
        if (first && good) log::info(kRoom, "provisioned; staying", {{"health", config_->health.listen}, {"recheck", show(config_->run.recheck)}});
        // Not before what they log in with is set in the cluster.
        if (good && std::exchange(renew_, false) && services_) services_->renew();
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
        if (ending_) return hurry(signal);
        const char* name = ::sigabbrev_np(signal);
        log::info(kRoom, fmt::format("stopping, asked by SIG{}", name != nullptr ? name : "?"));
        begin_end(signal);
    }

    /// `signal`: that asked for it, or 0.
    void begin_end(int signal) {
        ending_ = true;
        source_.request(signal);
        timer_.cancel();
        publish();
        if (!services_) return quit_when_over();
        if (signal == 0 || stop_delay_ == Duration{0}) return services_->stop(signal);
        log::info(kRoom, fmt::format("not ready any more; services are stopped in {}", show(stop_delay_)));
        delaying_ = true;
        timer_.set(stop_delay_, [this, signal] { stop_after_delay(signal); });
    }

    void stop_after_delay(int signal) {
        delaying_ = false;
        timer_.cancel();
        services_->stop(signal);
    }

    /// Asked a second time.
    void hurry(int signal) {
        if (!services_ || services_end_) return;
        if (delaying_) return stop_after_delay(signal);
        services_->stop(signal);
    }

    /// One of them has failed, or the main one has ended: a look that is under way is ended too.
    void services_end() {
        if (ending_) return;
        ended_by_services_ = true;
        begin_end(0);
    }

    void services_over(const services::End& end) {
        services_end_ = end;
        if (!end.failures.empty()) hooks_.failed(end.failures);
        quit_when_over();
    }

    void quit_when_over() {
        if (busy_ || (services_ && !services_end_)) return;
        code_ = exit_code();
        loop_.quit();
    }

    int exit_code() const {
        if (failed_start_ != 0 && !ended_by_services_) return failed_start_;
        return services_end_ ? services_end_->code : 0;
    }

    /// The worker's while a job runs.
    std::shared_ptr<config::Config> config_;
    const StayHooks& hooks_;
    StopSource source_{};
    health::Status status_{};
    Summary summary_{};
    bool busy_{false};     ///< a look is under way, or what it found is told
    bool looking_{false};
    bool again_{false};  ///< asked to look while a look was under way: it may have begun too early
    bool reload_{false};
    bool renew_{false};  ///< a configuration was read again that services do not know yet
    bool ending_{false};
    bool started_{false};
    int code_{0};
    int failed_start_{0};  ///< exit code of a first provisioning that did not succeed
    std::string reason_{"provisioning has not finished"};  ///< why the cluster is not as wanted
    std::string told_{};                                 ///< of the same, what was reported last
    std::string json_{"{}"};
    std::string server_name_{};
    health::LookFacts looks_{};
    std::shared_ptr<const Timeline> start_{};    ///< of the look that provisions first
    std::shared_ptr<const Timeline> latest_{};   ///< of the last one that failed, or changed something after the start
    std::shared_ptr<const Timeline> current_{};  ///< of the one after it that goes on
    Duration stop_delay_;
    bool delaying_{false};
    bool ended_by_services_{false};
    std::optional<services::End> services_end_{};
    Dependents dependents_{};  ///< the worker's
    /// Kept while nothing is asked, to notice the server's end; made by the worker, then the loop's.
    std::optional<postgres::Session> idle_{};
    bool watched_{false};
    std::string last_words_{};
    // The last to be made is the first to go: no handler outlives what it uses.
    system::Loop loop_{};
    system::Timer timer_{loop_.timer()};
    std::unique_ptr<health::Server> server_{};
    std::unique_ptr<Services> services_{};
};

}  // namespace

int stay(config::Config config, const StayHooks& hooks) {
    return Stay{std::move(config), hooks}.run();
}

}  // namespace ainit::daemon
