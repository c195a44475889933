// SPDX-License-Identifier: Apache-2.0
// How plans, outcomes and failures look: text for people here, JSON for machines in json.h. Results go to stdout.
#pragma once

#include <span>
#include <string>

#include "base/failure.h"
#include "config/config.h"
#include "daemon/run.h"

namespace ainit::cli {

/// Writes to stdout, scrubbed of secrets. What cannot be written is reported once; that nobody reads
/// it to its end (`| head`) is no error of ours. Waits for who reads slowly, until a stop is requested.
void print(const std::string& text, const Stop& stop = {});
/// Writes to stderr, scrubbed likewise, where stdout is a command's that is started afterwards.
void print_beside(const std::string& text);
/// Whether print() could not write something: then a command must not end well.
bool result_lost();

/// Each failure as a block on stderr (or a JSON line), and all in at most 4 KiB to /dev/termination-log if that exists.
void report_failures(std::span<const Failure> failures);

/// The same for one; its exit code.
int report_failure(const Failure& failure);

std::string plan_text(const daemon::Summary& summary);
std::string plan_sql(const daemon::Summary& summary, const config::Config& config);
std::string status_text(const daemon::Summary& summary, const config::Config& config);
std::string verify_text(const daemon::Summary& summary);
std::string migrations_text(const daemon::Summary& summary);
/// A line for each migration that was reverted, and where its database stands now.
std::string reverted_text(const daemon::Summary& summary);

/// What is committed of migrations that are half done, or what became of one.
std::string repaired_text(const daemon::Summary& summary, const migrate::Repair& order);
/// What a run did and what it cost.
std::string summary_text(const daemon::Summary& summary);

}  // namespace ainit::cli
