// SPDX-License-Identifier: Apache-2.0
#include "base/words.h"

namespace ainit {
namespace {

class Splitter {
  public:
    explicit Splitter(std::string_view text) : text_{text} {}

    std::optional<std::vector<std::string>> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == ' ' || c == '\t' || c == '\n') end_word();
            else if (c == '#' && !in_word_) skip_comment();
            else if (c == '\\') take_escaped();
            else if (c == '\'' || c == '"') { if (!take_quoted(c)) return {}; }
            else add(c);
        }
        end_word();
        return std::move(words_);
    }

  private:
    void add(char c) {
        word_ += c;
        in_word_ = true;
    }

    void end_word() {
        if (in_word_) words_.push_back(std::move(word_));
        word_.clear();
        in_word_ = false;
    }

    void skip_comment() {
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end;
    }

    /// A newline behind a backslash is none; a backslash at the very end stands for itself.
    void take_escaped() {
        if (at_ == text_.size()) return add('\\');
        if (text_[at_] == '\n') ++at_;
        else add(text_[at_++]);
    }

    bool take_quoted(char quote) {
        in_word_ = true;
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == quote) return true;
            if (c == '\\' && quote == '"') take_escaped_in_quotes();
            else word_ += c;
        }
        return false;
    }

    /// Between double quotes a backslash is one, but before what it takes the meaning from.
    void take_escaped_in_quotes() {
        if (at_ == text_.size()) return;
        const char next = text_[at_++];
        if (next == '\n') return;
        if (std::string_view{"$`\"\\"}.find(next) == std::string_view::npos) word_ += '\\';
        word_ += next;
    }

    std::string_view text_;
    std::size_t at_{0};
    std::string word_{};
    bool in_word_{false};
    std::vector<std::string> words_{};
};

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view text) { return Splitter{text}.run(); }

}  // namespace ainit
