// SPDX-License-Identifier: Apache-2.0
#include "postgres/lock.h"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "base/log.h"
#include "base/text.h"
#include "postgres/idle.h"

namespace ainit::postgres {
namespace {

constexpr std::string_view kRoom = "lock";
constexpr Duration kShortestPause{50};
constexpr Duration kLongestPause{500};

// "aini" and "trun" as bytes. Whoever must not meet a run can take the same lock.
constexpr Sql kTry{"SELECT pg_try_advisory_lock(1634299497, 1953658222), pg_is_in_recovery()"};
constexpr Sql kHeld{
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = "
    "pg_backend_pid() AND classid = 1634299497 AND objid = 1953658222)"};
constexpr Sql kHolder{
    "SELECT pid, application_name, host(client_addr), "
    "floor(extract(epoch FROM clock_timestamp() - backend_start) * 1000)::bigint "
    "FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND "
    "classid = 1634299497 AND objid = 1953658222 AND "
    "pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"};

struct Holder {
    std::string text{"another run"};
    long long pid{0};
};

Holder holder_of(Session& session, const Stop& stop) {
    Holder holder;
    const auto rows = session.query(kHolder, stop);
    if (!rows || rows->size() == 0) return holder;
    holder.pid = rows->number(0, 0);
    holder.text = fmt::format("process {} of the server ({}{}{}, since {})", rows->text(0, 0),
                              rows->text(0, 1), rows->null(0, 2) ? "" : " from ",
                              rows->text(0, 2), show(Duration{rows->number(0, 3)}));
    return holder;
}

/// Says who has it, once for each holder.
void name_new_holder(Session& session, Holder& holder, const ClusterLock::HolderSink& held_by, const Stop& stop) {
    const Holder now = holder_of(session, stop);
    if (now.pid == 0 || now.pid == holder.pid) return;
    holder = now;
    log::info(kRoom, "waiting for the cluster lock", {{"held_by", holder.text}});
    if (held_by) held_by(holder.text);
}

Failure not_ours(const Stop& stop, const Holder& holder) {
    Failure failure = stop.failure(Code::lock_timeout, "cannot take the cluster lock");
    if (failure.code == Code::lock_timeout) failure.because = fmt::format("{} holds it", holder.text);
    failure.state = "This run changed nothing.";
    return failure;
}

Failure standby() {
    Failure failure;
    failure.code = Code::standby;
    failure.what = "cannot take the cluster lock";
    failure.because = "the server is a standby: its locks keep nobody out";
    failure.state = "This run changed nothing.";
    return failure;
}

/// Between two tries: longer and longer, and never in step with other runs.
class Pauses {
  public:
    Duration next() {
        std::uniform_int_distribution<Duration::rep> spread{pause_.count() / 2, pause_.count()};
        const Duration chosen{spread(random_)};
        pause_ = std::min(pause_ * 3 / 2, kLongestPause);
        return chosen;
    }

  private:
    std::mt19937 random_{std::random_device{}()};
    Duration pause_{kShortestPause};
};

}  // namespace

Result<ClusterLock> ClusterLock::take(const Server& server, const Stop& stop, const HolderSink& held_by) {
    const auto began = Clock::now();
    std::optional<Session> session;
    Holder holder;
    for (Pauses pauses; true;) {
        // Lost, or never had: a server that is out of slots for now has one later.
        if (!session || !session->usable()) {
            auto opened = open_idle(server, stop);
            if (!opened && (!opened.error().transient || stop.over())) return std::move(opened).error();
            session.reset();
            if (opened) session.emplace(std::move(*opened));
        }
        if (session) {
            const auto rows = session->query(kTry, stop);
            if (rows && rows->boolean(0, 1)) return standby();
            if (rows && rows->boolean(0, 0)) {
                const auto waited = std::chrono::duration_cast<Duration>(Clock::now() - began);
                return ClusterLock{std::move(*session), waited};
            }
            if (rows) name_new_holder(*session, holder, held_by, stop);
        }
        if (!stop.sleep(pauses.next())) return not_ours(stop, holder);
    }
}

Result<void> ClusterLock::still_held(const Stop& stop) {
    auto rows = session_.query(kHeld, stop);
    if (rows && rows->boolean(0, 0)) return ok();
    if (!rows && rows.error().code == Code::interrupted) return std::move(rows).error();
    Failure failure;
    failure.code = Code::connection_lost;
    failure.what = "cannot go on: the cluster lock is lost";
    failure.because = rows ? "the server no longer has it" : rows.error().because;
    if (!rows) failure.sqlstate = rows.error().sqlstate;
    failure.state = "What was committed stays; nothing more was begun.";
    failure.transient = true;
    return failure;
}

LockWatch::LockWatch(const ClusterLock& lock, const Stop& stop, std::function<void()> tick)
    : deadline_{stop.deadline()},
      thread_{[this, socket = lock.session_.socket(), stop, tick = std::move(tick)] { watch(socket, stop, tick); }} {}

LockWatch::~LockWatch() {
    end_.request(0);
    thread_.join();
}

/// The connection is silent: that the server closes it, and no words of it, is what tells (POLLRDHUP; POLLERR and POLLHUP come
/// unasked).
void LockWatch::watch(int socket, const Stop& asked, const std::function<void()>& tick) {
    constexpr int kTick = 250;
    pollfd polled[] = {{socket, POLLRDHUP, 0}, {asked.fd(), POLLIN, 0}, {Stop{end_}.fd(), POLLIN, 0}};
    while (::poll(polled, std::size(polled), tick ? kTick : -1) <= 0) {
        if (tick) tick();
    }
    if (asked.requested()) {
        source_.request(asked.signal());
    } else if (polled[0].revents != 0) {
        source_.request(0);
    }
}

}  // namespace ainit::postgres
