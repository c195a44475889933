// SPDX-License-Identifier: Apache-2.0
// What a service writes: passed on, and its last lines kept. A reader of ours that does not read holds up the service, as it would
// without us, and never the supervisor.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/lines.h"
#include "system/loop.h"

namespace ainit::services {

enum class OutputMode {
    inherit,  ///< the service has our own descriptors; nothing is kept
    pass,     ///< byte by byte as it comes
    prefix,   ///< each line behind the service's name
    json,     ///< each line as an object of JSON: time, service, stream, line
};

/// One stream of one process.
class Output {
  public:
    using LineHandler = std::function<void(std::string_view line)>;

    /// Reads `from` and writes to `to` (1 or 2), until the end of the file.
    Output(system::Loop& loop, std::string service, UniqueFd from, int to, OutputMode mode, LineHandler line);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    /// Reads what is there now: the process has ended. What others that hold its descriptor write later is passed on still, and
    /// told to nobody.
    void finish();
    /// Whether nothing more can come of it: everybody has closed it, and all is written.
    bool done() const { return ended_ && pending_.empty(); }
    /// Whether our own reader has not taken everything yet.
    bool pending() const { return !pending_.empty(); }

  private:
    bool read();
    bool write();
    void take(std::string_view text);
    void show(std::string_view line);
    void push(std::string_view text);
    bool flush();

    system::Loop& loop_;
    std::string service_;
    UniqueFd from_;
    UniqueFd to_;
    int stream_;
    OutputMode mode_;
    LineHandler line_;
    Lines lines_;
    std::string pending_{};  ///< not taken by our own reader yet
    bool ended_{false};      ///< nobody can write into it any more
};

}  // namespace ainit::services
