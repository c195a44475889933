// SPDX-License-Identifier: Apache-2.0
// What the known services need of their databases. Sources: Alkemio server 0.159, Ory Kratos and
// Hydra 26.2, Matrix Synapse 1.132. The documents of the first users call Kratos's ledger
// `_kratos_migrations`; the real table is `schema_migration`.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace ainit::config {

struct Profile {
    std::string_view name;
    std::vector<std::string_view> extensions;  ///< needed by its migrations
    std::string_view ledger;                   ///< table that records migrations
    std::vector<std::string_view> tables;      ///< core tables
    std::string_view counted;  ///< a core table whose rows are worth a number; empty: none
    std::string_view locale;   ///< demanded literally of datcollate and datctype; empty: any
    bool migrates_itself;      ///< makes its tables when it starts, so they may be missing before
};

std::span<const Profile> profiles();
const Profile* find_profile(std::string_view name);

}  // namespace ainit::config
