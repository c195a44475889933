// SPDX-License-Identifier: Apache-2.0
// The line below the log on a terminal that tells what is going on. It is rewritten in place; what it holds is the log's
// business, see log.h.
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

/// As much of a text as so many columns of a terminal hold, with an ellipsis where it is cut; without what would act on it.
std::string fit(std::string_view text, std::size_t columns);

/// Not to be used by two threads at once.
class StatusLine {
  public:
    /// `shown`: stderr is a terminal that can go back in a line.
    void set_up(bool shown, bool colored) { shown_ = shown, colored_ = colored; }
    bool shown() const { return shown_; }

    void show(Status status);
    /// Writes it if there is something new to see and the last time is long enough ago.
    void refresh();
    /// Makes room for a line of the log; refresh() brings it back.
    void erase();
    void clear();

  private:
    void paint(Deadline now);

    bool shown_{false};
    bool colored_{false};
    std::optional<Status> status_{};
    bool painted_{false};
    bool changed_{false};
    Deadline last_{};
};

}  // namespace ainit::log
