// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/table.h"

namespace ainit::cli {
namespace {

using daemon::MigrationStatus;
using daemon::Summary;

constexpr std::size_t kTerminationLogLimit = 4096;  // Kubernetes keeps no more of a container.

void write_termination_log(const std::string& text) {
    const char* configured = std::getenv("ALKEMIO_INIT_TERMINATION_LOG");
    const char* path = configured != nullptr ? configured : "/dev/termination-log";
    const UniqueFd fd{::open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_TRUNC)};
    if (!fd.valid()) return;
    std::size_t size = std::min(text.size(), kTerminationLogLimit);
    // Not in the middle of a character.
    while (size > 0 && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
        --size;
    [[maybe_unused]] const auto written = ::write(fd.get(), text.data(), size);
}

bool lost = false;  ///< something that print() was given

/// A pipe that has room takes a piece of this size without making us wait: pipe(7), PIPE_BUF. A stop that was requested leaves what there is room for
/// within moments. False, with errno, when not all is written.
bool write_all(int fd, std::string_view text, const Stop& stop) {
    constexpr Duration kLastMoments{200};
    while (!text.empty()) {
        if (stop.wait_fd(fd, POLLOUT) != 1 && Stop{}.within(kLastMoments).wait_fd(fd, POLLOUT) != 1) {
            errno = ETIMEDOUT;
            return false;
        }
        const ssize_t size = ::write(fd, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (size < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

std::string plural(long count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string applied_text(const MigrationStatus& status) {
    if (!status.level)
        return status.failure ? "unknown: " + status.failure->because : "not looked at";
    const migrate::Level& level = *status.level;
    if (!level.knowable) return "runs each time (cannot be asked)";
    const auto strangers =
        std::ranges::count(level.entries, migrate::State::unknown, &migrate::Entry::state);
    std::string text = fmt::format("{} applied, {} pending", level.applied(), level.pending());
    const auto half = std::ranges::count(level.entries, true, &migrate::Entry::half_done);
    if (half > 0) text += fmt::format(", {} half done", half);
    if (strangers > 0) text += fmt::format(", {} unknown", strangers);
    if (!level.findings.empty()) {
        text += ", " + plural(static_cast<long>(level.findings.size()), "finding", "findings");
    }
    return text;
}

std::string checks_text(const Summary& summary, const std::string& database) {
    long good = 0;
    long bad = 0;
    for (const verify::Finding& finding : summary.findings) {
        if (finding.database == database) ++(finding.good ? good : bad);
    }
    if (good + bad == 0) return "-";
    return bad == 0 ? fmt::format("{} good", good) : fmt::format("{} good, {} failed", good, bad);
}

std::string extensions_text(const plan::ObservedDatabase& database) {
    std::vector<std::string> names;
    for (const auto& [name, extension] : database.extensions) {
        if (name != "plpgsql") names.push_back(fmt::format("{} {}", name, extension.version));
    }
    return names.empty() ? "-" : join(names, ", ");
}

std::string locale_text(const plan::ObservedDatabase& database) {
    const std::string libc = database.lc_collate == database.lc_ctype
                                 ? database.lc_collate
                                 : fmt::format("{}/{}", database.lc_collate, database.lc_ctype);
    if (database.locale_provider.empty() || database.locale_provider == "libc") {
        return fmt::format("{} {}", database.encoding, libc);
    }
    return fmt::format("{} {}:{}", database.encoding, database.locale_provider, database.locale);
}

std::string migrations_of(const Summary& summary, const std::string& database) {
    std::vector<std::string> texts;
    for (const MigrationStatus& status : summary.migrations) {
        if (status.database == database) texts.push_back(applied_text(status));
    }
    return texts.empty() ? "-" : join(texts, "; ");
}

std::string drift_text(const Summary& summary) {
    if (summary.plan.drifts.empty()) return {};
    Table table{{"OBJECT", "PROPERTY", "WANTED", "FOUND", "WHAT TO DO"}};
    for (const plan::Drift& drift : summary.plan.drifts) {
        table.add({drift.object, drift.property, drift.wanted, drift.found, drift.remedy});
    }
    return "\nDrift (only a person may change this; nothing is touched):\n" + table.text(2);
}

std::string pending_names(const migrate::Level& level) {
    std::vector<std::string> names;
    for (const migrate::Entry& entry : level.entries) {
        if (entry.state == migrate::State::pending) names.push_back(entry.name);
    }
    constexpr std::size_t kShown = 3;
    if (names.size() <= kShown) return join(names, ", ");
    return fmt::format("{}, {} … {}", names[0], names[1], names.back());
}

std::string to_do_text(const Summary& summary) {
    return fmt::format("{} and {}",
                       plural(summary.steps_pending(), "step", "steps"),
                       plural(summary.migrations_pending(), "migration", "migrations"));
}

/// Passwords are not printed: whoever runs the plan by hand brings them.
std::string psql_variables(const plan::Plan& plan) {
    std::vector<std::string> names;
    for (const plan::Step& step : plan.steps) {
        const std::string name = plan::password_variable(step.action);
        if (!name.empty()) names.push_back(name);
    }
    if (names.empty()) return {};
    return fmt::format(
        "-- Passwords are not printed, and psql stops where one is missing. Give it each, or a SCRAM verifier, which may\n"
        "-- stand in the server's log: psql -v {}=…\n",
        join(names, "=… -v "));
}

/// What a run would stop at, each kind once; the whole of it is told after the result.
std::string in_the_way(const Summary& summary) {
    std::vector<std::string> kinds;
    for (const Failure& failure : summary.failures) {
        std::string one = fmt::format("{} ({})", failure.id(), entry(failure.code).title);
        if (std::ranges::find(kinds, one) == kinds.end()) kinds.push_back(std::move(one));
    }
    return kinds.empty() ? "" : "In the way: " + join(kinds, ", ") + ".\n";
}

}  // namespace

void print(const std::string& text, const Stop& stop) {
    if (write_all(STDOUT_FILENO, scrub(text), stop) || errno == EPIPE || lost) return;
    // Nobody reads, and the log may go the same way.
    if (stop.requested()) {
        lost = true;
        return;
    }
    Failure failure;
    failure.code = Code::internal;
    failure.what = "cannot write the result to stdout";
    failure.because = errno_text(errno);
    failure.state = "The command itself was carried out.";
    failure.hint = "make room where stdout leads to";
    lost = true;
    const Failure all[] = {std::move(failure)};
    report_failures(all);
}

void print_beside(const std::string& text) {
    if (text.empty()) return;
    log::flush();
    const std::string clean = scrub(text);
    std::fwrite(clean.data(), 1, clean.size(), stderr);
}

bool result_lost() {
    return lost;
}

void report_failures(std::span<const Failure> failures) {
    if (failures.empty()) return;
    log::flush();
    std::string all;
    for (const Failure& failure : failures) {
        const std::string block = scrub(failure.block());
        all += block;
        if (log::settings().format == log::Format::json) {
            log::error("alkemio-init",
                       failure.line(),
                       {{"id", failure.id()},
                        {"exit_code", std::to_string(failure.exit_code())},
                        {"sqlstate", failure.sqlstate},
                        {"where", failure.where.text()},
                        {"state", failure.state},
                        {"hint", std::string{failure.advice()}},
                        {"excerpt", failure.excerpt}});
        } else {
            std::fwrite(block.data(), 1, block.size(), stderr);
        }
    }
    write_termination_log(all);
}

int report_failure(const Failure& failure) {
    report_failures({&failure, 1});
    return failure.exit_code();
}

std::string plan_text(const Summary& summary) {
    std::string out = fmt::format("Plan for {}\n", summary.server);
    if (!summary.plan.empty()) {
        Table table{{"STEP", "WHAT", "WHY"}};
        int number = 0;
        for (const plan::Step& step : summary.plan.steps) {
            table.add({std::to_string(++number), plan::describe(step.action), step.reason});
        }
        out += "\n" + table.text(2);
    }
    out += drift_text(summary);
    if (!summary.migrations.empty()) {
        Table table{{"MIGRATIONS OF", "ENGINE", "STATE", "PENDING"}};
        for (const MigrationStatus& status : summary.migrations) {
            table.add({status.name,
                       status.engine,
                       applied_text(status),
                       status.level ? pending_names(*status.level) : ""});
        }
        out += "\n" + table.text(2);
    }
    for (const Failure& warning : summary.plan.warnings)
        out += "\nwarning: " + warning.line() + "\n";
    const std::string obstacles = in_the_way(summary);
    if (summary.pending()) return out + "\n" + to_do_text(summary) + " to do.\n" + obstacles;
    return out + "\n" + (obstacles.empty() ? "Nothing to do.\n" : obstacles);
}

std::string plan_sql(const Summary& summary, const config::Config& config) {
    std::string out = fmt::format("-- Plan for {}.\n{}\\set ON_ERROR_STOP on\n", summary.server, psql_variables(summary.plan));
    std::string connected = config.postgres.database;
    for (const plan::Step& step : summary.plan.steps) {
        std::string database = plan::database_of(step.action);
        if (database.empty()) database = config.postgres.database;
        if (database != connected)
            out += fmt::format("\n\\connect {}\n", quote_identifier(database));
        connected = database;
        out += fmt::format("\n-- {}: {}\n", plan::describe(step.action), step.reason);
        for (const Sql& sql : plan::statements_for_psql(step.action)) out += sql.text() + ";\n";
    }
    for (const MigrationStatus& status : summary.migrations) {
        if (!status.level) continue;
        for (const migrate::Entry& entry : status.level->entries) {
            if (entry.state != migrate::State::pending) continue;
            out += fmt::format("\n-- pending migration of \"{}\": {}",
                               status.database,
                               entry.file.empty() ? entry.name : entry.file);
        }
        if (!status.level->knowable)
            out += fmt::format("\n-- migration \"{}\" runs each time", status.name);
    }
    for (const plan::Drift& drift : summary.plan.drifts) {
        out += fmt::format("\n-- drift: {} of {} is {}, wanted {}",
                           drift.property,
                           drift.object,
                           drift.found,
                           drift.wanted);
    }
    return out + "\n";
}

std::string status_text(const Summary& summary, const config::Config& config) {
    Table table{{"DATABASE", "STATE", "OWNER", "LOCALE", "EXTENSIONS", "MIGRATIONS", "CHECKS"}};
    for (const config::Database& wanted : config.databases) {
        const auto found = summary.observed.databases.find(wanted.name);
        if (found == summary.observed.databases.end()) {
            table.add(
                {wanted.name, "missing", "-", "-", "-", migrations_of(summary, wanted.name), "-"});
            continue;
        }
        const plan::ObservedDatabase& database = found->second;
        const bool differs = std::ranges::any_of(summary.plan.steps, [&](const plan::Step& step) {
            return plan::database_of(step.action) == wanted.name;
        });
        table.add({wanted.name,
                   differs ? "differs" : "exists",
                   database.owner,
                   locale_text(database),
                   extensions_text(database),
                   migrations_of(summary, wanted.name),
                   checks_text(summary, wanted.name)});
    }
    std::string out = summary.server + "\n\n" + table.text() + drift_text(summary);
    if (summary.pending()) out += "\n" + to_do_text(summary) + " pending; see: alkemio-init plan\n";
    const std::string obstacles = in_the_way(summary);
    return obstacles.empty() ? out : out + "\n" + obstacles;
}

std::string verify_text(const Summary& summary) {
    Table table{{"DATABASE", "CHECK", "RESULT", "DETAIL"}};
    for (const verify::Finding& finding : summary.findings) {
        table.add(
            {finding.database, finding.check, finding.good ? "good" : "FAILED", finding.detail});
    }
    const auto failed = std::ranges::count(summary.findings, false, &verify::Finding::good);
    return table.text() +
           fmt::format("\n{}, {} failed.\n",
                       plural(static_cast<long>(summary.findings.size()), "check", "checks"),
                       failed);
}

std::string migrations_text(const Summary& summary) {
    std::string out;
    for (const MigrationStatus& status : summary.migrations) {
        out += fmt::format("{} (database {}, engine {}): {}\n",
                           status.name,
                           status.database,
                           status.engine,
                           applied_text(status));
        if (!status.level || status.level->entries.empty()) continue;
        Table table{{"STATE", "MIGRATION", "APPLIED AT", "NOTE"}};
        for (const migrate::Entry& entry : status.level->entries) {
            const char* state = entry.state == migrate::State::applied   ? "applied"
                                : entry.state == migrate::State::pending ? "pending"
                                                                         : "unknown";
            table.add(
                {state, entry.name, entry.applied_at.empty() ? "-" : entry.applied_at, entry.note});
        }
        out += table.text(2) + "\n";
    }
    return out.empty() ? "No migrations are configured.\n" : out;
}

std::string reverted_text(const Summary& summary) {
    std::string out;
    for (const MigrationStatus& status : summary.migrations) {
        if (!status.report) continue;
        for (const std::string& name : status.report->reverted) {
            const bool idle = std::ranges::find(status.report->idle, name) != status.report->idle.end();
            out += fmt::format("reverted {}{}\n", name, idle ? " (its down did nothing)" : "");
        }
        out += fmt::format("database {}: {}\n", status.database, status.report->state);
    }
    return out;
}

std::string repaired_text(const Summary& summary, const migrate::Repair& order) {
    std::string out;
    for (const MigrationStatus& status : summary.migrations) {
        if (!status.report || status.failure) continue;
        std::string shown;
        Table table{{"MIGRATION", "N", "STATEMENT", "PLACE", "COMMITTED AT", "NOTE"}};
        for (const migrate::JournalLine& line : status.report->journal) {
            table.add({line.migration == shown ? "" : line.migration, std::to_string(line.number),
                       line.statement.empty() ? "-" : line.statement, line.place.empty() ? "-" : line.place,
                       line.committed_at, line.taken ? "taken as done" : ""});
            shown = line.migration;
        }
        const bool showing = order.choice == migrate::Repair::Choice::show;
        if (showing && !status.report->journal.empty()) out += table.text() + "\n";
        out += fmt::format("database {}: {}\n", status.database, status.report->state);
    }
    return out;
}

std::string summary_text(const Summary& summary) {
    Table table{{"PHASE", "TOOK", "NOTE"}};
    for (const daemon::Phase& phase : summary.phases()) table.add({phase.name, show(phase.duration), phase.note});
    std::string out = (summary.server.empty() ? "" : summary.server + "\n\n") + table.text(2);
    if (!summary.migrations.empty()) {
        Table migrations{{"MIGRATIONS OF", "ENGINE", "STATE", "THIS RUN"}};
        for (const MigrationStatus& status : summary.migrations) {
            migrations.add({status.name,
                            status.engine,
                            applied_text(status),
                            status.report ? status.report->state : "nothing was done"});
        }
        out += "\n" + migrations.text(2);
    }
    if (!summary.findings.empty()) {
        const auto failed = std::ranges::count(summary.findings, false, &verify::Finding::good);
        const auto count = static_cast<long>(summary.findings.size());
        out += fmt::format(
            "\n{}: {} good, {} failed\n", plural(count, "check", "checks"), count - failed, failed);
    }
    const std::string_view end = summary.failures.empty() ? "done" : "failed";
    return out + fmt::format("\n{}: {} in {}\n",
                             end,
                             plural(summary.changed(), "change", "changes"),
                             show(std::chrono::floor<Duration>(summary.timeline->total())));
}

}  // namespace ainit::cli
