// SPDX-License-Identifier: Apache-2.0
#include "postgres/ready.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "postgres/silence.h"

namespace ainit::postgres {
namespace {

constexpr std::string_view kRoom = "postgres";
constexpr Duration kShortestPause{5};
constexpr Duration kLongestPause{100};
/// The pause grows with the time waited, so that the delay stays a small part of it.
constexpr int kPartOfWaiting = 400;
/// How often a silent server is asked for the reason of its silence.
constexpr Duration kSilenceInterval{500};

std::string show_version(int number) {
    return fmt::format("{}.{}", number / 10000, number % 10000);
}

/// Whether `actual` is what `expected` says: "17.5" or "17".
bool version_matches(int actual, const std::string& expected) {
    return expected.empty() || show_version(actual) == expected ||
           std::to_string(actual / 10000) == expected;
}

/// What a refused login tells about the server, in a word or two.
std::string state_of(const Failure& failure) {
    if (failure.code == Code::tls) return "TLS failed";
    if (failure.code == Code::not_postgres) return "not PostgreSQL";
    if (failure.code == Code::too_old) return "too old";
    if (failure.code == Code::pooler) return "a pooler";
    if (failure.code == Code::standby) return "a standby";
    if (failure.code == Code::connection_lost) return "went away";
    if (failure.code == Code::not_ready && failure.sqlstate.empty()) return "initializing";
    if (failure.sqlstate == sqlstate::kCannotConnectNow) return "starting up";
    if (failure.sqlstate == sqlstate::kTooManyConnections) return "no free slot";
    if (failure.sqlstate == sqlstate::kInvalidPassword) return "password refused";
    if (failure.sqlstate == sqlstate::kInvalidAuthorization) return "login refused";
    if (failure.sqlstate == sqlstate::kInvalidCatalogName) return "database missing";
    if (failure.sqlstate == sqlstate::kInsufficientPrivilege) return "no right to connect";
    if (failure.sqlstate.starts_with("57P0")) return "shutting down";
    if (failure.sqlstate.empty()) return "login refused";
    return fmt::format("SQLSTATE {}", failure.sqlstate);
}

class Waiting {
  public:
    Waiting(const Server& server, const Login& login, const ReadyRules& rules, const Stop& stop)
        : server_{server}, login_{login}, rules_{rules}, stop_{stop} {}

    Result<Ready> run() {
        while (true) {
            if (nobody_listens()) {
                if (!stop_.sleep(pause())) return end_of_wait();
                continue;
            }
            auto session = Session::open(server_, login_, stop_);
            Result<void> suits = session ? suit(*session) : std::move(session).error();
            if (suits) return ready(std::move(*session));
            Failure failure = std::move(suits).error();
            if (failure.code == Code::interrupted) return interrupted(std::move(failure));
            if (stop_.over()) return too_late(std::move(failure));
            const bool fresh = enter(session ? state_of(failure) : state_of_refusal(failure), failure.sqlstate,
                                     failure.because);
            if (fresh && rules_.on_setback) rules_.on_setback(failure);
            if (give_up(failure)) return failure;
            silent_ = !session && failure.transient && failure.sqlstate.empty();
            last_ = std::move(failure);
            if (!stop_.sleep(pause())) return end_of_wait();
        }
    }

  private:
    Duration waited() const {
        return std::chrono::duration_cast<Duration>(Clock::now() - began_);
    }

    Duration pause() const {
        return std::clamp(waited() / kPartOfWaiting, kShortestPause, kLongestPause);
    }

    /// Where nobody listened, knocking at the port costs a tenth of trying to log in. Whether the reason is still the same
    /// is asked with the whole login from time to time.
    bool nobody_listens() const {
        return silent_ && Clock::now() < ask_silence_at_ && !somebody_listens(server_, stop_.within(server_.connect_timeout));
    }

    Failure end_of_wait() const {
        return stop_.requested() ? interrupted(stop_.failure(Code::not_ready, ""))
                                 : too_late(*last_);
    }

    std::string state_of_refusal(const Failure& failure) {
        if (failure.code != Code::not_ready || !failure.sqlstate.empty()) return state_of(failure);
        if (Clock::now() >= ask_silence_at_) {
            silence_ = reason_of_silence(server_, stop_.within(server_.connect_timeout));
            ask_silence_at_ = after(kSilenceInterval);
        }
        return silence_;
    }

    /// Closes the last phase where the state is a new one, and logs the new one; false if it is not.
    bool enter(std::string state, const std::string& sqlstate, const std::string& because) {
        const auto now = Clock::now();
        if (!phases_.empty()) {
            phases_.back().lasted = std::chrono::duration_cast<Duration>(now - phase_began_);
            if (phases_.back().state == state) return false;
        }
        phase_began_ = phases_.empty() ? began_ : now;
        log::info(kRoom, fmt::format("{}: {}", server_.address(), state),
                  {{"because", because}, {"sqlstate", sqlstate}});
        if (rules_.on_state) rules_.on_state(state);
        phases_.push_back({std::move(state), sqlstate, Duration{0}});
        return true;
    }

    /// Whether this failure will not heal: at once, or when it has been so for the grace.
    bool give_up(const Failure& failure) {
        if (failure.transient) {
            refused_until_.reset();
            return false;
        }
        const bool final = failure.code == Code::too_old || failure.code == Code::pooler ||
                           failure.code == Code::connection_option;
        if (final) return true;
        if (!refused_until_) refused_until_ = after(rules_.refusal_grace);
        return Clock::now() >= *refused_until_;
    }

    /// Whether the server behind a session is the one that is meant.
    Result<void> suit(Session& session) {
        if (session.server_version() / 10000 < rules_.minimum_version) return too_old(session);
        auto rows = session.query(
            "SELECT pg_is_in_recovery(), pg_backend_pid(), current_setting('listen_addresses') = ''",
            stop_);
        if (!rows) return std::move(rows).error();
        const bool another = rows->number(0, 1) != session.backend_pid();
        if (rules_.direct && another) {
            return unsuitable(Code::pooler,
                              "a pooler stands between: the process that answers is not the one "
                              "that took the login");
        }
        if (rules_.writable && rows->boolean(0, 0)) {
            return unsuitable(Code::standby, "the server is in recovery");
        }
        if (session.host().is_socket() && rows->boolean(0, 2)) return permanent(session);
        return ok();
    }

    /// The official image runs its init scripts on a server that listens on the socket alone, by its command line, and
    /// starts the real one after that.
    Result<void> permanent(Session& session) {
        auto rows = session.query(
            "SELECT source = 'command line' FROM pg_settings WHERE name = 'listen_addresses'", stop_);
        if (!rows) return std::move(rows).error();
        if (rows->size() == 1 && !rows->boolean(0, 0)) return ok();
        Failure failure = unsuitable(Code::not_ready,
                                     "it listens on its socket alone, by its command line, as the "
                                     "server of an image's init scripts does");
        failure.transient = true;
        return failure;
    }

    Result<void> too_old(const Session& session) const {
        return unsuitable(Code::too_old,
                          fmt::format("it is PostgreSQL {}, and {} is the oldest that will do",
                                      show_version(session.server_version()),
                                      rules_.minimum_version));
    }

    Failure unsuitable(Code code, std::string because) const {
        Failure failure;
        failure.code = code;
        failure.what = fmt::format("cannot use the server at {}", server_.address());
        failure.because = std::move(because);
        failure.state = "Nothing was changed.";
        return failure;
    }

    Ready ready(Session session) {
        // Worth a line only after something else: who looks again and again finds it ready each time.
        if (!phases_.empty()) enter("ready", "", story_so_far());
        const int version = session.server_version();
        if (!version_matches(version, rules_.expected_version)) {
            log::warn(kRoom, fmt::format("PostgreSQL {} serves", show_version(version)),
                      {{"expected", rules_.expected_version}});
        }
        return Ready{std::move(session), std::move(phases_), waited()};
    }

    std::string story_so_far() const {
        return phases_.empty() ? "" : fmt::format("after {}", show(waited()));
    }

    Failure interrupted(Failure failure) const {
        failure.what = fmt::format("cannot wait any longer for PostgreSQL at {}", server_.address());
        failure.state = "Nothing was changed.";
        return failure;
    }

    Failure too_late(Failure last) const {
        // The deadline cut the last try short, in its login or in a question of it; the one before it knew why.
        const bool cancelled = last.sqlstate == sqlstate::kQueryCanceled;
        if ((cancelled || last.sqlstate.empty()) && last_) last = *last_;
        if (!last.transient && last.sqlstate != sqlstate::kQueryCanceled) return last;
        Failure failure;
        failure.code = Code::not_ready;
        failure.what = fmt::format("cannot reach PostgreSQL at {} within {}", server_.address(), show(waited()));
        failure.because = last.because;
        failure.sqlstate = last.sqlstate;
        failure.state = phases_.empty() ? "Nothing was changed."
                                        : fmt::format("Nothing was changed; the server was last seen as: {}.",
                                                      phases_.back().state);
        failure.transient = true;
        return failure;
    }

    const Server& server_;
    const Login& login_;
    const ReadyRules& rules_;
    const Stop& stop_;
    Deadline began_{Clock::now()};
    Deadline phase_began_{began_};
    std::vector<ReadyPhase> phases_{};
    std::optional<Deadline> refused_until_{};
    std::optional<Failure> last_{};
    bool silent_{false};  ///< the last try met nobody
    std::string silence_{};
    Deadline ask_silence_at_{began_};
};

}  // namespace

std::string Ready::story() const {
    std::vector<std::string> parts;
    for (const ReadyPhase& phase : phases) {
        if (phase.state != "ready") parts.push_back(fmt::format("{} for {}", phase.state, show(phase.lasted)));
    }
    parts.push_back(fmt::format("ready after {}", show(waited)));
    return join(parts, ", ");
}

Result<Ready> wait_ready(const Server& server, const Login& login, const ReadyRules& rules, const Stop& stop) {
    return Waiting{server, login, rules, stop}.run();
}

}  // namespace ainit::postgres
