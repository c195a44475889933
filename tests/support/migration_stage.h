// SPDX-License-Identifier: Apache-2.0
// What a test of a migration engine needs: a role, its database, a folder of files, and the engine.
#pragma once

#include <string>
#include <vector>

#include "migrate/engine.h"
#include "support/scratch_server.h"

namespace ainit::test {

class MigrationStage {
  public:
    explicit MigrationStage(const std::string& engine);

    /// Writes a file of the migrations' folder.
    std::string file(const std::string& name, const std::string& text) const;
    /// Writes a program: a shell script.
    std::string program(const std::string& name, const std::string& script) const;

    Result<migrate::Level> look(const Stop& stop = Stop{}.within(Duration{30'000}));
    migrate::Run run(const Stop& stop = Stop{}.within(Duration{60'000}));
    /// run() that must succeed.
    migrate::Report must_run();
    /// run() that must fail.
    Failure must_fail(const Stop& stop = Stop{}.within(Duration{60'000}));

    /// SQL in the database, as the superuser: the first column of the last result's first row.
    std::string sql(const std::string& text) const;

    ScratchServer& server{ScratchServer::shared()};
    ScratchFolder folder{};
    std::string role{};  ///< and its database's name
    config::Config config{};
    config::Migration migration{};
    postgres::Sessions sessions;
    bool database_exists{true};
    std::vector<migrate::Progress> progress{};

  private:
    migrate::Context context();

    migrate::ProgressSink sink_{};
    std::unique_ptr<migrate::Engine> engine_{};
};

/// What the log says while this lives.
class CapturedLog {
  public:
    CapturedLog();
    ~CapturedLog();
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    std::string text() const;

  private:
    ScratchFolder folder_{};
    int kept_{-1};
};

}  // namespace ainit::test
