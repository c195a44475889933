// SPDX-License-Identifier: Apache-2.0
// From the parsed file to the model, section by section.
#pragma once

#include <set>
#include <string>

#include "config/reader.h"

namespace ainit::config {

/// Fills `config`; what is wrong goes to `reading`. Returns the [postgres] keys that the file sets.
std::set<std::string> fill(Reading& reading, const toml::table& root, Config& config);

/// [postgres], with its URL; adds the keys it sets.
void fill_postgres(Reader& reader,
                   Reading& reading,
                   Postgres& postgres,
                   std::set<std::string>& set);
/// One [[database]] with its extensions, schemas and privileges.
void fill_database(Reader& reader, Reading& reading, Config& config);
/// One [[service]].
void fill_service(Reader& reader, Config& config);
/// One [[dependent]].
void fill_dependent(Reader& reader, Config& config);

}  // namespace ainit::config
