// SPDX-License-Identifier: Apache-2.0
// Secrets: a type that cannot be printed, and a scrubber as the last line of defence for text that
// comes from elsewhere (a server's messages, a tool's output).
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace ainit {

/// A password or key. Wiped when it goes; the only way to its text is reveal(), so that `grep
/// reveal` finds each use. Every Secret of a run is known to scrub() from the moment it is made.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text);
    ~Secret();
    Secret(const Secret& other);
    Secret& operator=(const Secret& other);
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;

    bool empty() const { return text_.empty(); }

    const std::string& reveal() const { return text_; }

    bool operator==(const Secret&) const = default;

  private:
    std::string text_{};
};

/// What is printed in the place of a secret.
inline constexpr std::string_view kRedacted = "<redacted>";

/// Replaces every secret known to this process by `<redacted>`, whether it is written plainly,
/// percent-encoded or escaped for SQL, JSON or a shell, in part or throughout. Secrets shorter than
/// four bytes are too common to be replaced and are left. Thread-safe.
std::string scrub(std::string_view text);

/// Where to cut a text at `at` or a little before it, so that no secret known to this process is
/// split, of which scrub() would then know neither half. After `at` only for a secret that begins
/// the text. `text` must reach longest_secret() bytes beyond `at`, or be at its end. Thread-safe.
std::size_t cut_between_secrets(std::string_view text, std::size_t at);
/// The most bytes that any known secret takes, however it is written.
std::size_t longest_secret();

/// No core dump of this process, and no other process of the user may read its memory. Children are
/// not affected.
void forbid_core_dumps();

}  // namespace ainit

template <>
struct fmt::formatter<ainit::Secret> {
    formatter() = delete;
};
