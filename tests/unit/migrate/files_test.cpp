// SPDX-License-Identifier: Apache-2.0
#include "migrate/sql/files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

namespace ainit::migrate::sql {
namespace {

struct Folder {
    std::filesystem::path path;

    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "ainit-files.XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }

    ~Folder() { std::filesystem::remove_all(path); }

    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((path / name).parent_path());
        std::ofstream{path / name, std::ios::binary} << text;
    }
};

std::vector<std::string> names(const std::vector<File>& files) {
    std::vector<std::string> all;
    for (const File& file : files) all.push_back(file.name);
    return all;
}

}  // namespace

TEST_CASE("files: the version is the numbers a name begins with") {
    const std::pair<const char*, const char*> rows[] = {
        {"0007_x.sql", "7"},
        {"7.sql", "7"},
        {"000.sql", "0"},
        {"V1.2__x.sql", "1.2"},
        {"v10__x.sql", "10"},
        {"1.2.10-x.sql", "1.2.10"},
        {"2025-01-31-x.sql", "2025.1.31"},
        {"2025_01_31_120000_x.sql", "2025.1.31.120000"},
        {"20250131120000123456789_x.sql", "20250131120000123456789"},
        {"0001_2fa.sql", "1"},
        {"001init.sql", "1"},
        {"V_x.sql", ""},
        {"views.sql", ""},
        {"", ""},
    };
    for (const auto& [name, version] : rows) {
        CAPTURE(name);
        CHECK(version_text(version_of(name)) == version);
    }
}

TEST_CASE("files: numbers count as numbers, and names without come last, by bytes") {
    const std::vector<std::string> wanted{"1_a.sql",
                                          "1.1_a.sql",
                                          "2_a.sql",
                                          "9_z.sql",
                                          "10_a.sql",
                                          "0010_b.sql",
                                          "100_a.sql",
                                          "20250131000000_a.sql",
                                          "B.sql",
                                          "a.sql"};
    // 10_a and 0010_b are one version: their names decide.
    std::vector<File> files;
    for (const std::string& name : wanted)
        files.push_back({name, "/" + name, version_of(name), {}, {}});
    std::ranges::reverse(files);
    std::ranges::sort(files, goes_before);
    std::vector<std::string> expected = wanted;
    std::swap(expected[4], expected[5]);
    CHECK(names(files) == expected);
}

TEST_CASE("files: line ends and a byte order mark do not change a checksum, anything else does") {
    const std::string checksum = checksum_of("SELECT 1;\nSELECT 2;\n");
    CHECK(checksum == "82efb67f3010c6eb7ead02e4f6d9550633dbc1407f99aa487468e7b2567aebbc");
    CHECK(checksum_of("\xEF\xBB\xBFSELECT 1;\r\nSELECT 2;\r\n") == checksum);
    CHECK(checksum_of("SELECT 1;\nSELECT 2;\n ") != checksum);
    CHECK(checksum_of("SELECT 1;\n\rSELECT 2;\n") != checksum);
}

TEST_CASE("files: globs are read as one set, each file once") {
    const Folder folder;
    folder.write("a/0002_b.sql", "SELECT 2");
    folder.write("a/0010_c.sql", "SELECT 10");
    folder.write("b/0001_a.sql", "SELECT 1");
    folder.write("b/readme.md", "no");
    const std::string base = folder.path;
    const auto files =
        find_files({base + "/a/*.sql", base + "/b/../b/*.sql", base + "/**/0001*.sql"});
    REQUIRE(files.has_value());
    CHECK(names(*files) == std::vector<std::string>{"0001_a.sql", "0002_b.sql", "0010_c.sql"});
    CHECK((*files)[0].text == "SELECT 1");
    CHECK((*files)[1].path == base + "/a/0002_b.sql");
    const auto none = find_files({base + "/c/*.sql"});
    REQUIRE(none.has_value());
    CHECK(none->empty());
}

TEST_CASE("files: a link that leads nowhere and a folder with a file's name are errors") {
    const Folder folder;
    folder.write("1.sql", "SELECT 1;");
    const std::string glob = folder.path / "*.sql";
    SUBCASE("link") {
        std::filesystem::create_symlink("nowhere", folder.path / "2.sql");
        const auto files = find_files({glob});
        REQUIRE_FALSE(files.has_value());
        CHECK(files.error().what == "cannot use migration 2.sql");
        CHECK(files.error().because == "No such file or directory");
    }
    SUBCASE("folder") {
        folder.write("3.sql/inside.sql", "SELECT 1;");
        const auto files = find_files({glob});
        REQUIRE_FALSE(files.has_value());
        CHECK(files.error().what == "cannot use migration 3.sql");
        CHECK(files.error().because == "it is a folder");
        CHECK(files.error().where.file == (folder.path / "3.sql").string());
        CHECK(find_files({folder.path / "*"}).has_value());
        CHECK(find_files({folder.path / "**"}).has_value());
    }
}

}  // namespace ainit::migrate::sql
