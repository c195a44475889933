// SPDX-License-Identifier: Apache-2.0
// The event loop of one engine, in Node's order: after each macrotask the ticks and the promises'
// jobs; then timers that are due, descriptors that are ready, immediates.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <poll.h>

#include "script/value.h"

namespace ainit::script {

struct Realm;
enum class Holds;

class Loop {
  public:
    explicit Loop(Realm& realm) : realm_{realm} {}

    Answer<Value> settle(const Value& value);
    Answer<void> drain();

    std::uint32_t watch(int fd, short events, std::function<void(short)> callback, Holds holds);
    void watch_for(std::uint32_t id, short events, Holds holds);
    void unwatch(std::uint32_t id);

    /// `every`: again each time.
    std::uint32_t timer(Duration delay, std::function<void()> callback, Holds holds, bool every);
    /// Whether there was such a timer or immediate; it is not called any more.
    bool cancel(std::uint32_t id);
    void hold(std::uint32_t id, Holds holds);
    std::uint32_t immediate(std::function<void()> callback);
    /// process.nextTick.
    void tick(Value callback);

    /// A promise was rejected that nobody handles, or is now handled.
    void rejected(Value promise, Value reason);
    void handled(const Value& promise);
    /// An exception that left a callback: the loop ends with it, unless the script listens for
    /// such.
    void fail(Exception exception);

  private:
    struct Timer {
        std::uint32_t id;
        Duration delay;
        std::function<void()> callback;
        Holds holds;
        bool every;
    };

    struct Watch {
        int fd;
        short events;
        std::shared_ptr<std::function<void(short)>> callback;
        Holds holds;
    };

    struct Immediate {
        std::uint32_t id;
        std::function<void()> callback;
    };

    using Timers = std::multimap<Clock::time_point, Timer>;

    std::optional<Exception> round();
    bool holding() const;
    /// Whether the loop has to end: a failure, or the Stop.
    bool ended();
    std::optional<Exception> end();
    void microtasks();
    void look_at_rejections();
    void run_timers();
    void run_immediates();
    void run_watches();
    Duration patience() const;
    std::vector<pollfd> polled(std::vector<std::uint32_t>& ids) const;

    Realm& realm_;
    std::uint32_t last_id_{0};
    Timers timers_{};
    std::map<std::uint32_t, Watch> watches_{};
    std::deque<Immediate> immediates_{};
    std::deque<Value> ticks_{};
    std::vector<std::pair<Value, Value>> rejections_{};  ///< promise, reason
    std::optional<Exception> failure_{};
    Value awaited_{};
};

}  // namespace ainit::script
