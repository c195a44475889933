// SPDX-License-Identifier: Apache-2.0
// What happened when: the parts of a run, each with its beginning and its end, and parts within parts. Pure data; it may be
// read while it is being written.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/stop.h"

namespace ainit {

using Microseconds = std::chrono::microseconds;

/// A part of a run: what was done or waited for.
struct Event {
    int number{0};  ///< from 1, in the order of beginning
    int parent{0};  ///< of the part that it is within; 0: none
    std::string kind{};  ///< "wait", "provision", "step": the same word whatever it is about
    std::string name{};
    std::string note{};
    std::string lane{};  ///< what runs beside others has a lane of its own: a database; empty: the run itself
    bool failed{false};
    Microseconds began{0};                ///< since the timeline's start
    std::optional<Microseconds> ended{};  ///< empty while it goes on

    /// How long it took, or has taken until `now`.
    Microseconds took(Microseconds now) const { return ended.value_or(now) - began; }
    /// Checks of one login are asked together: their sum says it for people, unless one failed.
    bool worth_a_line() const { return kind != "check" || failed; }
};

class Timeline {
  public:
    Timeline() = default;
    Timeline(const Timeline&) = delete;
    Timeline& operator=(const Timeline&) = delete;

    /// Returns its number.
    int begin(std::string kind, std::string name, int parent = 0);
    void end(int number, std::string note, bool failed);
    /// It took no longer than this, as was learnt after its end.
    void shorten(int number, Duration took);
    /// Says of one what became of it, whether it goes on or not.
    void note(int number, std::string note);
    /// Adds one whose beginning and end are known.
    int add(Event event);

    /// Makes one of all from number `first` on, and of the one before them if it is of this kind: it ends now.
    void fold(int first, const std::string& kind, const std::string& name, std::string note);

    Microseconds at(Deadline moment) const { return std::chrono::floor<Microseconds>(moment - began_); }
    Microseconds now() const { return at(Clock::now()); }
    std::chrono::system_clock::time_point started() const { return started_; }
    /// The moment from which everything in it counts.
    Deadline zero() const { return began_; }
    /// ISO 8601, UTC, in milliseconds.
    std::string started_at() const;

    std::vector<Event> events() const;
    /// The number of the one that began last; 0: none has.
    int last() const;
    /// From the start to the end of the last part that has ended.
    Microseconds total() const;

  private:
    const Deadline began_{Clock::now()};
    const std::chrono::system_clock::time_point started_{std::chrono::system_clock::now()};
    mutable std::mutex guard_{};
    std::vector<Event> events_{};  ///< at [number - 1]
};

/// Its events in their order, as `--output json` and /status have them: docs/manual.md, TIMELINE.
boost::json::array to_json(const Timeline& timeline);

/// A part of a timeline, for as long as it lives.
class Span {
  public:
    Span(Timeline& timeline, std::string kind, std::string name, int parent = 0)
        : timeline_{timeline}, number_{timeline.begin(std::move(kind), std::move(name), parent)} {}
    ~Span() { timeline_.end(number_, std::move(note), failed); }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

    int number() const { return number_; }

    std::string note{};
    bool failed{false};

  private:
    Timeline& timeline_;
    int number_;
};

}  // namespace ainit
