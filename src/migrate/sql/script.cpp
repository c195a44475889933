// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/script.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "migrate/sql/blank.h"
#include "migrate/sql/parser.h"

namespace ainit::migrate::sql {
namespace {

constexpr std::string_view kMark{"\xEF\xBB\xBF"};
constexpr std::string_view kBlanks{" \t\r\n\f\v"};

class Reader {
  public:
    Reader(const std::string& file, std::string text) : file_{file} {
        if (text.starts_with(kMark)) text.erase(0, kMark.size());
        script_.text = std::move(text);
    }

    Result<Script> read(Grammar grammar) {
        if (auto failure = check_bytes()) return *failure;
        Split split = split_by_grammar(script_.text);
        if (split.trouble) {
            if (auto failure = explain(*split.trouble)) return *failure;
            if (grammar == Grammar::strict) return syntax_error(*split.trouble);
            split = split_by_words(script_.text);
            if (split.trouble) return syntax_error(*split.trouble);
        }
        for (const Piece& piece : split.pieces) {
            if (auto failure = take(piece)) return *failure;
        }
        // A file of comments alone may still hold a directive.
        if (script_.statements.empty()) {
            if (auto failure = obey(skip_blank(script_.text, 0))) return *failure;
        }
        find_outsider();
        return std::move(script_);
    }

  private:
    Failure fail(std::string because, std::string hint, std::size_t offset) const {
        Failure failure;
        failure.code = Code::migration_syntax;
        failure.what = fmt::format("cannot use migration {}",
                                   std::filesystem::path{file_}.filename().string());
        failure.because = std::move(because);
        failure.state = "Nothing of this file was run.";
        failure.hint = std::move(hint);
        failure.where = script_.origin(file_, offset);
        failure.excerpt = caret(script_.text, offset);
        return failure;
    }

    Failure syntax_error(const Trouble& trouble) const {
        return fail(trouble.message, "mend the line that is shown", trouble.offset);
    }

    std::optional<Failure> check_bytes() const {
        const std::string& text = script_.text;
        if (const std::size_t nul = text.find('\0'); nul != std::string::npos) {
            return fail("it holds a byte 0, which SQL cannot", "save it as UTF-8 text", nul);
        }
        if (valid_utf8(text)) return {};
        std::size_t good = 0;
        for (std::size_t line = 0; line != std::string::npos && line < text.size();) {
            const std::size_t end = text.find('\n', line);
            if (!valid_utf8(std::string_view{text}.substr(line, end - line))) break;
            line = good = end == std::string::npos ? text.size() : end + 1;
        }
        Failure failure = fail("it is not UTF-8", "save it as UTF-8 text", good);
        failure.excerpt.clear();
        return failure;
    }

    /// What psql understands and the server does not is told as such.
    std::optional<Failure> explain(const Trouble& trouble) const {
        for (const Piece& piece : split_by_words(script_.text.substr(0, trouble.offset)).pieces) {
            if (auto failure = refuse_copy(piece)) return failure;
        }
        if (trouble.offset >= script_.text.size() || script_.text[trouble.offset] != '\\') {
            return {};
        }
        return fail("a line that begins with a backslash is a command of psql, not SQL",
                    "write it as SQL; what \\i would include is a file of its own",
                    trouble.offset);
    }

    std::optional<Failure> refuse_copy(const Piece& piece) const {
        const std::size_t offset = skip_blank(script_.text, piece.offset).end;
        const std::size_t end = piece.offset + piece.length;
        if (offset >= end) return {};
        if (!nature_of(script_.text.substr(offset, end - offset)).wants_input) return {};
        return copy_failure(offset);
    }

    Failure copy_failure(std::size_t offset) const {
        return fail("COPY … FROM stdin reads rows that only psql would send",
                    "write the rows as INSERT",
                    offset);
    }

    std::optional<Failure> obey(const Blank& blank) {
        for (const Directive& directive : blank.directives) {
            if (!script_.statements.empty()) {
                return fail("a directive after the first statement has no effect",
                            "move it to the head of the file",
                            directive.offset);
            }
            if (directive.text != "transaction" && directive.text != "no-transaction") {
                return fail(fmt::format("there is no directive \"{}\"", directive.text),
                            "use `-- alkemio-init: no-transaction` or `-- alkemio-init: "
                            "transaction`",
                            directive.offset);
            }
            script_.transaction = directive.text == "transaction";
        }
        return {};
    }

    std::optional<Failure> take(const Piece& piece) {
        const Blank blank = skip_blank(script_.text, piece.offset);
        if (auto failure = obey(blank)) return failure;
        std::size_t end = piece.offset + piece.length;
        while (end > blank.end && kBlanks.find(script_.text[end - 1]) != std::string_view::npos)
            --end;
        if (blank.end >= end) return {};
        Statement statement{blank.end, end - blank.end, {}};
        statement.nature = nature_of(std::string{script_.of(statement)});
        if (statement.nature.wants_input) return copy_failure(statement.offset);
        script_.statements.push_back(std::move(statement));
        return {};
    }

    void find_outsider() {
        std::set<std::string> made_here;
        for (std::size_t i = 0; i < script_.statements.size() && script_.outside.empty(); ++i) {
            const Nature& nature = script_.statements[i].nature;
            if (!nature.new_enum.empty()) made_here.insert(nature.new_enum);
            if (!nature.outside.empty()) {
                script_.outside = nature.outside;
                script_.outside_offset = script_.statements[i].offset;
            } else if (!nature.enum_label.empty() && !made_here.contains(nature.enum_type) &&
                       used_after(i, nature.enum_label)) {
                script_.outside = fmt::format("ALTER TYPE … ADD VALUE '{}', used further down",
                                              nature.enum_label);
                script_.outside_offset = script_.statements[i].offset;
            }
        }
    }

    bool used_after(std::size_t index, const std::string& label) const {
        return std::any_of(script_.statements.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                           script_.statements.end(),
                           [&](const Statement& later) {
                               // Another ADD VALUE may name it as its neighbour.
                               return later.nature.enum_label.empty() &&
                                      uses_value(std::string{script_.of(later)}, label);
                           });
    }

    const std::string& file_;
    Script script_{};
};

}  // namespace

std::string_view Script::of(const Statement& statement) const {
    return std::string_view{text}.substr(statement.offset, statement.length);
}

std::string Script::title(const Statement& statement) const {
    constexpr std::size_t kWidth = 80;
    std::string_view line = of(statement);
    line = trim(line.substr(0, line.find('\n')));
    if (line.size() <= kWidth) return std::string{line};
    line = line.substr(0, kWidth);
    // Not in the middle of a character.
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U)
        line.remove_suffix(1);
    if (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80U) != 0)
        line.remove_suffix(1);
    return std::string{line} + "…";
}

Origin Script::origin(const std::string& file, std::size_t offset) const {
    const Position position = position_at(text, std::min(offset, text.size()));
    return {file, position.line, position.column};
}

Result<Script> read_script(const std::string& file, std::string text, Grammar grammar) {
    return Reader{file, std::move(text)}.read(grammar);
}

}  // namespace ainit::migrate::sql
