// SPDX-License-Identifier: Apache-2.0
#include "base/lines.h"

#include "base/secret.h"

namespace ainit {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;

}  // namespace

void Lines::feed(std::string_view text) {
    buffer_ += text;
    std::size_t begin = 0;
    for (std::size_t at = 0; (at = buffer_.find('\n', begin)) != std::string::npos; begin = at + 1) {
        emit(std::string_view{buffer_}.substr(begin, at - begin));
    }
    buffer_.erase(0, begin);
    // Not until more has come than a piece, so that a newline right behind it does not make an
    // empty line; and then as much more as a secret at the cut may take.
    while (buffer_.size() > kLongestLine + longest_secret()) buffer_.erase(0, pass_piece(buffer_));
}

void Lines::end() {
    if (!buffer_.empty()) emit(buffer_);
    buffer_.clear();
}

void Lines::emit(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.size() > kLongestLine) line.remove_prefix(pass_piece(line));
    if (!line.empty() || !piece_passed_) sink_(line);
    piece_passed_ = false;
}

/// How much was passed on of a text that is longer than a line may be.
std::size_t Lines::pass_piece(std::string_view text) {
    const std::size_t size = cut_between_secrets(text, kLongestLine);
    sink_(text.substr(0, size));
    piece_passed_ = true;
    return size;
}

}  // namespace ainit
