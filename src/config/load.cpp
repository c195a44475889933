// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "config/check.h"
#include "config/environment.h"
#include "config/fill.h"
#include "config/project.h"
#include "config/settings.h"

extern char** environ;

namespace ainit::config {
namespace {

constexpr std::string_view kUsualFile = "/etc/alkemio-init/alkemio.toml";
constexpr std::size_t kLargestFile = std::size_t{4} << 20U;

/// Several hosts are given so that the one which can be written is found, unless the user says
/// otherwise.
void settle_hosts(Config& config, const std::set<std::string>& set) {
    if (config.postgres.hosts.size() < 2 || set.contains("target_session_attrs")) return;
    config.postgres.target_session_attrs = "read-write";
    config.settings.push_back({"postgres.target_session_attrs",
                               toml_text("read-write"),
                               "default, as there are several hosts"});
}

/// Defaults of the sections that exist once, for `config show`.
void show_defaults(Config& config) {
    for (const std::string section : {"postgres", "health", "run", "log"}) {
        const auto given = [&](std::string_view key) {
            const std::string name = fmt::format("{}.{}", section, key);
            return std::ranges::any_of(config.settings, [&](const Setting& setting) {
                return setting.key == name || setting.key.starts_with(name + ".");
            });
        };
        std::ranges::move(default_settings(section, section, "", given),
                          std::back_inserter(config.settings));
    }
}

Loaded finish(Loaded loaded, const Sources& sources, const ProjectOptions& project, std::set<std::string> set) {
    const std::string service = from_environment(loaded, sources, set);
    from_project(loaded, project, sources, service, set);
    settle_hosts(loaded.config, set);
    check(loaded);
    show_defaults(loaded.config);
    std::ranges::stable_sort(loaded.failures, {}, [](const Failure& failure) {
        const int line =
            failure.where.line == 0 ? std::numeric_limits<int>::max() : failure.where.line;
        return std::pair{line, failure.where.column};
    });
    return loaded;
}

Failure syntax_failure(const toml::parse_error& error,
                       std::string_view text,
                       const std::string& name) {
    Failure failure;
    failure.code = Code::config_syntax;
    failure.what = fmt::format("cannot parse \"{}\"", name);
    failure.because = std::string{error.description()};
    failure.state = "Nothing was done.";
    const auto begin = error.source().begin;
    failure.where = {name, static_cast<int>(begin.line), static_cast<int>(begin.column)};
    std::size_t offset = 0;
    for (unsigned line = 1; line < begin.line && offset != std::string_view::npos; ++line) {
        offset = text.find('\n', offset);
        if (offset != std::string_view::npos) ++offset;
    }
    if (offset == std::string_view::npos) return failure;
    for (unsigned column = 1; column < begin.column && offset < text.size(); ++column) {
        do {
            ++offset;
        } while (offset < text.size() &&
                 (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U);
    }
    failure.excerpt = caret(text, offset);
    return failure;
}

Loaded from_text(std::string_view text,
                 const std::string& name,
                 const Sources& sources,
                 const ProjectOptions& project) {
    Loaded loaded;
    loaded.config.file = name;
    Reading reading{sources, name, {}, {}, {}, {}};
    std::set<std::string> set;
    try {
        const toml::table root = toml::parse(text, std::string_view{name});
        set = fill(reading, root, loaded.config);
    } catch (const toml::parse_error& error) {
        loaded.failures.push_back(syntax_failure(error, text, name));
        return loaded;
    }
    loaded.failures = std::move(reading.failures);
    loaded.places = std::move(reading.places);
    loaded.config.settings = std::move(reading.settings);
    loaded.config.warnings = std::move(reading.warnings);
    return finish(std::move(loaded), sources, project, std::move(set));
}

std::string folder_of(const std::string& path) {
    const std::filesystem::path parent = std::filesystem::path{path}.parent_path();
    return parent.empty() ? "." : parent.string();
}

}  // namespace

Environment process_environment() {
    Environment out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos)
            out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

Loaded load(const std::string& path,
            const Environment& environment,
            SecretFiles secrets,
            const ProjectOptions& project) {
    std::string file = path;
    if (const auto named = environment.find("ALKEMIO_INIT_CONFIG");
        file.empty() && named != environment.end())
        file = named->second;
    if (file.empty() && ::access(std::string{kUsualFile}.c_str(), F_OK) == 0) file = kUsualFile;
    const auto with_files = [&](Loaded loaded) {
        if (secrets == SecretFiles::read) check_files(loaded);
        return loaded;
    };
    if (file.empty()) return with_files(finish({}, {environment, secrets, ""}, project, {}));
    auto text = read_file(file, kLargestFile);
    if (text) return with_files(from_text(*text, file, {environment, secrets, folder_of(file)}, project));
    Loaded loaded;
    loaded.config.file = file;
    Failure failure = std::move(text).error();
    failure.what = fmt::format("cannot read the configuration \"{}\"", file);
    failure.state = "Nothing was done.";
    loaded.failures.push_back(std::move(failure));
    return loaded;
}

Loaded load_text(std::string_view text,
                 const std::string& name,
                 const Environment& environment,
                 SecretFiles secrets,
                 const ProjectOptions& project) {
    return from_text(text, name, {environment, secrets, folder_of(name)}, project);
}

}  // namespace ainit::config
