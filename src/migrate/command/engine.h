// SPDX-License-Identifier: Apache-2.0
// The engine `command`: an external migrator, such as `kratos migrate sql -e --yes`.
// docs/migrations.md says what it promises.
#pragma once

#include "migrate/engine.h"

namespace ainit::migrate::command {

class CommandEngine : public Engine {
  public:
    Result<Level> look(const Context& context, const Stop& stop) override;
    Run run(const Context& context, const Stop& stop) override;
};

}  // namespace ainit::migrate::command
