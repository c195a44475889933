// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace ainit;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

void put(const fs::path& path, std::string_view text) {
    const UniqueFd fd{::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

/// A folder that goes with the test.
class Scratch {
  public:
    Scratch() {
        std::string name = (fs::temp_directory_path() / "ainit-file-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }

    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }

    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    fs::path operator/(std::string_view name) const { return path_ / name; }

    void touch(std::string_view name) const {
        fs::create_directories((path_ / name).parent_path());
        put(path_ / name, name);
    }

    /// What matches, without the folder's own name.
    Names glob(std::string_view pattern) const {
        Names found = expand_glob((path_ / pattern).string());
        for (std::string& name : found) name.erase(0, path_.string().size() + 1);
        return found;
    }

  private:
    fs::path path_{};
};

bool open_now(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("file: a descriptor has one owner, who closes it") {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    UniqueFd first{fds[0]};
    {
        UniqueFd second{fds[1]};
        CHECK(second.get() == fds[1]);
        second = std::move(first);
        CHECK_FALSE(open_now(fds[1]));
        CHECK_FALSE(first.valid());  // NOLINT: what is left is the question
        UniqueFd& self = second;
        second = std::move(self);
        CHECK(open_now(fds[0]));
        CHECK(second.release() == fds[0]);
        CHECK_FALSE(second.valid());
    }
    CHECK(open_now(fds[0]));
    first.reset(fds[0]);
    first.reset();
    CHECK_FALSE(open_now(fds[0]));
}

TEST_CASE("file: the whole of a file is read, whatever is in it") {
    const Scratch scratch;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{16'384}, std::size_t{100'001}}) {
        CAPTURE(size);
        std::string text(size, 'x');
        if (size > 2) text[1] = '\0';
        put(scratch / "file", text);
        const auto read = read_file((scratch / "file").string());
        REQUIRE(read.has_value());
        CHECK(*read == text);
    }
}

TEST_CASE("file: files of /proc, which say that they are empty, are read") {
    const auto read = read_file("/proc/self/status");
    REQUIRE(read.has_value());
    CHECK(read->starts_with("Name:"));
}

TEST_CASE("file: a pipe is read to its end") {
    const Scratch scratch;
    const std::string path = (scratch / "pipe").string();
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    std::thread writer{[&] {
        const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
        for (const std::string_view part : {"pass", "word\n"}) {
            if (::write(fd.get(), part.data(), part.size()) < 0) std::abort();
        }
    }};
    const auto read = read_file(path);
    writer.join();
    REQUIRE(read.has_value());
    CHECK(*read == "password\n");
}

TEST_CASE("file: what cannot be read is named with its reason") {
    const Scratch scratch;
    put(scratch / "large", "12345");

    struct Row {
        std::string path;
        std::string because;
    };

    for (const auto& [path, because] : std::vector<Row>{
             {(scratch / "missing").string(), "No such file or directory"},
             {(scratch / "large/below").string(), "Not a directory"},
             {(scratch / "").string(), "it is a folder"},
             {(scratch / "large").string(), "it is larger than 4 bytes"},
             {"", "No such file or directory"},
         }) {
        CAPTURE(path);
        const auto read = read_file(path, 4);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code == Code::config_file);
        CHECK(read.error().line() == "cannot read \"" + path + "\": " + because);
    }
    CHECK(read_file((scratch / "large").string(), 5).has_value());
}

TEST_CASE("file: something endless ends at the limit") {
    const auto read = read_file("/dev/zero", 100'000);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().because == "it is larger than 100000 bytes");
}

TEST_CASE("file: globs find files as a shell does, sorted by bytes") {
    const Scratch scratch;
    for (const char* name : {"a1.sql",
                             "a10.sql",
                             "a2.sql",
                             "B.sql",
                             "c.txt",
                             ".hidden.sql",
                             "in/x.sql",
                             "in/deep/y.sql",
                             "in/deep/.secret/z.sql",
                             "weird[1].sql",
                             "folder.sql/inner.js"}) {
        scratch.touch(name);
    }

    struct Row {
        std::string pattern;
        Names found;
    };

    for (const auto& [pattern, found] : std::vector<Row>{
             {"a?.sql", {"a1.sql", "a2.sql"}},
             {"*.sql", {"B.sql", "a1.sql", "a10.sql", "a2.sql", "weird[1].sql"}},
             {"a[!1]*.sql", {"a2.sql"}},
             {"[a-b]1*.sql", {"a1.sql", "a10.sql"}},
             {".h*", {".hidden.sql"}},
             {"*/*.sql", {"in/x.sql"}},
             {"**/*.sql",
              {"B.sql",
               "a1.sql",
               "a10.sql",
               "a2.sql",
               "in/deep/y.sql",
               "in/x.sql",
               "weird[1].sql"}},
             {"in/**/*.sql", {"in/deep/y.sql", "in/x.sql"}},
             {"**/deep/*", {"in/deep/y.sql"}},
             {"in/**", {"in/deep/y.sql", "in/x.sql"}},
             {"**/**/y.sql", {"in/deep/y.sql"}},
             {"in//x.sql", {"in/x.sql"}},
             {"c.txt", {"c.txt"}},
             {"in", {}},
             {"none/*.sql", {}},
             {"*.none", {}},
         }) {
        CAPTURE(pattern);
        CHECK(scratch.glob(pattern) == found);
    }
}

TEST_CASE("file: globs take links to files, as ConfigMaps have, and follow no link in a circle") {
    const Scratch scratch;
    scratch.touch("..2026/a.sql");
    fs::create_symlink("..2026", scratch / "..data");
    fs::create_symlink("..data/a.sql", scratch / "a.sql");
    fs::create_symlink("nowhere", scratch / "dangling.sql");
    fs::create_symlink(".", scratch / "circle");
    // One that leads nowhere is found, so that whoever reads it says so.
    CHECK(scratch.glob("*.sql") == Names{"a.sql", "dangling.sql"});
    CHECK(scratch.glob("**/*.sql") == Names{"a.sql", "dangling.sql"});
    CHECK(scratch.glob("dangling.sql") == Names{"dangling.sql"});
    CHECK(scratch.glob("circle/*.sql") == Names{"circle/a.sql", "circle/dangling.sql"});
}

TEST_CASE("file: a relative glob stays relative") {
    const Scratch scratch;
    scratch.touch("m/1.sql");
    const fs::path before = fs::current_path();
    fs::current_path(scratch / "");
    const Names plain = expand_glob("m/*.sql");
    const Names dotted = expand_glob("./m/*.sql");
    const Names deep = expand_glob("**/*.sql");
    fs::current_path(before);
    CHECK(plain == Names{"m/1.sql"});
    CHECK(dotted == Names{"./m/1.sql"});
    CHECK(deep == Names{"m/1.sql"});
}

TEST_CASE("file: errors of the system are named in words") {
    CHECK(errno_text(ENOENT) == "No such file or directory");
    CHECK(errno_text(EACCES) == "Permission denied");
}

TEST_SUITE_END();
