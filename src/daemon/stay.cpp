// SPDX-License-Identifier: Apache-2.0
#include "daemon/stay.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "health/server.h"
#include "system/loop.h"

namespace ainit::daemon {
namespace {

constexpr std::string_view kRoom = "run";
/// After a look that failed the next one comes sooner than [run] recheck.
constexpr Duration kRetry{5'000};

/// All state is the loop thread's, but for what one job works on while it runs.
class Stay {
  public:
    Stay(const config::Config& config, const StatusJson& json, const std::function<void(const Summary&)>& report)
        : config_{config}, json_{json}, report_{report} {}

    int run() {
        loop_.adopt_orphans();
        loop_.on_signals({SIGTERM, SIGINT}, [this](const system::Signal& signal) { end(signal.number); });
        loop_.on_signals({SIGHUP}, [this](const system::Signal&) {
            log::info(kRoom, "asked by SIGHUP to look again");
            look();
        });
        auto server = health::Server::open(loop_, config_.health.listen, status_);
        if (!server) {
            Summary failed;
            failed.failures.push_back(std::move(server).error());
            report_(failed);
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
        loop_.work([this] { work(); }, [this] { looked(); });
    }

    void work() {
        postgres::Sessions sessions{server_of(config_)};
        Order order;
        order.run_what_cannot_be_asked = !started_;
        order.on_setback = [this](const Failure& failure) {
            loop_.post([this, reason = scrub(failure.line())] { not_ready(reason); });
        };
        summary_ = carry_out(config_, sessions, order, Stop{source_});
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
        const bool good = summary_.failures.empty();
        const bool first = !started_;
        started_ = started_ || good;
        status_.set({started_, good, good ? "" : scrub(summary_.failures.front().line()), scrub(json_(summary_))});
        if (first || !good || summary_.changed() > 0) report_(summary_);
        // A first provisioning that failed ends the container, so that its orchestrator sees it.
        if (ending_) {
            code_ = first && !good ? summary_.exit_code() : 0;
            return loop_.quit();
        }
        if (first && !good) {
            code_ = summary_.exit_code();
            return loop_.quit();
        }
        if (first) log::info(kRoom, "provisioned; staying", {{"health", config_.health.listen}, {"recheck", show(config_.run.recheck)}});
        if (again_) return look();
        timer_.set(good ? config_.run.recheck : std::min(kRetry, config_.run.recheck), [this] { look(); });
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

    const config::Config& config_;
    const StatusJson& json_;
    const std::function<void(const Summary&)>& report_;
    StopSource source_{};
    health::Status status_{};
    Summary summary_{};
    bool busy_{false};
    bool again_{false};  ///< asked to look while a look was under way: it may have begun too early
    bool ending_{false};
    bool started_{false};
    int code_{0};
    // The last to be made is the first to go: no handler outlives what it uses.
    system::Loop loop_{};
    system::Timer timer_{loop_.timer()};
    std::unique_ptr<health::Server> server_{};
};

}  // namespace

int stay(const config::Config& config, const StatusJson& json, const std::function<void(const Summary&)>& report) {
    return Stay{config, json, report}.run();
}

}  // namespace ainit::daemon
