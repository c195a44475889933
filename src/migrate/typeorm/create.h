// SPDX-License-Identifier: Apache-2.0
// A new, empty migration that looks like those it lies beside.
#pragma once

#include <string>

#include "base/result.h"
#include "migrate/engine.h"
#include "migrate/typeorm/project.h"

namespace ainit::migrate::typeorm {

/// How a project writes its migrations.
struct Manner {
    std::string extension{".ts"};  ///< ".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"
    std::string indent{"    "};
    char quote{'"'};
    bool semicolons{true};
    bool names_itself{false};  ///< with a property `name`
    bool by_default{false};    ///< export default
    bool exports{true};        ///< JavaScript: `export class`, else `module.exports`

    bool typescript() const { return extension.ends_with("ts"); }
};

/// From the text of a migration; the extension is left to the caller.
Manner manner_of(const std::string& text);

/// What TypeORM makes of a name: "add-user" becomes "AddUser".
std::string class_name(const std::string& name);

/// The text of a migration that does nothing yet.
std::string empty_migration(const Manner& manner, const std::string& name);

/// Writes it into `folder`, or beside the newest migration that the context's files have when that is empty. Its time is
/// now, or right after the newest one there where that is later.
Result<Created> create(const Context& context, const std::string& name, const std::string& folder, const Stop& stop);

}  // namespace ainit::migrate::typeorm
