// SPDX-License-Identifier: Apache-2.0
// The timeline of a run as it is written: its phases, and within them what rooms below tell of their progress.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/timeline.h"
#include "daemon/run.h"

namespace ainit::daemon {

/// A phase of the run for as long as it lives; a failure that is added meanwhile is its own.
class PhaseClock {
  public:
    PhaseClock(Summary& summary, std::string kind, std::string name)
        : summary_{summary}, failures_{summary.failures.size()}, span_{*summary.timeline, std::move(kind), std::move(name)} {}
    ~PhaseClock() { span_.failed = summary_.failures.size() > failures_; }
    PhaseClock(const PhaseClock&) = delete;
    PhaseClock& operator=(const PhaseClock&) = delete;

    void note(std::string text) { span_.note = std::move(text); }
    int number() const { return span_.number(); }

  private:
    Summary& summary_;
    std::size_t failures_;
    Span span_;
};

/// States that follow each other within a phase: what a server was seen as, who held the lock.
class States {
  public:
    States(Timeline& timeline, int phase) : timeline_{timeline}, phase_{phase}, began_{timeline.now()} {}
    ~States() { leave(); }
    States(const States&) = delete;
    States& operator=(const States&) = delete;

    /// The first has been so from the beginning, whenever it was found out.
    void enter(const std::string& state);
    void leave();

  private:
    Timeline& timeline_;
    int phase_;
    std::optional<Microseconds> began_;
    int open_{0};
};

/// Steps, which are told of when they are over, and follow each other.
class Steps {
  public:
    Steps(Timeline& timeline, int phase) : timeline_{timeline}, phase_{phase}, began_{timeline.now()} {}
    void add(const plan::Outcome& outcome);

  private:
    Timeline& timeline_;
    int phase_;
    Microseconds began_;
};

/// The files of a migration, as its engine tells of them.
class Files {
  public:
    Files(Timeline& timeline, int phase) : timeline_{timeline}, phase_{phase} {}
    /// One that was begun and is not over has failed; what was not said to be done may be rolled back.
    ~Files();
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;

    void hear(const migrate::Progress& progress);

  private:
    void begin(const std::string& name);
    void done(const migrate::Progress& progress);

    Timeline& timeline_;
    int phase_;
    int open_{0};
    std::map<std::string, int> not_done_{};
};

/// The checks of each login, all of which are asked together; the logins beside each other, each database in its own lane.
void add_findings(Timeline& timeline, int phase, const std::vector<verify::Finding>& findings);

}  // namespace ainit::daemon
