// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace ainit {
namespace {

constexpr std::size_t kShortest = 4;
/// What an escaped character can begin with.
constexpr std::string_view kEscapes = "%\\'+";
/// What the longest spelling of one byte takes: \u001b.
constexpr std::size_t kLongestSpelling = 6;

void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.capacity());
    text.clear();
}

bool same_letter(char left, char right) {
    return std::tolower(static_cast<unsigned char>(left)) ==
           std::tolower(static_cast<unsigned char>(right));
}

bool starts_like(std::string_view text, std::string_view form) {
    return text.size() >= form.size() &&
           std::ranges::equal(text.substr(0, form.size()), form, same_letter);
}

/// How a text may write this one character: longest first, since the shorter may be a part of the
/// longer.
std::vector<std::string> spellings(char c) {
    const auto code = static_cast<unsigned char>(c);
    std::vector<std::string> out;
    if (code < 0x20 || code == 0x7F) out.push_back(fmt::format("\\u{:04x}", code));
    out.push_back(fmt::format("%{:02X}", code));
    if (const std::size_t at = std::string_view{"\n\r\t\b\f"}.find(c);
        at != std::string_view::npos && c != '\0') {
        out.push_back(fmt::format("\\{}", "nrtbf"[at]));
    }
    if (c == '"' || c == '\\' || c == '/' || c == '\'') out.push_back(fmt::format("\\{}", c));
    if (c == '\'') out.emplace_back("''");
    if (c == ' ') out.emplace_back("+");
    return out;
}

/// One secret, made ready for finding it in foreign text however each of its characters is written
/// there: as it is, percent-encoded (encoders differ in what they leave alone), or escaped for SQL,
/// JSON or a shell.
class Needle {
  public:
    explicit Needle(std::string text) : text_{std::move(text)} {
        for (const char c : text_) spellings_.push_back(spellings(c));
    }

    const std::string& text() const { return text_; }

    /// How much of the text the secret takes if it stands at its beginning; 0 if it does not.
    std::size_t match(std::string_view text) const {
        // Nearly every position ends here.
        const bool may_begin =
            text.front() == text_.front() || kEscapes.find(text.front()) != std::string_view::npos;
        return may_begin ? match_from(0, text) : 0;
    }

  private:
    std::size_t match_from(std::size_t at, std::string_view text) const {
        const std::size_t before = text.size();
        for (; at < text_.size() && !text.empty(); ++at) {
            for (const std::string& spelling : spellings_[at]) {
                if (!starts_like(text, spelling)) continue;
                const std::string_view rest = text.substr(spelling.size());
                if (at + 1 == text_.size()) return before - rest.size();
                const std::size_t more = match_from(at + 1, rest);
                if (more != 0) return before - rest.size() + more;
            }
            if (text.front() != text_[at]) return 0;
            text.remove_prefix(1);
        }
        return at == text_.size() ? before - text.size() : 0;
    }

    std::string text_;
    std::vector<std::vector<std::string>> spellings_{};
};

/// Every secret of the run, the longest first, so that a part of one does not hide the rest of it.
class Registry {
  public:
    void add(const std::string& text) {
        if (text.size() < kShortest) return;
        const std::lock_guard guard{mutex_};
        if (std::ranges::find(needles_, text, &Needle::text) != needles_.end()) return;
        const auto longer = [&](const Needle& needle) {
            return needle.text().size() >= text.size();
        };
        needles_.emplace(std::ranges::find_if_not(needles_, longer), text);
    }

    std::string scrub(std::string_view text) {
        const std::lock_guard guard{mutex_};
        std::string out;
        while (!text.empty()) {
            const std::size_t length = match(text);
            out += length == 0 ? text.substr(0, 1) : kRedacted;
            text.remove_prefix(std::max<std::size_t>(length, 1));
        }
        return out;
    }

    std::size_t longest() {
        const std::lock_guard guard{mutex_};
        return longest_spelling();
    }

    std::size_t cut(std::string_view text, std::size_t at) {
        const std::lock_guard guard{mutex_};
        const std::size_t reach = longest_spelling();
        std::size_t cut = at;
        std::size_t end = at;
        // Secrets may overlap: each earlier cut may split another.
        for (std::size_t start = at; start > 0 && start + reach > cut;) {
            --start;
            for (const Needle& needle : needles_) {
                const std::size_t length = needle.match(text.substr(start));
                if (start + length <= cut) continue;
                end = std::max(end, start + length);
                cut = start;
            }
        }
        return cut > 0 ? cut : end;
    }

  private:
    std::size_t longest_spelling() const {
        return needles_.empty() ? 0 : needles_.front().text().size() * kLongestSpelling;
    }

    std::size_t match(std::string_view text) const {
        for (const Needle& needle : needles_) {
            if (const std::size_t length = needle.match(text); length != 0) return length;
        }
        return 0;
    }

    std::mutex mutex_{};
    std::vector<Needle> needles_{};
};

Registry& registry() {
    // Never destroyed: a log line may be written after static destructors ran.
    static auto* instance = new Registry;
    return *instance;
}

}  // namespace

Secret::Secret(std::string text) : text_{text} {
    wipe(text);
    registry().add(text_);
}

Secret::~Secret() {
    wipe(text_);
}

Secret::Secret(const Secret& other) = default;

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        wipe(text_);
        text_ = other.text_;
    }
    return *this;
}

// A short text lives inside the string itself and stays there when it is moved from.
Secret::Secret(Secret&& other) noexcept : text_{std::move(other.text_)} {
    wipe(other.text_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(text_);
        text_ = std::move(other.text_);
        wipe(other.text_);
    }
    return *this;
}

std::string scrub(std::string_view text) {
    return registry().scrub(text);
}

std::size_t cut_between_secrets(std::string_view text, std::size_t at) {
    return registry().cut(text, at);
}

std::size_t longest_secret() {
    return registry().longest();
}

void forbid_core_dumps() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace ainit
