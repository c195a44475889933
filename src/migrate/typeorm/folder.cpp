// SPDX-License-Identifier: Apache-2.0
// Where a project is, and which TypeORM it uses.
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "migrate/typeorm/project.h"

namespace ainit::migrate::typeorm {
namespace {

namespace fs = std::filesystem;

/// The folders of a glob before its first wildcard.
fs::path fixed_part(const std::string& glob) {
    const std::size_t wild = glob.find_first_of("*?[{(!+@");
    if (wild == std::string::npos) return fs::path{glob}.parent_path();
    const std::size_t slash = glob.rfind('/', wild);
    if (slash == std::string::npos) return ".";
    return fs::path{glob.substr(0, std::max<std::size_t>(slash, 1))};
}

/// Absolute, and where links lead as far as it exists.
fs::path real_path(const fs::path& path) {
    std::error_code error;
    const fs::path whole = fs::absolute(path, error).lexically_normal();
    const fs::path real = fs::weakly_canonical(whole, error);
    return error ? whole : real;
}

bool is_below(const fs::path& path, const fs::path& folder) {
    return std::ranges::mismatch(folder, path).in1 == folder.end();
}

Failure about_folder(const config::Migration& migration, std::string because, std::string hint) {
    Failure failure;
    failure.code = Code::migration_set;
    failure.what = fmt::format("cannot migrate database \"{}\"", migration.database);
    failure.because = std::move(because);
    failure.state = "Nothing was changed.";
    failure.hint = std::move(hint);
    failure.where = migration.origin;
    return failure;
}

std::string text_of(const fs::path& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return {};
    auto text = read_file(path.string());
    return text ? std::move(*text) : std::string{};
}

/// The first group of the first match.
std::string found_in(const std::string& text, const char* pattern) {
    std::smatch match;
    return std::regex_search(text, match, std::regex{pattern}) ? match[1].str() : std::string{};
}

/// The major version that one of the project's files names; empty if none does.
std::string major_of_project(const fs::path& folder) {
    struct Place {
        const char* file;
        const char* pattern;
    };
    static constexpr std::array kPlaces{
        Place{"node_modules/typeorm/package.json", R"re("version"\s*:\s*"(\d+)\.)re"},
        Place{"package-lock.json", R"re("node_modules/typeorm"\s*:\s*\{\s*"version"\s*:\s*"(\d+)\.)re"},
        Place{"pnpm-lock.yaml", R"re((?:^|\n)\s*'?/?typeorm[@/](\d+)\.)re"},
        Place{"yarn.lock", R"re((?:^|\n)"?typeorm@[^\n]*\n\s+version:? "?(\d+)\.)re"},
        Place{"package.json", R"re("typeorm"\s*:\s*"[\^~>=v ]*(\d+)[.x"])re"},
    };
    for (const Place& place : kPlaces) {
        const std::string text = text_of(folder / place.file);
        if (text.empty()) continue;
        if (std::string major = found_in(text, place.pattern); !major.empty()) return major;
    }
    return {};
}

/// The workspace of npm, pnpm or Yarn that a project is a package of, above it; empty if there is none.
fs::path workspace_of(const fs::path& project) {
    std::error_code error;
    for (fs::path folder = project.parent_path(); !folder.empty() && folder != folder.root_path(); folder = folder.parent_path()) {
        if (fs::exists(folder / "pnpm-workspace.yaml", error)) return folder;
        if (!found_in(text_of(folder / "package.json"), R"re("(workspaces)"\s*:)re").empty()) return folder;
    }
    return {};
}

}  // namespace

std::string project_folder(const config::Migration& migration) {
    std::error_code error;
    if (!migration.directory.empty()) return fs::absolute(migration.directory, error).lexically_normal().string();
    const fs::path start = !migration.data_source.empty() ? fs::path{migration.data_source}.parent_path()
                           : !migration.files.empty()     ? fixed_part(migration.files.front())
                                                          : fs::path{"."};
    const fs::path begin = fs::absolute(start, error).lexically_normal();
    for (fs::path folder = begin; !folder.empty(); folder = folder.parent_path()) {
        if (fs::exists(folder / "package.json", error)) return folder.string();
        if (folder == folder.root_path()) break;
    }
    return begin.string();
}

Result<void> see_folder(const config::Migration& migration, const std::string& project) {
    std::error_code error;
    const fs::path folder = fs::canonical(project, error);
    if (!error && fs::is_directory(folder, error)) return ok();
    return about_folder(migration, fmt::format("folder {} cannot be opened: {}", project, errno_text(error ? error.value() : ENOTDIR)),
                        "see whether it is mounted and the path is right");
}

Result<void> see_globs(const config::Migration& migration, const std::vector<std::string>& globs, const std::string& project) {
    std::vector<fs::path> read{real_path(project)};
    for (const std::string& folder : shared_folders(migration, project)) read.push_back(real_path(folder));
    for (const std::string& glob : globs) {
        const fs::path folder = real_path(fs::path{project} / fixed_part(glob));
        std::error_code error;
        if (!fs::exists(folder, error)) continue;
        if (std::ranges::any_of(read, [&](const fs::path& one) { return is_below(folder, one); })) continue;
        return about_folder(migration, fmt::format("the data source names {}, which is outside of the project's folder {}", glob, project),
                            "name the folder that holds all of it: directory = \"…\" in [[migration]]");
    }
    return ok();
}

std::vector<std::string> shared_folders(const config::Migration& migration, const std::string& project) {
    std::error_code error;
    std::vector<std::string> folders;
    for (const std::string& glob : migration.files) folders.push_back(real_path(fixed_part(glob)).string());
    for (fs::path folder = fs::path{project}.parent_path(); !folder.empty(); folder = folder.parent_path()) {
        if (fs::is_directory(folder / "node_modules", error)) folders.push_back((folder / "node_modules").string());
        if (folder == folder.root_path()) break;
    }
    if (const fs::path workspace = workspace_of(project); !workspace.empty()) folders.push_back(workspace.string());
    return folders;
}

std::string typeorm_version(const config::Migration& migration, const std::string& folder) {
    if (!migration.typeorm_version.empty()) return migration.typeorm_version;
    std::string major = major_of_project(folder);
    if (const fs::path workspace = workspace_of(folder); major.empty() && !workspace.empty()) major = major_of_project(workspace);
    return major.empty() || major == "0" ? "0.3" : "1";
}

}  // namespace ainit::migrate::typeorm
