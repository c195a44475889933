// SPDX-License-Identifier: Apache-2.0
// A project's migrations inside the JavaScript engine: TypeORM, the project's files, and what TypeORM says there is. One
// Project is one start of the engine; it holds no session until it runs something.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "migrate/engine.h"
#include "migrate/typeorm/driver.h"
#include "migrate/typeorm/watch.h"

namespace ainit::migrate::typeorm {

struct Found {
    std::string name{};
    long long timestamp{0};
    std::string file{};       ///< empty for a class that no file of the globs exports
    bool overrides{false};    ///< its class says itself whether it runs in a transaction
};

/// What TypeORM finds, in its order, and what decides how it runs them.
struct Listing {
    std::string version{};  ///< of TypeORM
    std::string table{};
    std::string schema{};  ///< empty: current_schema()
    std::string transaction{};
    std::vector<std::string> globs{};
    std::vector<Found> migrations{};
};

/// Whether sessions may be opened: a look must not, whatever a data source file does when it is loaded.
enum class Access { none, full };

class Project {
  public:
    static Result<std::unique_ptr<Project>> open(const Context& context, Access access, const Stop& stop);

    const Listing& listing() const { return listing_; }
    const Watch& watch() const { return watch_; }
    Watch& watch() { return watch_; }

    /// Runs what is pending; the Failure's state is left to the caller.
    Result<std::vector<std::string>> run();
    /// Reverts the last one.
    Result<void> revert();

  private:
    Project(const Context& context, const Stop& stop);
    Result<void> start(Access access);
    Result<void> list();
    script::Answer<script::Value> call(std::string_view function, const script::Value& options);
    Failure explain(const script::Exception& exception) const;
    void point_at(Failure& failure, const Refused& refused) const;
    Failure refused_login() const;
    script::Value run_options();

    const Context& context_;
    const Stop& stop_;
    Watch watch_;
    std::unique_ptr<script::Engine> engine_{};
    std::unique_ptr<Driver> driver_{};
    script::Value entry_{};
    Listing listing_{};
};

/// The folder of the project that a file or glob belongs to: the nearest above it with a package.json, else its own.
std::string project_folder(const config::Migration& migration);

/// "0.3" or "1": the configured one, else that of the project's own TypeORM by node_modules, lock file or package.json.
std::string typeorm_version(const config::Migration& migration, const std::string& folder);

}  // namespace ainit::migrate::typeorm
