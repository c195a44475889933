// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "base/sql.h"
#include "base/text.h"

namespace ainit {
namespace {

constexpr std::size_t kShortest = 4;

void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.capacity());
    text.clear();
}

std::string json_escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

/// Every secret of the run and the forms in which it may turn up in foreign text, the longest first.
class Registry {
  public:
    void add(const std::string& text) {
        if (text.size() < kShortest) return;
        const std::lock_guard guard{mutex_};
        if (std::ranges::find(plain_, text) != plain_.end()) return;
        plain_.push_back(text);
        const std::string quoted = quote_literal(text);
        for (std::string form : {text, percent_encode(text), quoted.substr(1, quoted.size() - 2), json_escape(text)}) {
            if (std::ranges::find(forms_, form) == forms_.end()) forms_.push_back(std::move(form));
        }
        std::ranges::sort(forms_, std::greater{}, &std::string::size);
    }

    std::string scrub(std::string_view text) {
        std::string out{text};
        const std::lock_guard guard{mutex_};
        for (const std::string& form : forms_) {
            for (std::size_t at = 0; (at = out.find(form, at)) != std::string::npos; at += kRedacted.size()) {
                out.replace(at, form.size(), kRedacted);
            }
        }
        return out;
    }

  private:
    std::mutex mutex_{};
    std::vector<std::string> plain_{};
    std::vector<std::string> forms_{};
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

Secret::~Secret() { wipe(text_); }
Secret::Secret(const Secret& other) = default;

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        wipe(text_);
        text_ = other.text_;
    }
    return *this;
}

Secret::Secret(Secret&& other) noexcept : text_{other.text_} { wipe(other.text_); }

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(text_);
        text_ = other.text_;
        wipe(other.text_);
    }
    return *this;
}

std::string scrub(std::string_view text) { return registry().scrub(text); }

void forbid_core_dumps() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace ainit
