// SPDX-License-Identifier: Apache-2.0
// What an engine tells while it runs one [[migration]]: to the log, and to whoever watches a terminal.
#pragma once

#include <string>

#include "base/stop.h"
#include "migrate/engine.h"

namespace ainit::daemon {

/// The status of the log is its own as long as it lives.
class ProgressLog {
  public:
    /// `told` hears everything, too.
    explicit ProgressLog(std::string migration, migrate::ProgressSink told = {});
    ~ProgressLog();
    ProgressLog(const ProgressLog&) = delete;
    ProgressLog& operator=(const ProgressLog&) = delete;

    const migrate::ProgressSink& sink() const { return sink_; }

  private:
    void hear(const migrate::Progress& progress);
    void show(const migrate::Progress& progress) const;

    std::string migration_;
    migrate::ProgressSink told_;
    Deadline began_{};  ///< the statement, or the migration as long as it has sent none
    std::string statement_{};
    std::string blocker_{};
    migrate::ProgressSink sink_{};
};

}  // namespace ainit::daemon
