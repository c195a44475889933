// SPDX-License-Identifier: Apache-2.0
// Where a project is, and which TypeORM it uses.
#include <array>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "base/file.h"
#include "migrate/typeorm/project.h"

namespace ainit::migrate::typeorm {
namespace {

namespace fs = std::filesystem;

/// The folders of a glob before its first wildcard.
fs::path fixed_part(const std::string& glob) {
    const std::size_t wild = glob.find_first_of("*?[{(!+@");
    if (wild == std::string::npos) return fs::path{glob}.parent_path();
    return fs::path{glob.substr(0, glob.rfind('/', wild))};
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

std::vector<std::string> shared_folders(const std::string& project) {
    std::error_code error;
    std::vector<std::string> folders;
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
