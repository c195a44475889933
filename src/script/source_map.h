// SPDX-License-Identifier: Apache-2.0
// From positions in the code that runs to those of the source that was written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "script/value.h"

namespace ainit::script {

/// A source map of version 3. Plain C++, so that an error can be placed after scripts were ended.
class SourceMap {
  public:
    /// Empty if it is not a source map.
    static std::optional<SourceMap> parse(std::string_view json);

    /// The original place of a generated one (both from 1); empty if it has none. The file is as
    /// the map names it.
    std::optional<Origin> original(int line, int column) const;

  private:
    struct Segment {
        int line;
        int column;
        int source;  ///< -1: generated code without an original
        int original_line;
        int original_column;
    };

    bool read(std::string_view mappings);

    std::vector<std::string> sources_{};
    std::vector<Segment> segments_{};  ///< in the order of the generated code
};

/// The frame in its original source, if the file has a map; else as it is.
Frame original(Realm& realm, Frame frame);

}  // namespace ainit::script
