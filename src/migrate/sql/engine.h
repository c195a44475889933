// SPDX-License-Identifier: Apache-2.0
// The engine `sql`: a folder of .sql files and a ledger table. docs/migrations.md says what it
// promises.
#pragma once

#include "migrate/engine.h"

namespace ainit::migrate::sql {

class SqlEngine : public Engine {
  public:
    Result<Level> look(const Context& context, const Stop& stop) override;
    Run run(const Context& context, const Stop& stop) override;
};

}  // namespace ainit::migrate::sql
