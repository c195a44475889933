// SPDX-License-Identifier: Apache-2.0
// How the timeline of a run looks: a table with bars for people, a trace for viewers (Perfetto, chrome://tracing).
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "base/timeline.h"
#include "cli/options.h"

namespace ainit::cli {

/// When each part began, what it took, its share of the whole, and a bar; no line is longer than 80 characters.
std::string timeline_text(const Timeline& timeline);
/// The JSON object of Chrome's trace event format: complete events in microseconds of the wall clock, a thread for what runs
/// beside others.
std::string trace_json(const Timeline& timeline);

/// A file that is there as a whole or not at all. What was written beside it goes with this object.
class TraceFile {
  public:
    /// Fails, with Code::usage, where it could not be written in the end.
    static Result<TraceFile> open(const std::string& path);
    TraceFile(TraceFile&&) = default;
    TraceFile& operator=(TraceFile&&) = delete;
    ~TraceFile();

    /// Once.
    Result<void> write(const std::string& text);

  private:
    TraceFile(std::string path, std::string beside, UniqueFd fd)
        : path_{std::move(path)}, beside_{std::move(beside)}, fd_{std::move(fd)} {}
    std::string path_;
    std::string beside_;
    UniqueFd fd_;
};

/// What --timeline and --trace ask for.
class Telling {
  public:
    /// To be asked before anything is done.
    static Result<Telling> open(const Options& options);

    /// The table, if it was asked for; empty otherwise.
    std::string text(const Timeline& timeline) const;
    /// The trace, if it was asked for and is not written yet. What fails is reported, and makes an error of a code that is none.
    int end(const Timeline& timeline, int code);
    /// The trace, where the program goes on: what fails is only warned of.
    void go_on(const Timeline& timeline);

  private:
    Result<void> write(const Timeline& timeline);

    bool shown_{false};
    std::optional<TraceFile> trace_{};
};

}  // namespace ainit::cli
