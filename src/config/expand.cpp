// SPDX-License-Identifier: Apache-2.0
#include "config/expand.h"

#include <fmt/format.h>

#include "base/file.h"

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

Result<Expanded> expand(std::string_view text, const Sources& sources) {
    Expanded out;
    while (!text.empty()) {
        const std::size_t open = text.find("${");
        const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
        if (close == std::string_view::npos) break;
        const std::string_view inner = text.substr(open + 2, close - open - 2);
        const bool ours = inner.starts_with("env:") || inner.starts_with("file:");
        // As Compose has it: a dollar before it makes it plain text.
        if (ours && open > 0 && text[open - 1] == '$') {
            out.text += text.substr(0, open - 1);
            out.text += text.substr(open, close - open + 1);
            text.remove_prefix(close + 1);
            continue;
        }
        out.text += text.substr(0, open);
        if (inner.starts_with("env:")) {
            const std::string name{inner.substr(4)};
            const auto found = sources.environment.find(name);
            if (found == sources.environment.end()) {
                return secret_failure(fmt::format("cannot expand \"${{env:{}}}\"", name),
                                      "the variable is not set",
                                      fmt::format("set {}, or write the value itself", name));
            }
            out.text += found->second;
            out.variables.push_back(name);
            out.from_outside = true;
        } else if (inner.starts_with("file:")) {
            auto content = read_secret(std::string{inner.substr(5)}, sources);
            if (!content) return std::move(content).error();
            out.text += *content;
            out.from_outside = true;
            out.from_file = true;
        } else {
            out.text += text.substr(open, close - open + 1);
        }
        text.remove_prefix(close + 1);
    }
    out.text += text;
    return out;
}

}  // namespace ainit::config
