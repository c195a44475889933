// SPDX-License-Identifier: Apache-2.0
// Which statements of a migration are answered before the server has answered them, so that the script goes on while the
// server works: those whose answer is known beforehand, in a transaction, of scripts that cannot tell. They still reach the
// server in their order. If one of them is refused, what is sent next fails with that error, at the latest the end of the
// transaction, which is rolled back then as always. See docs/migrations.md.
#pragma once

#include <string>
#include <string_view>

namespace ainit::migrate::typeorm {

/// The first word of the command tag (PostgreSQL 53.7, CommandComplete) of one statement that answers with that alone and may
/// run in a transaction: CREATE, ALTER, DROP, COMMENT. Empty for every other, and where it is not certain.
std::string known_tag(const std::string& text);

/// Whether a script with this source, which loads no other file of the project, is the same to all who see it whether a
/// statement fails at once or later: it handles no errors, prints nothing and has no other way out.
bool cannot_tell(std::string_view source);

/// Whether which migrations a source has is in its text alone: it asks no file, variable or other module for them.
bool tells_its_migrations(std::string_view source);

/// Whether a file with this source may change what others find without loading it: globals, and prototypes of others.
bool meddles(std::string_view source);

}  // namespace ainit::migrate::typeorm
