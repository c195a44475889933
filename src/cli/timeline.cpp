// SPDX-License-Identifier: Apache-2.0
#include "cli/timeline.h"

#include <algorithm>
#include <map>

#include <unistd.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "cli/table.h"

namespace ainit::cli {
namespace {

namespace json = boost::json;

constexpr int kBar = 16;
constexpr std::size_t kLine = 80;

/// The row of a bar in which a moment lies.
int column(Microseconds moment, Microseconds total) {
    return total.count() == 0 ? 0 : static_cast<int>(std::min<long long>(moment.count() * kBar / total.count(), kBar - 1));
}

std::string bar(const Event& event, Microseconds total) {
    const int from = column(event.began, total);
    // What ends on an edge does not reach beyond it.
    const Microseconds last = std::max(event.began, event.ended.value_or(total) - Microseconds{1});
    const int to = std::max(from, column(last, total));
    const char mark = event.failed ? 'x' : event.ended ? '=' : '>';
    std::string cells(kBar, ' ');
    std::fill(cells.begin() + from, cells.begin() + to + 1, mark);
    return fmt::format("|{}|", cells);
}

std::string share(Microseconds part, Microseconds whole) {
    return whole.count() == 0 ? "-" : fmt::format("{} %", (200 * part.count() / whole.count() + 1) / 2);
}

int depth(const std::vector<Event>& events, const Event& event) {
    int deep = 0;
    for (int parent = event.parent; parent > 0; parent = events[static_cast<std::size_t>(parent - 1)].parent) ++deep;
    return deep;
}

/// Right-aligned, so that figures can be compared.
void align(std::vector<std::vector<std::string>>& rows, std::size_t cell) {
    std::size_t widest = 0;
    for (const auto& row : rows) widest = std::max(widest, row[cell].size());
    for (auto& row : rows) row[cell].insert(0, widest - row[cell].size(), ' ');
}

/// The first line of at most 80 characters.
std::string cut(std::string_view line) {
    std::size_t characters = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if ((static_cast<unsigned char>(line[i]) & 0xC0U) == 0x80U) continue;
        if (characters == kLine - 1) last = i;
        if (++characters > kLine) return std::string{line.substr(0, last)} + "…";
    }
    return std::string{line};
}

std::string what(const Event& event, int deep) {
    std::string text(static_cast<std::size_t>(2 * deep), ' ');
    text += event.name;
    if (!event.note.empty()) text += fmt::format(" ({})", event.note);
    std::ranges::replace(text, '\n', ' ');
    return text;
}

/// Names of the process and of its threads; a lane is a thread.
json::object metadata(std::string_view about, int thread, const std::string& name) {
    return {{"ph", "M"}, {"name", about}, {"pid", ::getpid()}, {"tid", thread}, {"args", json::object{{"name", name}}}};
}

}  // namespace

std::string timeline_text(const Timeline& timeline) {
    const std::vector<Event> events = timeline.events();
    const Microseconds total = timeline.total();
    std::vector<std::vector<std::string>> rows{{"START", "TOOK", "SHARE", "", "WHAT"}};
    for (const Event& event : events) {
        if (!event.worth_a_line()) continue;
        const Microseconds took = event.took(total);
        rows.push_back({show(std::chrono::floor<Duration>(event.began)), show(std::chrono::floor<Duration>(took)),
                        share(took, total), bar(event, total), what(event, depth(events, event))});
    }
    for (std::size_t cell = 0; cell < 3; ++cell) align(rows, cell);
    Table table{rows.front()};
    for (auto row = rows.begin() + 1; row != rows.end(); ++row) table.add(*row);
    std::string out = fmt::format("timeline of {}, from {}:\n\n", show(std::chrono::floor<Duration>(total)),
                                  timeline.started_at());
    std::string drawn = table.text(2);
    drawn.pop_back();
    for (const std::string& line : split(drawn, '\n')) out += cut(line) + '\n';
    return out;
}

std::string trace_json(const Timeline& timeline) {
    const auto start = std::chrono::floor<Microseconds>(timeline.started().time_since_epoch());
    const Microseconds now = timeline.now();
    std::map<std::string, int> threads{{"", 1}};
    json::array all;
    all.push_back(metadata("process_name", 1, "alkemio-init"));
    all.push_back(metadata("thread_name", 1, "run"));
    for (const Event& event : timeline.events()) {
        const auto [thread, fresh] = threads.try_emplace(event.lane, static_cast<int>(threads.size()) + 1);
        if (fresh) all.push_back(metadata("thread_name", thread->second, event.lane));
        all.push_back(json::object{{"ph", "X"},
                                   {"name", event.name},
                                   {"cat", event.kind},
                                   {"ts", (start + event.began).count()},
                                   {"dur", event.took(now).count()},
                                   {"pid", ::getpid()},
                                   {"tid", thread->second},
                                   {"args", json::object{{"note", event.note}, {"failed", event.failed}}}});
    }
    const json::object other{{"version", ALKEMIO_INIT_VERSION}, {"started_at", timeline.started_at()}};
    return json::serialize(json::object{{"traceEvents", std::move(all)}, {"displayTimeUnit", "ms"}, {"otherData", other}}) + "\n";
}

}  // namespace ainit::cli
