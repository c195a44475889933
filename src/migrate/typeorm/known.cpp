// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/known.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "migrate/sql/files.h"
#include "migrate/typeorm/survey.h"

namespace ainit::migrate::typeorm {
namespace {

/// Whether TypeORM's glob and ours are sure to match the same files.
bool is_plain(const std::string& glob) {
    return glob.find_first_of("{}()[]!+@,\\") == std::string::npos && glob.find("**") == std::string::npos;
}

/// What TypeORM loads of what a glob matches.
bool is_loaded(const std::string& path) {
    const std::filesystem::path file{path};
    const std::string extension = file.extension().string();
    const bool declares = file.stem().extension() == ".d";
    return !declares && (extension == ".js" || extension == ".cjs" || extension == ".mjs" || extension == ".ts" ||
                         extension == ".cts" || extension == ".mts");
}

/// The checksums of all files, by path; empty if one cannot be read.
std::map<std::string, std::string> checksums_of(const config::Migration& migration) {
    std::map<std::string, std::string> all;
    for (const std::string& glob : migration.files) {
        for (const std::string& path : expand_glob(std::filesystem::absolute(glob).lexically_normal().string())) {
            if (!is_loaded(path)) continue;
            auto text = read_file(path);
            if (!text) return {};
            all.emplace(path, sql::checksum_of(*text));
        }
    }
    return all;
}

/// The migrations of a file by what was recorded of them; none if that is not all of them.
std::vector<Found> migrations_of(const std::string& file, const std::string& checksum, const Evidence& evidence) {
    std::vector<Found> all;
    std::size_t wanted = 1;
    for (const Row& row : evidence.rows) {
        const auto record = evidence.records.find(row.name);
        if (record == evidence.records.end() || record->second.checksum != checksum) continue;
        if (record->second.of_file == 0) return {};
        wanted = static_cast<std::size_t>(record->second.of_file);
        Found found;
        found.name = row.name;
        found.timestamp = row.timestamp;
        found.file = file;
        all.push_back(std::move(found));
    }
    return all.size() == wanted ? all : std::vector<Found>{};
}

}  // namespace

Result<std::optional<Level>> known_level(const Context& context, const Stop& stop) {
    using Answer = Result<std::optional<Level>>;
    const config::Migration& migration = context.migration;
    if (!migration.data_source.empty() || !std::ranges::all_of(migration.files, is_plain)) return Answer{std::nullopt};
    Listing listing;
    listing.schema = migration.schema;
    listing.table = migration.table.empty() ? "migrations" : migration.table;
    listing.globs = migration.files;
    auto session = context.sessions.get(context.login, stop);
    if (!session) {
        if (session.error().code == Code::no_database) return Answer{std::nullopt};
        return std::move(session).error();
    }
    auto evidence = read_evidence(**session, listing, stop);
    if (!evidence && is_at_work(evidence.error())) return Answer{std::nullopt};
    if (!evidence) return std::move(evidence).error();
    if (evidence->records.empty()) return Answer{std::nullopt};
    evidence->checksums = checksums_of(migration);
    for (const auto& [file, checksum] : evidence->checksums) {
        const std::vector<Found> found = migrations_of(file, checksum, *evidence);
        if (found.empty()) return Answer{std::nullopt};
        for (const Found& one : found) {
            // Copies of one file: TypeORM has something to say of that.
            if (listing.find(one.name) != nullptr) return Answer{std::nullopt};
            listing.migrations.push_back(one);
        }
    }
    if (listing.migrations.empty()) return Answer{std::nullopt};
    std::ranges::sort(listing.migrations, {}, &Found::timestamp);
    log::debug("typeorm", fmt::format("nothing is pending of {} files, which were all applied as they are; TypeORM was not started",
                                      evidence->checksums.size()));
    return Answer{survey(migration, listing, *evidence)};
}

}  // namespace ainit::migrate::typeorm
