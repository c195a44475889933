// SPDX-License-Identifier: Apache-2.0
#include "health/answer.h"

#include <optional>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"
#include "health/metrics.h"
#include "health/page.h"

namespace ainit::health {
namespace {

namespace json = boost::json;

constexpr std::string_view kEvents = "/events";
constexpr unsigned kNotFound = 404;
constexpr unsigned kUnavailable = 503;

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// The value of `service` in a query; empty if it is not asked for, or cannot be read.
std::optional<std::string> service_in(std::string_view target) {
    constexpr std::string_view kKey = "service=";
    const std::size_t begin = target.find('?');
    if (begin == std::string_view::npos) return {};
    for (const std::string& part : split(target.substr(begin + 1), '&')) {
        if (part.starts_with(kKey)) return percent_decode(std::string_view{part}.substr(kKey.size())).value_or("");
    }
    return {};
}

Answer probed(bool good, std::string_view reason) {
    if (good) return {.body = "ok\n"};
    return {.status = kUnavailable, .body = fmt::format("not ready: {}\n", reason)};
}

Answer no_service(const std::string& name, const Facts& facts) {
    std::vector<std::string> names;
    for (const ServiceFacts& one : facts.services) names.push_back(one.name);
    const std::string known = names.empty() ? "there are no services" : fmt::format("the services are {}", list_of(names));
    return {.status = kNotFound, .body = fmt::format("no service \"{}\": {}\n", scrub(mend_utf8(name)), known)};
}

std::string why_not_ready(const ServiceFacts& service) {
    std::string text = fmt::format("service {} is {}", service.name, service.state);
    if (!service.waiting_for.empty()) text += fmt::format(" for {}", join(service.waiting_for, ", "));
    if (!service.why.empty()) text += fmt::format(": {}", service.why);
    return text;
}

Answer probe_service(std::string_view path, const ServiceFacts& service, const Facts& facts) {
    if (path == "/readyz" && facts.ending) return probed(false, facts.reason);
    const std::string reason = why_not_ready(service);
    if (path == "/livez") return probed(!service.given_up, reason);
    return probed(path == "/readyz" ? service.ready : service.was_ready, reason);
}

Answer probe(std::string_view path, std::string_view target, const Facts& facts) {
    if (const auto name = service_in(target)) {
        const ServiceFacts* service = facts.service(*name);
        return service == nullptr ? no_service(*name, facts) : probe_service(path, *service, facts);
    }
    if (path == "/livez") return probed(true, "");
    return probed(path == "/readyz" ? facts.ready : facts.started, facts.reason);
}

json::object of(const ServiceFacts& service) {
    json::object out{{"name", service.name},         {"state", service.state}, {"ready", service.ready}, {"restarts", service.restarts},
                     {"said", service.said},         {"why", service.why},     {"waiting_for", json::value_from(service.waiting_for)}};
    if (service.pid > 0) out["pid"] = service.pid;
    if (service.until_ready) out["until_ready_ms"] = service.until_ready->count();
    return out;
}

/// The last look, with what is so now; before the first look has ended its timeline as far as it is.
std::string status_json(const Facts& facts) {
    boost::system::error_code error;
    json::value parsed = json::parse(facts.json, error);
    json::object out = parsed.is_object() ? std::move(parsed.as_object()) : json::object{};
    out["started"] = facts.started;
    out["ready"] = facts.ready;
    out["reason"] = facts.reason;
    out["looking"] = facts.looking;
    json::array services;
    for (const ServiceFacts& one : facts.services) services.push_back(of(one));
    out["services"] = std::move(services);
    if (facts.beside) out["service_starts"] = to_json(*facts.beside);
    if (!out.contains("timeline") && facts.start) {
        out["started_at"] = facts.start->started_at();
        out["timeline"] = to_json(*facts.start);
    }
    return scrub(json::serialize(out)) + "\n";
}

}  // namespace

Answer answer(std::string_view target, const Facts& facts) {
    const std::string_view path = path_of(target);
    if (path == "/livez" || path == "/readyz" || path == "/startupz") return probe(path, target, facts);
    if (path == "/status") return {.type = "application/json", .body = status_json(facts)};
    if (path == "/metrics") return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics(facts)};
    if (path == "/") return {.type = "text/html; charset=utf-8", .body = page(facts)};
    if (path == "/page.css") return {.type = "text/css; charset=utf-8", .body = std::string{page_style()}};
    if (path == "/page.js") return {.type = "text/javascript; charset=utf-8", .body = std::string{page_script()}};
    return {.status = kNotFound, .body = "there are /livez, /readyz, /startupz, /status, /metrics and / for people\n"};
}

bool asks_for_events(std::string_view target) { return path_of(target) == kEvents; }

std::string event(const Facts& facts) { return fmt::format("data: {}\n\n", page_content(facts)); }

}  // namespace ainit::health
