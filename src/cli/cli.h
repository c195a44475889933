// SPDX-License-Identifier: Apache-2.0
// The command line: one file a subcommand, all of them called from here.
#pragma once

namespace ainit::cli {

/// The whole program: parses, runs one subcommand, returns the exit code. The only place where an escaped exception ends.
int main(int argc, char** argv);

}  // namespace ainit::cli
