// SPDX-License-Identifier: Apache-2.0
// write-docs DIR: writes configuration.md and errors.md, which are made of the program's own tables.
#include <cstdio>
#include <fstream>
#include <string>

#include "base/failure.h"
#include "config/load.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: write-docs DIR\n", stderr);
        return 2;
    }
    const std::string folder{argv[1]};
    std::ofstream{folder + "/configuration.md"} << ainit::config::reference();
    std::ofstream{folder + "/errors.md"} << ainit::error_catalogue();
    return 0;
}
