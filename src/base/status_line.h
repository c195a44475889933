// SPDX-License-Identifier: Apache-2.0
// The line below the log on a terminal that tells what is going on, rewritten in place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/stop.h"

namespace ainit::log {

struct Status {
    std::string what{};
    Deadline since{};      ///< its age is shown between both
    std::string details{};

    bool operator==(const Status&) const = default;
};

/// Shown below the log from now on: on a terminal alone, where the log is text and not only of errors. Scrubbed as lines of the
/// log are, which go before it; gone with log::flush(). At most ten times a second, so that one that is replaced at once may
/// never be seen.
void status(Status status);
void clear_status();
/// None is shown any more from now on, since others begin to write there.
void end_status();
/// Whether status() shows anything here.
bool shows_status();
/// To be called now and then, since the log has no clock: shows what came too soon, and the seconds that go by.
void refresh_status();

/// As much of a text as so many columns of a terminal hold, with an ellipsis where it is cut; without what would act on it.
std::string fit(std::string_view text, std::size_t columns);

/// The log's own. Not to be used by two threads at once.
class StatusLine {
  public:
    /// `shown`: stderr is a terminal that can go back in a line.
    void set_up(bool shown, bool colored) { shown_ = shown && !ended_, colored_ = colored; }
    bool shown() const { return shown_; }

    void show(Status status);
    /// Writes it if there is something new to see and the last time is long enough ago.
    void refresh();
    /// Makes room for a line of the log; refresh() brings it back.
    void erase();
    void clear();
    /// For good.
    void end();

  private:
    void paint(Deadline now);

    bool shown_{false};
    bool colored_{false};
    bool ended_{false};
    std::optional<Status> status_{};
    bool painted_{false};
    bool changed_{false};
    Deadline last_{};
};

}  // namespace ainit::log
