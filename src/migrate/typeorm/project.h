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
    bool alone{false};        ///< its file loads no other one of the project
};

/// What TypeORM finds, in its order, and what decides how it runs them.
struct Listing {
    std::string version{};  ///< of TypeORM
    std::string table{};
    std::string schema{};  ///< empty: current_schema()
    std::string transaction{};
    std::vector<std::string> globs{};
    std::vector<Found> migrations{};

    /// The ledger's name, with its schema if one is given: under it our own table keeps what it knows.
    std::string ledger() const { return schema.empty() ? table : schema + "." + table; }
    const Found* find(std::string_view name) const;
};

/// Whether sessions may be opened: a look must not, whatever a data source file does when it is loaded.
enum class Access { none, full };

class Project {
  public:
    static Result<std::unique_ptr<Project>> open(const Context& context, Access access, const Stop& stop);

    /// Goes on with one that was opened to look: sessions may be opened from now on. The Context must live until the work
    /// is done.
    void resume(const Context& context, const Stop& stop);

    const Listing& listing() const { return listing_; }
    const Watch& watch() const { return watch_; }
    Watch& watch() { return watch_; }

    /// Keeps a journal of what runs, which must live as long as this.
    void keep(Journal& journal);

    /// Runs of what is pending as much as the context says; the Failure's state is left to the caller.
    Result<std::vector<std::string>> run();
    /// Records one as applied, without running it.
    Result<void> record(const std::string& name);
    /// Reverts the last one; `fake`: takes its row out of the ledger alone.
    Result<void> revert(bool fake);

  private:
    Project(const Context& context, const Stop& stop);
    Result<void> start(Access access);
    Result<void> list();
    script::Answer<script::Value> call(std::string_view function, const script::Value& options);
    Failure explain(const script::Exception& exception) const;
    void point_at(Failure& failure, const Refused& refused) const;
    /// Whether a migration's script is one whose statements may be answered ahead.
    bool cannot_tell_of(const std::string& migration);
    Failure refused_login() const;
    script::Value run_options(bool fake);

    const Context* context_;  ///< of the present work
    Stop stop_;
    Watch watch_;
    std::unique_ptr<script::Engine> engine_{};
    std::unique_ptr<Driver> driver_{};
    Journal* journal_{nullptr};
    script::Value entry_{};
    bool listed_{false};
    std::string_view verb_{"apply"};  ///< what scripts are asked to do with a migration
    Listing listing_{};
    std::optional<bool> meddled_{};  ///< whether one of the loaded files does; empty: not looked at
};

/// The folder of the project that a file or glob belongs to: the nearest above it with a package.json, else its own.
std::string project_folder(const config::Migration& migration);

/// What a project may read beside its own folder: those of its globs, node_modules above it, where Node looks too, and the
/// workspace that it is a package of.
std::vector<std::string> shared_folders(const config::Migration& migration, const std::string& project);

/// Fails where the project's folder is not there.
Result<void> see_folder(const config::Migration& migration, const std::string& project);
/// Fails where one of a data source's globs leads to a folder that is there and may not be read: nothing would be found.
Result<void> see_globs(const config::Migration& migration, const std::vector<std::string>& globs, const std::string& project);

/// "0.3" or "1": the configured one, else that of the project's own TypeORM, or its workspace's, by node_modules, lock file
/// or package.json.
std::string typeorm_version(const config::Migration& migration, const std::string& folder);

}  // namespace ainit::migrate::typeorm
