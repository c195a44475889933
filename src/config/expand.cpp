// SPDX-License-Identifier: Apache-2.0
#include "config/expand.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"

namespace ainit::config {
namespace {

constexpr std::size_t kLargestSecret = 64 * 1024;

Failure secret_failure(std::string what, std::string because, std::string hint) {
    Failure failure;
    failure.code = Code::config_secret;
    failure.what = std::move(what);
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = std::move(hint);
    return failure;
}

}  // namespace

std::string resolve(const std::string& path, const Sources& sources) {
    if (path.empty() || path.front() == '/' || sources.folder.empty()) return path;
    return sources.folder + "/" + path;
}

Result<std::string> read_secret(const std::string& path, const Sources& sources) {
    if (sources.files == SecretFiles::skip) return std::string{};
    auto text = read_file(resolve(path, sources), kLargestSecret);
    if (!text) {
        return secret_failure(fmt::format("cannot read the secret file \"{}\"", path),
                              text.error().because,
                              "mount the secret, or mend the path");
    }
    if (text->ends_with('\n')) text->pop_back();
    if (text->ends_with('\r')) text->pop_back();
    if (text->empty()) {
        return secret_failure(fmt::format("cannot use the secret file \"{}\"", path),
                              "it is empty",
                              "write the secret into it");
    }
    if (text->find('\0') != std::string::npos) {
        return secret_failure(fmt::format("cannot use the secret file \"{}\"", path),
                              "it holds a NUL byte",
                              "PostgreSQL accepts text only");
    }
    return std::move(*text);
}

namespace {

/// What a command's login is asked for: see migrate/command/tool.h.
const std::vector<std::string> kOfLogin{"dsn", "host", "port", "user", "password", "database"};

/// So that whoever fills in a login's values leaves it as it is.
std::string escaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "${") out += '$';
        out += text[i];
    }
    return out;
}

class Expansion {
  public:
    Expansion(const Sources& sources, Placeholders placeholders)
        : sources_{sources}, for_command_{placeholders == Placeholders::of_login} {}

    Result<Expanded> of(std::string_view text) {
        while (!text.empty()) {
            const std::size_t open = text.find("${");
            const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
            if (close == std::string_view::npos) break;
            const std::string_view inner = text.substr(open + 2, close - open - 2);
            // As Compose has it: a dollar before it makes it plain text.
            if (open > 0 && text[open - 1] == '$') {
                const bool unescape = is_ours(inner) && !for_command_;
                out_.text += text.substr(0, unescape ? open - 1 : open);
                out_.text += text.substr(open, close - open + 1);
            } else {
                out_.text += text.substr(0, open);
                if (auto failure = put(inner)) return std::move(*failure);
            }
            text.remove_prefix(close + 1);
        }
        out_.text += text;
        return std::move(out_);
    }

  private:
    static bool is_ours(std::string_view inner) {
        return inner.starts_with("env:") || inner.starts_with("file:");
    }

    std::optional<Failure> put(std::string_view inner) {
        if (inner.starts_with("env:")) return put_variable(std::string{inner.substr(4)});
        if (inner.starts_with("file:")) return put_file(std::string{inner.substr(5)});
        if (auto failure = misspelt(inner)) return failure;
        out_.text += fmt::format("${{{}}}", inner);
        return {};
    }

    std::optional<Failure> put_variable(const std::string& name) {
        const auto found = sources_.environment.find(name);
        if (found == sources_.environment.end()) {
            return secret_failure(fmt::format("cannot expand \"${{env:{}}}\"", name),
                                  "the variable is not set",
                                  fmt::format("set {}, or write the value itself", name));
        }
        put_outside(found->second);
        out_.variables.push_back(name);
        return {};
    }

    std::optional<Failure> put_file(const std::string& path) {
        auto content = read_secret(path, sources_);
        if (!content) return std::move(content).error();
        put_outside(*content);
        out_.from_file = true;
        return {};
    }

    void put_outside(const std::string& value) {
        out_.text += for_command_ ? escaped(value) : value;
        out_.from_outside = true;
    }

    /// In a command anything that nobody replaces; elsewhere only what looks like env: and file:, since a password may hold
    /// any text.
    std::optional<Failure> misspelt(std::string_view inner) const {
        const std::size_t colon = inner.find(':');
        const std::string_view rest = colon == std::string_view::npos ? "" : inner.substr(colon);
        const std::string near = rest.empty() ? closest(inner, kOfLogin)
                                              : closest(inner.substr(0, colon), std::vector<std::string>{"env", "file"});
        const bool known = std::ranges::find(kOfLogin, inner) != kOfLogin.end();
        if (for_command_ ? known : rest.empty() || near.empty()) return {};
        Failure failure = secret_failure(fmt::format("cannot expand \"${{{}}}\"", inner),
                                         "there is nothing of that name",
                                         fmt::format("write \"$${{{}}}\" if it is meant as it is", inner));
        failure.code = Code::config_type;
        if (!near.empty()) failure.hint = fmt::format("did you mean \"${{{}{}}}\"? If not, {}", near, rest, failure.hint);
        return failure;
    }

    const Sources& sources_;
    bool for_command_;
    Expanded out_{};
};

}  // namespace

Result<Expanded> expand(std::string_view text, const Sources& sources, Placeholders placeholders) {
    return Expansion{sources, placeholders}.of(text);
}

std::vector<std::string> placeholders_in(std::string_view text) {
    std::vector<std::string> names;
    for (std::size_t open = text.find("${"); open != std::string_view::npos; open = text.find("${", open + 2)) {
        const std::size_t close = text.find('}', open);
        if (close == std::string_view::npos) break;
        std::string name{text.substr(open + 2, close - open - 2)};
        const bool plain = open > 0 && text[open - 1] == '$';
        if (!plain && std::ranges::find(kOfLogin, name) != kOfLogin.end()) names.push_back(std::move(name));
    }
    return names;
}

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 3) != "$${") out += text[i];
    }
    return out;
}

}  // namespace ainit::config
