// SPDX-License-Identifier: Apache-2.0
// Tables for people: columns as wide as their widest cell, no lines drawn, the last column not padded.
#pragma once

#include <string>
#include <vector>

namespace ainit::cli {

class Table {
  public:
    explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    std::string text(std::size_t indent = 0) const;

  private:
    std::vector<std::vector<std::string>> rows_{};  ///< the first is the header
};

}  // namespace ainit::cli
