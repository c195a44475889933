// SPDX-License-Identifier: Apache-2.0
#include "support/migration_stage.h"

#include <filesystem>
#include <stdexcept>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sql.h"

namespace ainit::test {

MigrationStage::MigrationStage(const std::string& engine)
    : role{ScratchServer::unique("app")}, sessions{server.server()} {
    const std::string password = "a \"secret'\\ of %" + role;
    server.run(fmt::format("CREATE ROLE {} LOGIN PASSWORD {}", role, quote_literal(password)));
    server.run(fmt::format("CREATE DATABASE {} OWNER {}", role, role));
    config.postgres.user = "postgres";
    config.postgres.password = Secret{ScratchServer::password()};
    config.roles.emplace_back();
    config.roles.back().name = role;
    config.roles.back().password = Secret{password};
    config.databases.emplace_back();
    config.databases.back().name = role;
    config.databases.back().owner = role;
    migration.name = role;
    migration.database = role;
    migration.engine = engine;
    migration.files = {folder.path() + "/m/*.sql"};
    migration.origin = {"test.toml", 1, 1};
    sink_ = [this](const migrate::Progress& one) { progress.push_back(one); };
    engine_ = std::move(migrate::make_engine(migration).value());
}

std::string MigrationStage::file(const std::string& name, const std::string& text) const {
    return folder.write("m/" + name, text);
}

std::string MigrationStage::program(const std::string& name, const std::string& script) const {
    const std::string path = folder.write("bin/" + name, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms{0755});
    return path;
}

migrate::Context MigrationStage::context() {
    const config::Account account = config.account_for(migration.database, migration.role);
    return {config,
            migration,
            sessions,
            {account.user, account.password, migration.database, account.stands_for},
            sink_,
            database_exists};
}

Result<migrate::Level> MigrationStage::look(const Stop& stop) {
    return engine_->look(context(), stop);
}

migrate::Run MigrationStage::run(const Stop& stop) {
    migrate::Context asked = context();
    asked.run_until = stop.deadline();
    return engine_->run(asked, stop);
}

migrate::Report MigrationStage::must_run() {
    migrate::Run ran = run();
    if (ran.failure) FAIL(ran.failure->block());
    return std::move(ran.report);
}

Failure MigrationStage::must_fail(const Stop& stop) {
    migrate::Run ran = run(stop);
    if (!ran.failure) FAIL("it did not fail: " << ran.report.state);
    return std::move(*ran.failure);
}

std::string MigrationStage::sql(const std::string& text) const {
    return server.run(text, role);
}

CapturedLog::CapturedLog() : kept_{::dup(STDERR_FILENO)} {
    log::flush();
    log::set_up({log::Level::info, log::Format::text, log::Color::never});
    const std::string path = folder_.path() + "/log";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (kept_ < 0 || file < 0) throw std::runtime_error{"cannot capture the log"};
    ::dup2(file, STDERR_FILENO);
    ::close(file);
}

CapturedLog::~CapturedLog() {
    log::flush();
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
}

std::string CapturedLog::text() const {
    log::flush();
    return read_file(folder_.path() + "/log").value();
}

}  // namespace ainit::test
