// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace ainit::test {

/// A folder for small files, gone at the end.
class Scratch {
  public:
    Scratch() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "alkemio-init-unit.XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }

    ~Scratch() { std::filesystem::remove_all(folder_); }

    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        const std::string path = folder_ + "/" + name;
        std::ofstream{path, std::ios::binary} << text;
        return path;
    }

    const std::string& folder() const { return folder_; }

  private:
    std::string folder_{};
};

}  // namespace ainit::test
