// SPDX-License-Identifier: Apache-2.0
// A project of scripts in a folder of its own, and an engine in it.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "script/engine.h"

namespace ainit::script::test {

class Project {
  public:
    Project() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "ainit-script-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = std::filesystem::canonical(pattern);
    }

    ~Project() { std::filesystem::remove_all(folder_); }

    Project(const Project&) = delete;
    Project& operator=(const Project&) = delete;

    std::string folder() const { return folder_.string(); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    std::string file(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories((folder_ / name).parent_path());
        std::ofstream{folder_ / name, std::ios::binary} << text;
        return path(name);
    }

    void link(const std::string& name, const std::string& target) const {
        std::filesystem::create_directories((folder_ / name).parent_path());
        std::filesystem::create_symlink(target, folder_ / name);
    }

    Options options() {
        Options options;
        options.project = folder();
        options.way_out = "run it with Node (engine = \"command\")";
        options.console = [this](Console, std::string_view line) { printed.emplace_back(line); };
        return options;
    }

    std::unique_ptr<Engine> engine() { return engine(options()); }

    static std::unique_ptr<Engine> engine(Options options) {
        auto made = Engine::create(std::move(options));
        REQUIRE_MESSAGE(made.has_value(), made.error().block());
        return std::move(*made);
    }

    std::vector<std::string> printed{};

  private:
    std::filesystem::path folder_{};
};

/// What an expression gives as text, promises settled; what was thrown after "throws ".
inline std::string shown(Engine& engine, std::string_view source) {
    auto value = engine.evaluate(source, "test.js");
    if (value) value = engine.settle(*value);
    return value ? value->text() : "throws " + value.error().text();
}

/// The same as JSON.
inline std::string json_of(Engine& engine, std::string_view source) {
    auto value = engine.evaluate(source, "test.js");
    if (value) value = engine.settle(*value);
    if (!value) return "throws " + value.error().text();
    auto json = value->json();
    return json ? *json : "throws " + json.error().text();
}

}  // namespace ainit::script::test
