// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"

#include <boost/json.hpp>

namespace ainit::cli {
namespace {

namespace json = boost::json;

using NamedDatabase = std::pair<const std::string, plan::ObservedDatabase>;

json::object of(const Failure& failure);
json::object of(const plan::Step& step);
json::object of(const plan::Drift& drift);
json::object of(const plan::Outcome& outcome);
json::object of(const migrate::Entry& entry);
json::object of(const migrate::JournalLine& line);
json::object of(const daemon::MigrationStatus& status);
json::object of(const daemon::Phase& phase);
json::object of(const verify::Finding& finding);
json::object of(const NamedDatabase& database);

template <class Items>
json::array all(const Items& items) {
    json::array out;
    for (const auto& item : items) out.push_back(of(item));
    return out;
}

json::array texts(const std::vector<std::string>& all) {
    json::array out;
    for (const std::string& text : all) out.emplace_back(text);
    return out;
}

json::object of(const Failure& failure) {
    return {{"id", failure.id()},           {"what", failure.what},   {"because", failure.because},
            {"sqlstate", failure.sqlstate}, {"state", failure.state}, {"hint", failure.advice()},
            {"where", failure.where.text()}, {"excerpt", failure.excerpt}};
}

json::object of(const plan::Step& step) {
    json::array sql;
    for (const Sql& statement : plan::statements_for_psql(step.action)) sql.emplace_back(statement.text());
    return {{"kind", plan::kind(step.action)},
            {"what", plan::describe(step.action)},
            {"why", step.reason},
            {"database", plan::database_of(step.action)},
            {"where", step.origin.text()},
            {"sql", std::move(sql)}};
}

std::string_view name_of(plan::Effect effect) {
    switch (effect) {
        case plan::Effect::changed: return "changed";
        case plan::Effect::unchanged: return "unchanged";
        case plan::Effect::failed: return "failed";
        case plan::Effect::skipped: return "skipped";
    }
    return "";
}

std::string_view name_of(migrate::State state) {
    switch (state) {
        case migrate::State::applied: return "applied";
        case migrate::State::pending: return "pending";
        case migrate::State::unknown: return "unknown";
    }
    return "";
}

json::object of(const migrate::Entry& entry) {
    return {{"name", entry.name},
            {"state", name_of(entry.state)},
            {"file", entry.file},
            {"applied_at", entry.applied_at},
            {"note", entry.note},
            {"half_done", entry.half_done}};
}

json::object of(const migrate::JournalLine& line) {
    return {{"migration", line.migration}, {"number", line.number},             {"statement", line.statement},
            {"place", line.place},         {"committed_at", line.committed_at}, {"taken", line.taken}};
}

json::object of(const daemon::MigrationStatus& status) {
    json::object out{{"name", status.name}, {"database", status.database}, {"engine", status.engine}};
    if (status.level) {
        out["knowable"] = status.level->knowable;
        out["applied"] = status.level->applied();
        out["pending"] = status.level->pending();
        out["entries"] = all(status.level->entries);
        out["findings"] = all(status.level->findings);
    }
    if (status.report) {
        out["applied_now"] = texts(status.report->applied);
        out["reverted_now"] = texts(status.report->reverted);
        out["journal"] = all(status.report->journal);
        out["did_nothing"] = texts(status.report->idle);
        out["state"] = status.report->state;
        out["milliseconds"] = status.report->duration.count();
    }
    if (status.failure) out["failure"] = of(*status.failure);
    return out;
}

json::object of(const verify::Finding& finding) {
    json::object out{{"database", finding.database},
                     {"check", finding.check},
                     {"good", finding.good},
                     {"detail", finding.detail},
                     {"milliseconds", finding.duration.count()}};
    if (finding.failure) out["failure"] = of(*finding.failure);
    return out;
}

json::object of(const plan::Outcome& outcome) {
    return {{"what", plan::describe(outcome.step.action)},
            {"kind", plan::kind(outcome.step.action)},
            {"result", name_of(outcome.effect)},
            {"note", outcome.note},
            {"milliseconds", outcome.duration.count()}};
}

json::object of(const plan::Drift& drift) {
    return {{"object", drift.object}, {"property", drift.property}, {"wanted", drift.wanted},
            {"found", drift.found},   {"remedy", drift.remedy},     {"where", drift.origin.text()}};
}

json::object of(const daemon::Phase& phase) {
    return {{"name", phase.name}, {"milliseconds", phase.duration.count()}, {"note", phase.note}};
}

json::object of(const NamedDatabase& pair) {
    const plan::ObservedDatabase& database = pair.second;
    json::object extensions;
    for (const auto& [name, extension] : database.extensions) extensions[name] = extension.version;
    return {{"name", pair.first},
            {"owner", database.owner},
            {"encoding", database.encoding},
            {"lc_collate", database.lc_collate},
            {"lc_ctype", database.lc_ctype},
            {"locale_provider", database.locale_provider},
            {"extensions", std::move(extensions)}};
}

}  // namespace

std::string summary_json(const daemon::Summary& summary, int exit_code) {
    const json::object out{{"server", summary.server},
                           {"version", summary.observed.version},
                           {"databases", all(summary.observed.databases)},
                           {"steps", all(summary.plan.steps)},
                           {"drifts", all(summary.plan.drifts)},
                           {"warnings", all(summary.plan.warnings)},
                           {"outcomes", all(summary.outcomes)},
                           {"migrations", all(summary.migrations)},
                           {"checks", all(summary.findings)},
                           {"phases", all(summary.phases())},
                           {"started_at", summary.timeline->started_at()},
                           {"timeline", to_json(*summary.timeline)},
                           {"failures", all(summary.failures)},
                           {"locked", summary.locked},
                           {"changed", summary.changed()},
                           {"steps_pending", summary.steps_pending()},
                           {"migrations_pending", summary.migrations_pending()},
                           {"exit_code", exit_code}};
    return json::serialize(out) + "\n";
}

std::string created_json(const migrate::Created& created) {
    return json::serialize(json::object{{"name", created.name}, {"file", created.file}}) + "\n";
}

std::string settings_json(const config::Config& config) {
    json::array out;
    for (const config::Setting& setting : config.settings) {
        out.push_back(json::object{{"key", setting.key}, {"value", setting.value}, {"source", setting.source}});
    }
    return json::serialize(out) + "\n";
}

}  // namespace ainit::cli
