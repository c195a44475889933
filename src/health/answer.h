// SPDX-License-Identifier: Apache-2.0
// What a request is answered, from facts alone: no socket here.
#pragma once

#include <string>
#include <string_view>

#include "health/status.h"

namespace ainit::health {

struct Answer {
    unsigned status{200};
    std::string type{"text/plain; charset=utf-8"};
    std::string body{};
};

/// The answer to a GET of `target`, a path with or without a query: /livez, /readyz, /startupz (each also with ?service=NAME), /status, /metrics, and
/// the page with what it loads. Nothing secret is in it.
Answer answer(std::string_view target, const Facts& facts);

/// Whether `target` asks for the page's live events.
bool asks_for_events(std::string_view target);
/// The event that has a page show these facts, as the text/event-stream has it.
std::string event(const Facts& facts);

}  // namespace ainit::health
