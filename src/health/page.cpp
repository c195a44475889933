// SPDX-License-Identifier: Apache-2.0
#include "health/page.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"

namespace ainit::health {
namespace {

/// A look is shown only then: most have nothing to tell and are over at once.
constexpr Microseconds kWorthShowing{1'000'000};
constexpr int kDeepest = 3;
/// Of a bar, so that what took no time is seen too.
constexpr long long kWidth = 1'000;
constexpr long long kNarrowest = 8;

/// Text that came from elsewhere, as HTML in one line; what is secret is taken out before it is escaped.
std::string text(std::string_view raw) {
    std::string out;
    for (const char c : scrub(mend_utf8(raw))) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            case '\n':
            case '\r': out += ' '; break;
            default: out += c;
        }
    }
    return out;
}

std::string show_floor(Microseconds duration) { return show(std::chrono::floor<Duration>(duration)); }

/// Events on one scale, each under the part that it lies within.
struct Rows {
    struct Row {
        Event event{};
        int deep{0};
    };
    std::vector<Row> all{};
    Microseconds now{0};
    Microseconds total{0};
};

void add_within(Rows& rows, const std::vector<Event>& events, int parent, int deep) {
    for (const Event& event : events) {
        if (event.parent != parent) continue;
        rows.all.push_back({event, deep});
        add_within(rows, events, event.number, deep + 1);
    }
}

/// Those of `beside` are moved onto the scale of the other.
Rows rows_of(const Timeline& timeline, const Timeline* beside) {
    Rows rows{{}, timeline.now(), {}};
    add_within(rows, timeline.events(), 0, 0);
    if (beside != nullptr) {
        const Microseconds moved = timeline.at(beside->zero());
        std::vector<Event> events = beside->events();
        for (Event& event : events) {
            // It may be a moment older than the other.
            event.began = std::max(event.began + moved, Microseconds{0});
            if (event.ended) *event.ended += moved;
        }
        add_within(rows, events, 0, 0);
    }
    for (const Rows::Row& row : rows.all) rows.total = std::max(rows.total, row.event.ended.value_or(rows.now));
    return rows;
}

std::string bar(const Event& event, const Rows& rows) {
    const long long total = std::max<long long>(rows.total.count(), 1);
    const long long width = std::clamp(event.took(rows.now).count() * kWidth / total, kNarrowest, kWidth);
    const long long from = std::clamp(event.began.count() * kWidth / total, 0LL, kWidth - width);
    return fmt::format(R"(<svg viewBox="0 0 {} 10" preserveAspectRatio="none" aria-hidden="true"><rect x="{}" width="{}" height="10"/></svg>)",
                       kWidth, from, width);
}

std::string row(const Event& event, int deep, const Rows& rows) {
    const std::string_view state = event.failed ? "failed" : event.ended ? "over" : "going";
    const std::string note = event.note.empty() ? "" : fmt::format("<small>{}</small>", text(event.note));
    const std::string took = show_floor(event.took(rows.now));
    return fmt::format(R"(<tr class="{} {}"><th scope="row" class="deep{}">{}{}</th><td class="number from">{}</td><td class="number">{}</td>)"
                       R"(<td class="bar">{}</td></tr>)",
                       text(event.kind), state, std::min(deep, kDeepest), text(event.name), note, show_floor(event.began),
                       event.failed ? took + " failed" : event.ended ? took : took + " …", bar(event, rows));
}

std::string timeline_section(std::string_view title, const Timeline& timeline, const Timeline* beside = nullptr) {
    const Rows rows = rows_of(timeline, beside);
    std::string out = fmt::format(
        R"(<section><h2>{} <small>{}, from {}</small></h2><table class="timeline"><thead><tr><th>What</th><th class="number from">From</th>)"
        R"(<th class="number">Took</th><th class="bar"></th></tr></thead><tbody>)",
        title, show_floor(rows.total), timeline.started_at());
    for (const auto& [event, deep] : rows.all) {
        if (event.worth_a_line()) out += row(event, deep, rows);
    }
    return out + "</tbody></table></section>";
}

std::string_view color_of(const ServiceFacts& service) { return service.ready ? "good" : service.given_up ? "bad" : "busy"; }

std::string service_row(const ServiceFacts& service) {
    std::string notes;
    const auto note = [&](std::string_view before, std::string_view what) {
        if (!what.empty()) notes += fmt::format("<small>{}{}</small>", before, text(what));
    };
    note("for ", join(service.waiting_for, ", "));
    note("", service.said);
    note("", service.why);
    return fmt::format(R"(<tr><th scope="row">{}</th><td><span class="{}">{}</span>{}</td><td class="number">{}</td><td class="number">{}</td></tr>)",
                       text(service.name), color_of(service), text(service.state), notes,
                       service.until_ready ? show(*service.until_ready) : "", service.restarts);
}

std::string services_section(const std::vector<ServiceFacts>& services) {
    std::string out = R"(<section><h2>Services</h2><table class="services"><thead><tr><th>Service</th><th>State</th><th class="number">Ready after</th>)"
                      R"(<th class="number">Restarts</th></tr></thead><tbody>)";
    for (const ServiceFacts& one : services) out += service_row(one);
    return out + "</tbody></table></section>";
}

struct Headline {
    std::string_view text;
    std::string_view color;
};

Headline headline(const Facts& facts) {
    if (facts.ending) return {"Stopping", "busy"};
    if (facts.ready) return {"Ready", "good"};
    if (facts.looking && !facts.started) return {"Provisioning", "busy"};
    if (!facts.started) return {"Failed", "bad"};
    const bool given_up = std::ranges::any_of(facts.services, &ServiceFacts::given_up);
    return facts.services_start() && !given_up ? Headline{"Starting", "busy"} : Headline{"Not ready", "bad"};
}

}  // namespace

std::string page_content(const Facts& facts) {
    const Headline head = headline(facts);
    std::string out = fmt::format(R"(<h1 class="{}">{}</h1>)", head.color, head.text);
    if (!facts.reason.empty()) out += fmt::format(R"(<p class="reason">{}</p>)", text(facts.reason));
    if (!facts.server.empty()) out += fmt::format(R"(<p class="server"><small>{}</small></p>)", text(facts.server));
    if (!facts.services.empty()) out += services_section(facts.services);
    if (facts.current && facts.current->now() >= kWorthShowing) out += timeline_section("Now", *facts.current);
    if (facts.latest && facts.latest != facts.start) out += timeline_section("Latest change or failure", *facts.latest);
    if (facts.start) out += timeline_section("Start", *facts.start, facts.beside.get());
    return out;
}

std::string page(const Facts& facts) {
    // Without scripts what goes on is loaded again.
    const std::string_view again = facts.looking || facts.services_start() ? R"(<noscript><meta http-equiv="refresh" content="3"></noscript>)" : "";
    return fmt::format(
        R"(<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">)"
        R"(<title>{}</title>{}<link rel="stylesheet" href="page.css"><link rel="icon" href="data:,"><script src="page.js" defer></script></head>)"
        R"(<body><div id="lost" role="status">The program does not answer any more: this is what was so last.</div><main>{}</main>)"
        R"(<footer>alkemio-init {}</footer></body></html>)"
        "\n",
        headline(facts).text, again, page_content(facts), ALKEMIO_INIT_VERSION);
}

}  // namespace ainit::health
