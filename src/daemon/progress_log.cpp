// SPDX-License-Identifier: Apache-2.0
#include "daemon/progress_log.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/sql.h"
#include "base/status_line.h"
#include "base/text.h"

namespace ainit::daemon {
namespace {

using migrate::Progress;
using Kind = Progress::Kind;

std::string count_of(const Progress& progress) {
    return progress.total > 0 ? fmt::format("{} of {}", progress.number, progress.total) : "";
}

void log_progress(const Progress& progress) {
    switch (progress.kind) {
        case Kind::begin:
            log::debug("migrate", fmt::format("{} {}", progress.back ? "reverting" : "applying", progress.migration),
                       {{"number", count_of(progress)}});
            break;
        case Kind::statement: log::debug("migrate", progress.text, {{"migration", progress.migration}}); break;
        case Kind::waits: break;  // The engine has said so, if it is worth it.
        case Kind::done:
            log::info("migrate", fmt::format("{} {}", progress.back ? "reverted" : "applied", progress.migration),
                      {{"number", count_of(progress)}, {"took", ainit::show(progress.duration)}});
            break;
        case Kind::line: log::info(progress.migration, progress.text); break;
    }
}

}  // namespace

ProgressLog::ProgressLog(std::string migration, migrate::ProgressSink told)
    : migration_{std::move(migration)}, told_{std::move(told)}, sink_{[this](const Progress& progress) { hear(progress); }} {}

ProgressLog::~ProgressLog() {
    log::clear_status();
}

void ProgressLog::hear(const Progress& progress) {
    if (progress.kind == Kind::done) log::clear_status();
    log_progress(progress);
    if (told_) told_(progress);
    switch (progress.kind) {
        case Kind::begin:
            began_ = Clock::now();
            statement_.clear();
            blocker_.clear();
            break;
        case Kind::statement:
            began_ = Clock::now();
            statement_ = without_literals(progress.text);
            blocker_.clear();
            break;
        case Kind::waits: blocker_ = progress.text; break;
        case Kind::done:
        case Kind::line: return;
    }
    if (log::shows_status()) show(progress);
}

/// "migrate alkemio  17 of 94  AddSpace1731500015640  3.2 s  ALTER TABLE …". Whom it waits for goes before the statement,
/// which may be longer than the terminal is wide.
void ProgressLog::show(const Progress& progress) const {
    log::Status status;
    status.what = fmt::format("{} {}", progress.back ? "revert" : "migrate", migration_);
    if (progress.total > 0) status.what += "  " + count_of(progress);
    if (progress.migration != migration_) status.what += "  " + progress.migration;
    status.since = began_;
    status.details = blocker_.empty() ? statement_ : fmt::format("waits for {}: {}", blocker_, statement_);
    log::status(std::move(status));
}

}  // namespace ainit::daemon
