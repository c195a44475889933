// SPDX-License-Identifier: Apache-2.0
// The life of one service as a state machine: pure, no clock and no process of its own. It is told what happened and answers
// what is to be done; the Supervisor does it. docs/services.md draws it from the table of transitions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.h"

namespace ainit::services {

enum class State {
    waiting,      ///< for what it needs
    starting,     ///< runs, and is not ready yet
    ready,        ///< runs, and is
    backing_off,  ///< has ended and is started again in a moment
    stopping,     ///< was asked to end
    killing,      ///< has not ended within its grace
    stopped,      ///< ended because it was to
    done,         ///< ended by itself, with 0, and is not to be started again
    failed,       ///< ended otherwise, and is given up
};
std::string_view name_of(State state);

enum class On {
    released,     ///< all that it needs is there
    started,      ///< its command runs
    not_started,  ///< its command cannot be run
    became_ready,
    exited,
    time_up,      ///< the timer that was asked for
    stop,         ///< it is to end
    kill,         ///< it is to end now
    restart,      ///< it is to end and be started again
};
std::string_view name_of(On event);

struct Event {
    On on{};
    int status{0};          ///< exited: its exit code, or 128 + signal
    bool transient{false};  ///< not_started: may be another time
};

enum class Restart { always, on_failure, never };

struct Rules {
    Restart restart{Restart::on_failure};
    int limit{5};                     ///< restarts in a row before it is given up; 0: none
    Duration backoff{1'000};          ///< before the first of them; doubled with each
    Duration longest_backoff{60'000};
    Duration settled{60'000};         ///< ready for so long it counts from the beginning
    Duration ready_timeout{60'000};   ///< 0: none
    Duration grace{8'000};            ///< between its stop signal and KILL
};

/// What the Supervisor has to do, in this order.
enum class Act {
    start,        ///< run the command
    send_stop,    ///< its stop signal, to it
    send_kill,    ///< KILL, to its group
    set_timer,    ///< Machine::timer() from now
    take_timer,
};

struct Transition {
    State from;
    On on;
    State to;
    std::string_view when;  ///< empty: always
};
/// All there are; one that is not here does not happen.
std::span<const Transition> transitions();

class Machine {
  public:
    explicit Machine(const Rules& rules) : rules_{rules} {}

    /// An event that means nothing in the present state changes nothing.
    std::vector<Act> on(const Event& event);

    State state() const { return state_; }
    /// Whether a process of it runs.
    bool running() const;
    /// Whether nothing more will come of it by itself.
    bool over() const;
    Duration timer() const { return timer_; }
    int restarts() const { return all_restarts_; }
    /// Why it is failed: "was not ready within 60 s", "exited with 3"; the status of its last end.
    bool unready() const { return unready_; }
    int status() const { return status_; }

  private:
    std::vector<Act> end_it(On on);
    std::vector<Act> ended(const Event& event);
    std::vector<Act> again_or_not(bool good, On on);
    void enter(State to, On on);

    Rules rules_;
    State state_{State::waiting};
    Duration timer_{0};
    int in_a_row_{0};
    int all_restarts_{0};
    int status_{0};
    bool unready_{false};      ///< it ends since it did not become ready
    bool start_again_{false};  ///< after it has ended, as asked
};

}  // namespace ainit::services
