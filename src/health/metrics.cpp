// SPDX-License-Identifier: Apache-2.0
#include "health/metrics.h"

#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"

namespace ainit::health {
namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

template <class Rep, class Period>
double seconds(std::chrono::duration<Rep, Period> duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string label_value(std::string_view text) {
    std::string out;
    for (const char c : scrub(mend_utf8(text))) {
        if (c == '\\') out += "\\\\";
        else if (c == '"') out += "\\\"";
        else if (c == '\n') out += "\\n";
        else out += c;
    }
    return out;
}

/// Families one after the other, each sample under its own; a family without samples is not written.
class Exposition {
  public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = fmt::format("alkemio_init_{}", name);
        head_ = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help, type);
    }

    template <class Number>
    void sample(Number value, Labels labels = {}) {
        out_ += std::exchange(head_, {});
        std::string all;
        for (const auto& [label, text] : labels) all += fmt::format("{}{}=\"{}\"", all.empty() ? "" : ",", label, label_value(text));
        out_ += fmt::format("{}{} {}\n", name_, all.empty() ? "" : "{" + all + "}", value);
    }

    std::string text() && { return std::move(out_); }

  private:
    std::string name_{};
    std::string head_{};
    std::string out_{};
};

/// Of parts of the run with one name, what they took together; one that goes on as far as it is.
void add_phases(Exposition& out, std::string_view look, const Timeline* timeline) {
    if (timeline == nullptr) return;
    const Microseconds now = timeline->now();
    std::map<std::string, Microseconds> sums;
    for (const Event& event : timeline->events()) {
        if (event.parent == 0) sums[event.name] += event.took(now);
    }
    for (const auto& [phase, took] : sums) out.sample(seconds(took), {{"look", look}, {"phase", phase}});
}

void add_looks(Exposition& out, const Facts& facts) {
    const LookFacts& looks = facts.looks;
    out.family("looks_total", "counter", "Looks at the cluster that have ended.");
    out.sample(looks.good, {{"result", "good"}});
    out.sample(looks.failed, {{"result", "failed"}});
    out.family("changes_total", "counter", "Steps and migrations that were made.");
    out.sample(looks.changes);
    out.family("last_good_look_timestamp_seconds", "gauge", "When the cluster was last seen to be as wanted.");
    if (looks.last_good) out.sample(seconds(looks.last_good->time_since_epoch()));
    out.family("phase_duration_seconds", "gauge", "What each phase of the start took, and of the latest look that changed something or failed.");
    add_phases(out, "start", facts.start.get());
    add_phases(out, "latest", facts.latest.get());
    out.family("drift", "gauge", "Properties that differ from the configuration and that only a person may change.");
    out.sample(looks.drifts);
    out.family("checks", "gauge", "Checks of the last look by their result.");
    out.sample(looks.checks_good, {{"result", "good"}});
    out.sample(looks.checks_failed, {{"result", "failed"}});
}

void add_migrations(Exposition& out, const std::vector<MigrationFacts>& migrations) {
    out.family("migrations_applied", "gauge", "Migrations that the ledger has.");
    for (const MigrationFacts& one : migrations) {
        if (one.applied) out.sample(*one.applied, {{"migration", one.name}, {"database", one.database}});
    }
    out.family("migrations_pending", "gauge", "Migrations that are still to be applied.");
    for (const MigrationFacts& one : migrations) {
        if (one.pending) out.sample(*one.pending, {{"migration", one.name}, {"database", one.database}});
    }
    out.family("migration_duration_seconds", "gauge", "What applying took, the last time that something was pending.");
    for (const MigrationFacts& one : migrations) {
        if (one.took) out.sample(seconds(*one.took), {{"migration", one.name}, {"database", one.database}});
    }
}

void add_services(Exposition& out, const std::vector<ServiceFacts>& services) {
    out.family("service_ready", "gauge", "1 while the service is ready, or done.");
    for (const ServiceFacts& one : services) out.sample(one.ready ? 1 : 0, {{"service", one.name}});
    out.family("service_state", "gauge", "1 for the state in which the service is.");
    for (const ServiceFacts& one : services) out.sample(1, {{"service", one.name}, {"state", one.state}});
    out.family("service_restarts_total", "counter", "How often the service was started again.");
    for (const ServiceFacts& one : services) out.sample(one.restarts, {{"service", one.name}});
    out.family("service_start_duration_seconds", "gauge", "From the service's last start until it was ready.");
    for (const ServiceFacts& one : services) {
        if (one.until_ready) out.sample(seconds(*one.until_ready), {{"service", one.name}});
    }
}

}  // namespace

std::string metrics(const Facts& facts) {
    Exposition out;
    out.family("build_info", "gauge", "The program's version.");
    out.sample(1, {{"version", ALKEMIO_INIT_VERSION}});
    out.family("started", "gauge", "1 once everything was provisioned and migrated for the first time.");
    out.sample(facts.started ? 1 : 0);
    out.family("ready", "gauge", "1 while everything is as wanted: what /readyz says.");
    out.sample(facts.ready ? 1 : 0);
    add_looks(out, facts);
    add_migrations(out, facts.looks.migrations);
    add_services(out, facts.services);
    return std::move(out).text();
}

}  // namespace ainit::health
