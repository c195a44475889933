// SPDX-License-Identifier: Apache-2.0
// TypeORM's own migrations, run by TypeORM itself inside the JavaScript engine, over our own sessions.
#pragma once

#include <memory>
#include <optional>

#include "migrate/engine.h"
#include "migrate/typeorm/project.h"

namespace ainit::migrate::typeorm {

class TypeormEngine : public Engine {
  public:
    Result<Level> look(const Context& context, const Stop& stop) override;
    Run run(const Context& context, const Stop& stop) override;
    Run revert(const Context& context, const Revert& order, const Stop& stop) override;
    Run repair(const Context& context, const Repair& order, const Stop& stop) override;
    Result<Created> create(const Context& context, const std::string& name, const std::string& folder,
                           const Stop& stop) override;

  private:
    std::optional<Listing> listing_{};
    std::unique_ptr<Project> project_{};  ///< of a look that found something pending, to go on with
};

}  // namespace ainit::migrate::typeorm
