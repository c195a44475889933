// SPDX-License-Identifier: Apache-2.0
// docs/configuration.md, made of the table of keys.
#include <fmt/format.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/load.h"

namespace ainit::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

This page is made from the table of keys in the source (`src/config/keys.cpp`); a test keeps the two equal.

One TOML file, named by `--config`, else by `ALKEMIO_INIT_CONFIG`, else `/etc/alkemio-init/alkemio.toml` if it exists. Unknown
keys are errors. All errors are reported together, each with file, line and column; `alkemio-init config check` needs no server, and
`alkemio-init config show` prints every effective value and where it came from.

- **Durations** are text such as `"500ms"`, `"30s"`, `"2m"`, `"1h"`, `"1m30s"`, or integers (seconds).
- **`${env:NAME}` and `${file:PATH}`** are replaced in any text, also where a number, a duration or true or false is wanted; a variable that is
  not set, and a file that is missing or empty, are errors. What came from a file is never shown. `$${env:NAME}` stands for
  the text `${env:NAME}` itself. In a migration's commands and `environment`, where `${dsn}` and its like are replaced too, any other `${…}` is an
  error, and `$${…}` stands for it.
- **Secrets**: `password_file` or `${file:…}` or `${env:…}`. One newline at the end of a file is not part of the secret. A secret
  written into the file itself is named in a warning. Variables that held a secret are withheld from commands and services.
- **Paths** that are relative start at the folder of the configuration file.
)";

constexpr std::string_view kVariables = R"(
## Environment variables

They fill what the file does not set: a value in the file counts more. `DATABASE_URL` counts before the variables of single keys, which fill
what it lacks; of several variables for one key the first in the row counts. Each may instead be given as `NAME_FILE`, naming a file with the
value; both together are an error. Empty variables count as not set.

)";

constexpr std::string_view kWithoutFile = R"(
Without a configuration file, `POSTGRES_MULTIPLE_DATABASES` (names with commas or spaces between them), `POSTGRES_DB` and
`DATABASE_NAME` also name the databases to make, owned by the maintenance user; those of `POSTGRES_MULTIPLE_DATABASES` get the
extension uuid-ossp, as the script behind that variable does it.

A project's TypeORM migrations need no file either: `ALKEMIO_INIT_FILES` (globs, with commas between them) or `ALKEMIO_INIT_DATA_SOURCE` (the project's DataSource
file), `ALKEMIO_INIT_TABLE` for TypeORM's ledger and `ALKEMIO_INIT_TRANSACTION` (`all`, `each` or `none`), make one [[migration]] with engine typeorm of the database that `DATABASE_NAME` names, or of the
only one there is. The options `--files`, `--data-source`, `--table` and `--transaction` count before them. Relative paths start at the working directory. Beside a configuration file the
variables do not count, and the options are refused.

`ALKEMIO_INIT_TERMINATION_LOG` names another file than
`/dev/termination-log`.
)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

}  // namespace

std::string reference() {
    std::string out{kIntroduction};
    for (const SectionEntry& section : sections()) {
        out += fmt::format("\n## {}\n\n{}\n\n| key | type | default | |\n|---|---|---|---|\n",
                           section.heading,
                           section.prose);
        for (const KeyEntry& key : keys()) {
            if (key.section != section.name) continue;
            std::string prose{key.prose};
            if (!key.engine.empty()) {
                prose = fmt::format("{}: {}", join(split(key.engine, ','), ", "), prose);
            }
            if (!key.allowed.empty())
                prose += fmt::format("{}One of: {}.", prose.empty() ? "" : " ", key.allowed);
            out +=
                fmt::format("| `{}` | {} | {} | {} |\n",
                            key.key,
                            key.type,
                            key.default_value.empty() ? "" : fmt::format("`{}`", key.default_value),
                            escaped(prose));
        }
    }
    out += kVariables;
    out += "| key of [postgres] | variables |\n|---|---|\n";
    for (const VariableEntry& entry : variables()) {
        std::vector<std::string> names;
        for (const std::string_view name : entry.variables)
            names.push_back(fmt::format("`{}`", name));
        out += fmt::format("| `{}` | {} |\n", entry.key, join(names, ", "));
    }
    out += kWithoutFile;
    return out;
}

}  // namespace ainit::config
