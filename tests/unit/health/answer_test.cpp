// SPDX-License-Identifier: Apache-2.0
// What a request is answered: probes of all and of one service, /status, the page. Metrics: tests/system/health_test.py reads
// them with Prometheus's own parser.
#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "base/secret.h"
#include "health/answer.h"

using namespace ainit;
using namespace std::chrono_literals;
using health::answer;

namespace {

health::ServiceFacts service(std::string name, std::string state) {
    health::ServiceFacts facts;
    facts.name = std::move(name);
    facts.state = std::move(state);
    return facts;
}

/// kratos is ready, hydra waits, synapse starts again, proxy has failed.
health::Facts some_services() {
    health::Facts facts{.started = true, .ready = false, .reason = "service hydra is waiting"};
    facts.services = {service("kratos", "ready"), service("hydra", "waiting"), service("synapse", "starting"), service("the proxy", "failed")};
    facts.services[0].ready = facts.services[0].was_ready = true;
    facts.services[1].waiting_for = {"database=hydra", "kratos"};
    facts.services[2].was_ready = true;
    facts.services[2].restarts = 2;
    facts.services[3].given_up = true;
    facts.services[3].why = "exited with 3";
    return facts;
}

std::string status_and_body(std::string_view target, const health::Facts& facts = some_services()) {
    const health::Answer made = answer(target, facts);
    return fmt::format("{} {}", made.status, made.body);
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("answer: each probe of a service has its own meaning") {
    CHECK(status_and_body("/livez?service=kratos") == "200 ok\n");
    CHECK(status_and_body("/readyz?service=kratos") == "200 ok\n");
    CHECK(status_and_body("/startupz?service=kratos") == "200 ok\n");
    CHECK(status_and_body("/livez?service=hydra") == "200 ok\n");
    CHECK(status_and_body("/readyz?service=hydra") == "503 not ready: service hydra is waiting for database=hydra, kratos\n");
    CHECK(status_and_body("/startupz?service=hydra") == "503 not ready: service hydra is waiting for database=hydra, kratos\n");
    CHECK(status_and_body("/livez?service=synapse") == "200 ok\n");
    CHECK(status_and_body("/readyz?service=synapse") == "503 not ready: service synapse is starting\n");
    CHECK(status_and_body("/startupz?service=synapse") == "200 ok\n");
    CHECK(status_and_body("/livez?service=the%20proxy") == "503 not ready: service the proxy is failed: exited with 3\n");
    CHECK(status_and_body("/readyz?verbose&service=kratos&x=y") == "200 ok\n");
    CHECK(status_and_body("/readyz?service=nobody") ==
          "404 no service \"nobody\": the services are \"kratos\", \"hydra\", \"synapse\" and \"the proxy\"\n");
    CHECK(status_and_body("/readyz?service=", {}) == "404 no service \"\": there are no services\n");
    CHECK(status_and_body("/readyz?service=%zz", {}) == "404 no service \"\": there are no services\n");
    CHECK(status_and_body("/readyz?other=kratos") == "503 not ready: service hydra is waiting\n");
    CHECK(answer("/readyz/", {}).status == 404);
    health::Facts ending = some_services();
    ending.ending = true;
    ending.reason = "it is stopping";
    CHECK(status_and_body("/readyz?service=kratos", ending) == "503 not ready: it is stopping\n");
    CHECK(status_and_body("/livez?service=kratos", ending) == "200 ok\n");
}

TEST_CASE("answer: /status is the last look with what is so now, and before it the timeline as far as it is") {
    health::Facts facts = some_services();
    facts.json = R"({"server":"db:5432","timeline":[]})";
    const boost::json::value all = boost::json::parse(answer("/status", facts).body);
    CHECK(all.at("server") == "db:5432");
    CHECK(all.at("timeline").as_array().empty());
    CHECK(all.at("started") == true);
    CHECK(all.at("ready") == false);
    CHECK(all.at("services").as_array().size() == 4);
    CHECK(all.at("services").at(1).at("waiting_for") == boost::json::value{"database=hydra", "kratos"});
    CHECK(all.at("services").at(2).at("restarts") == 2);
    CHECK(all.at("services").at(3).at("why") == "exited with 3");

    const auto timeline = std::make_shared<Timeline>();
    timeline->begin("wait", "wait");
    const boost::json::value early = boost::json::parse(answer("/status", {.start = timeline, .looking = true}).body);
    CHECK(early.at("looking") == true);
    CHECK(early.at("timeline").at(0).at("going_on") == true);
}

TEST_CASE("answer: the page shows parts within parts, what failed, and what goes on") {
    const auto timeline = std::make_shared<Timeline>();
    const int wait = timeline->begin("wait", "wait");
    timeline->end(timeline->begin("state", "refused", wait), "", false);
    timeline->end(wait, "ready after 1 s", false);
    const int migrate = timeline->begin("migrate", "migrate alkemio");
    timeline->end(timeline->begin("migration", "0001.sql", migrate), "no such table", true);
    timeline->add({.parent = migrate, .kind = "check", .name = "a check that is good", .ended = 1ms});
    const auto beside = std::make_shared<Timeline>();
    const int kratos = beside->begin("service", "service kratos");
    const int server = beside->begin("service", "service server");
    beside->begin("state", "waiting for database=kratos", kratos);
    beside->begin("state", "waiting for kratos", server);
    const std::string page = answer("/", {.reason = "it <b>failed</b> & \"so\"", .start = timeline, .beside = beside}).body;
    CAPTURE(page);
    CHECK(page.find("<h1 class=\"bad\">Failed</h1><p class=\"reason\">it &lt;b&gt;failed&lt;/b&gt; &amp; &quot;so&quot;</p>") != std::string::npos);
    CHECK(page.find("<tr class=\"wait over\"><th scope=\"row\" class=\"deep0\">wait<small>ready after 1 s</small></th>") != std::string::npos);
    CHECK(page.find("<tr class=\"state over\"><th scope=\"row\" class=\"deep1\">refused</th>") != std::string::npos);
    CHECK(page.find("<tr class=\"migration failed\"><th scope=\"row\" class=\"deep1\">0001.sql<small>no such table</small></th>") != std::string::npos);
    CHECK(page.find("<tr class=\"migrate going\">") != std::string::npos);
    CHECK(page.find("a check that is good") == std::string::npos);
    CHECK(page.find("<tr class=\"service going\"><th scope=\"row\" class=\"deep0\">service kratos</th>") != std::string::npos);
    CHECK(page.find("<tr class=\"state going\"><th scope=\"row\" class=\"deep1\">waiting for database=kratos</th>") != std::string::npos);
    CHECK(count(page, "<tr class=") == 8);
    const std::vector<std::string_view> order{"service kratos", "waiting for database=kratos", "service server", "waiting for kratos"};
    for (std::size_t i = 1; i < order.size(); ++i) CHECK(page.find(order[i - 1]) < page.find(order[i]));
    CHECK(page.find('\n') == page.size() - 1);
}

TEST_CASE("answer: the headline says how it is") {
    const auto headline = [](const health::Facts& facts) {
        const std::string event = health::event(facts);
        return event.substr(0, event.find("</h1>"));
    };
    CHECK(headline({.looking = true}) == "data: <h1 class=\"busy\">Provisioning");
    CHECK(headline({.started = true, .ready = false, .ending = true}) == "data: <h1 class=\"busy\">Stopping");
    CHECK(headline({}) == "data: <h1 class=\"bad\">Failed");
    CHECK(headline({.started = true, .ready = true}) == "data: <h1 class=\"good\">Ready");
    CHECK(headline({.started = true}) == "data: <h1 class=\"bad\">Not ready");
    CHECK(headline(some_services()) == "data: <h1 class=\"bad\">Not ready");
    health::Facts starting{.started = true};
    starting.services = {service("kratos", "starting")};
    CHECK(headline(starting) == "data: <h1 class=\"busy\">Starting");
}

TEST_CASE("answer: no secret is in any of them, however it is written there") {
    const Secret secret{"answer-canary<&\"'>"};
    const auto timeline = std::make_shared<Timeline>();
    timeline->end(timeline->begin("wait", "with answer-canary<&\"'> in it"), "answer-canary<&\"'>", true);
    health::Facts facts{.reason = scrub("answer-canary<&\"'>"), .start = timeline};
    facts.services = {service("kratos", "failed")};
    facts.looks.migrations = {{.name = "answer-canary<&\"'>", .database = "x", .applied = 1}};
    for (const char* target : {"/", "/status", "/metrics", "/readyz", "/readyz?service=answer-canary%3C%26%22%27%3E"}) {
        const std::string body = answer(target, facts).body;
        CAPTURE(target);
        CHECK(body.find("canary") == std::string::npos);
        CHECK(body.find("redacted") != std::string::npos);
    }
}

TEST_SUITE_END();
