// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/failure.h"

namespace ainit {

std::string error_catalogue() {
    std::string out = R"(# Errors

This page is made from the table of errors in the source (`src/base/failure.cpp`); a test keeps the two equal.

Each failure says in this order what could not be done, why (with PostgreSQL's SQLSTATE where there is one), what state things are in
now, and what to do. The same text goes, in at most 4 KiB, to `/dev/termination-log` where that exists. Numbers are never reused: 1xx
configuration and command line, 2xx reaching the server, 3xx provisioning, 4xx migrations, 5xx verification, 6xx processes and health, 9xx
the program itself.
)";
    for (const CodeEntry& one : code_table()) {
        const auto exit = static_cast<int>(one.exit);
        out += fmt::format("\n## E{}: {}\n\nMeans: {}\n\nUsual causes: {}\n\nDo: {}\n\nExit code: {}. Retried by the program: {}.\n",
                           static_cast<int>(one.code), one.title, one.means, one.causes, one.remedy,
                           one.exit == ExitCode::signalled ? "128 + the signal's number" : std::to_string(exit),
                           one.retried ? "yes" : "no");
    }
    return out;
}

}  // namespace ainit
