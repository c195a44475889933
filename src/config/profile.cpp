// SPDX-License-Identifier: Apache-2.0
#include "config/profile.h"

#include <algorithm>

namespace ainit::config {

std::span<const Profile> profiles() {
    static const std::vector<Profile> table{
        {"alkemio", {"uuid-ossp"}, "migrations_typeorm", {"migrations_typeorm"}, "", "", false},
        {"kratos",
         {"pg_trgm", "btree_gin"},
         "schema_migration",
         {"identities",
          "identity_credentials",
          "identity_credential_identifiers",
          "sessions",
          "session_devices",
          "identity_verifiable_addresses",
          "identity_recovery_addresses"},
         "identities",
         "",
         false},
        {"hydra",
         {"uuid-ossp"},
         "schema_migration",
         {"hydra_client", "hydra_oauth2_flow", "hydra_oauth2_access", "hydra_jwk"},
         "hydra_client",
         "",
         false},
        {"synapse",
         {},
         "schema_version",
         {"schema_version", "applied_schema_deltas", "users", "events"},
         "users",
         "C",
         true},
    };
    return table;
}

const Profile* find_profile(std::string_view name) {
    const auto found = std::ranges::find(profiles(), name, &Profile::name);
    return found == profiles().end() ? nullptr : &*found;
}

}  // namespace ainit::config
