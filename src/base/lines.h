// SPDX-License-Identifier: Apache-2.0
// Text that comes in pieces, cut into lines.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ainit {

/// Passes each line on as it is complete, without its newline (and a carriage return before that). Lines are cut at 64 KiB, or a
/// little before it where a secret would be split.
class Lines {
  public:
    explicit Lines(std::function<void(std::string_view)> sink) : sink_{std::move(sink)} {}

    void feed(std::string_view text);
    /// A last line without newline.
    void end();

  private:
    void emit(std::string_view line);
    std::size_t pass_piece(std::string_view text);

    std::function<void(std::string_view)> sink_;
    std::string buffer_{};
    bool piece_passed_{false};  ///< of the line that is not at its end yet
};

}  // namespace ainit
