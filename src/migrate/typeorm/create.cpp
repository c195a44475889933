// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/create.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <regex>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace ainit::migrate::typeorm {
namespace {

namespace fs = std::filesystem;

bool found_in(const std::string& text, const char* pattern) {
    return std::regex_search(text, std::regex{pattern});
}

std::string first_in(const std::string& text, const char* pattern) {
    std::smatch match;
    return std::regex_search(text, match, std::regex{pattern}) ? match[1].str() : std::string{};
}

bool is_script(const fs::path& path) {
    static constexpr std::array kExtensions{".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"};
    const std::string name = path.filename().string();
    return std::ranges::find(kExtensions, path.extension().string()) != kExtensions.end() && name.find(".d.") == std::string::npos;
}

/// The time at the head of a file's name, as TypeORM writes it.
long long time_of(const std::string& path) {
    const std::string name = fs::path{path}.filename().string();
    long long time = 0;
    constexpr std::size_t kDigits = 13;
    const std::string_view head = std::string_view{name}.substr(0, kDigits);
    const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), time);
    return error == std::errc{} && end == head.data() + kDigits ? time : 0;
}

/// Text that tsc wrote: the next build would not know of a file beside it.
bool compiled(const std::string& text) {
    return text.find("\"__esModule\"") != std::string::npos || text.find("//# sourceMappingURL=") != std::string::npos;
}

Failure refusal(const std::string& name, std::string because, std::string hint) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot create the migration {}", name);
    failure.because = std::move(because);
    failure.state = "Nothing was written.";
    failure.hint = std::move(hint);
    return failure;
}

struct Place {
    std::string folder{};
    std::string newest{};  ///< the newest migration there; empty if there is none
    long long time{0};     ///< of the newest one of all
};

void consider(Place& place, const std::string& file, long long time) {
    if (!place.newest.empty() && time < place.time) return;
    place.newest = file;
    place.time = time;
}

Result<Place> place_in(const std::string& folder, const std::string& name) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
        return refusal(name, fmt::format("there is no folder \"{}\"", folder), "make it, or name another one with --dir");
    }
    Place place{folder};
    for (const fs::directory_entry& entry : fs::directory_iterator{folder, error}) {
        const long long time = time_of(entry.path().string());
        if (time != 0 && is_script(entry.path())) consider(place, entry.path().string(), time);
    }
    return place;
}

Result<Place> place_beside(const Listing& listing, const std::string& name) {
    Place place;
    for (const Found& found : listing.migrations) {
        if (!found.file.empty()) consider(place, found.file, found.timestamp);
    }
    if (place.newest.empty()) {
        return refusal(name, "there is no migration yet that it could lie beside", "name the folder with --dir");
    }
    place.folder = fs::path{place.newest}.parent_path().string();
    return place;
}

/// Where there are no neighbours: TypeScript if the project has a tsconfig.json.
Manner manner_for(const std::string& folder) {
    config::Migration migration;
    migration.files = {folder + "/*"};
    std::error_code error;
    Manner manner;
    if (!fs::exists(fs::path{project_folder(migration)} / "tsconfig.json", error)) {
        manner.extension = ".js";
        manner.exports = false;
    }
    return manner;
}

Result<void> write_new(const std::string& path, const std::string& text, const std::string& name) {
    constexpr mode_t kMode = 0666;
    const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode)};
    const bool whole = fd.valid() && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (whole) return ok();
    Failure failure = refusal(name, errno_text(errno), "see whether the folder may be written");
    failure.code = Code::config_file;
    failure.where = {path};
    return failure;
}

}  // namespace

Manner manner_of(const std::string& text) {
    Manner manner;
    const std::string indent = first_in(text, R"((?:^|\n)([ \t]+)(?:name\b|public\b|async\b|up\b))");
    if (!indent.empty()) manner.indent = indent;
    if (const std::string quote = first_in(text, R"((?:from|require\()\s*(['"])typeorm)"); !quote.empty()) {
        manner.quote = quote.front();
    }
    manner.semicolons = !found_in(text, R"(typeorm['"]\)?[ \t]*(?:\r?\n|$))");
    manner.names_itself = found_in(text, R"(\n[ \t]+(?:public |readonly )*name\b[^\n(]*=)");
    manner.by_default = found_in(text, R"((?:^|\n)export default\b)");
    manner.exports = found_in(text, R"((?:^|\n)export\b)");
    return manner;
}

std::string class_name(const std::string& name) {
    std::string out;
    bool upper = true;
    for (const char c : name) {
        if (c == '-' || c == '_' || c == ' ') {
            upper = true;
            continue;
        }
        out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    return out;
}

std::string empty_migration(const Manner& manner, const std::string& name) {
    const std::string end = manner.semicolons ? ";" : "";
    const std::string& in = manner.indent;
    const std::string property =
        manner.names_itself ? fmt::format("{0}name = {1}{2}{1}{3}\n\n", in, manner.quote, name, end) : "";
    if (manner.typescript()) {
        std::string text = fmt::format("import {{ MigrationInterface, QueryRunner }} from {0}typeorm{0}{1}\n\n", manner.quote, end);
        text += fmt::format("export {}class {} implements MigrationInterface {{\n{}", manner.by_default ? "default " : "", name, property);
        text += fmt::format("{0}public async up(queryRunner: QueryRunner): Promise<void> {{\n{0}}}\n\n", in);
        return text + fmt::format("{0}public async down(queryRunner: QueryRunner): Promise<void> {{\n{0}}}\n}}\n", in);
    }
    const std::string_view head = !manner.exports ? "module.exports =" : manner.by_default ? "export default" : "export";
    std::string text = fmt::format("{} class {} {{\n{}", head, name, property);
    text += fmt::format("{0}async up(queryRunner) {{\n{0}}}\n\n{0}async down(queryRunner) {{\n{0}}}\n}}", in);
    return text + (manner.exports ? "" : end) + "\n";
}

Result<Created> create(const Context& context, const std::string& name, const std::string& folder, const Stop& stop) {
    const std::string stem = class_name(name);
    if (!found_in(stem, "^[A-Za-z][A-Za-z0-9]*$")) {
        return refusal(name, "its class could not have that name", "use letters, digits and - alone, a letter first");
    }
    Result<Place> place = Place{};
    if (folder.empty()) {
        auto project = Project::open(context, Access::none, stop);
        if (!project) return std::move(project).error();
        place = place_beside((*project)->listing(), name);
    } else {
        place = place_in(folder, name);
    }
    if (!place) return std::move(place).error();
    Manner manner = manner_for(place->folder);
    if (!place->newest.empty()) {
        auto text = read_file(place->newest);
        if (!text) return std::move(text).error();
        if (folder.empty() && compiled(*text)) {
            return refusal(name, fmt::format("{} was compiled from another file", place->newest),
                           "name the folder of the sources with --dir");
        }
        manner = manner_of(*text);
        manner.extension = fs::path{place->newest}.extension().string();
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const long long time = std::max<long long>(std::chrono::duration_cast<Duration>(now).count(), place->time + 1);
    Created created;
    created.name = fmt::format("{}{}", stem, time);
    created.file = (fs::path{place->folder} / fmt::format("{}-{}{}", time, name, manner.extension)).string();
    if (auto written = write_new(created.file, empty_migration(manner, created.name), name); !written) {
        return std::move(written).error();
    }
    return created;
}

}  // namespace ainit::migrate::typeorm
