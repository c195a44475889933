// SPDX-License-Identifier: Apache-2.0
// The page for people: the start as a timeline, and the services.
#pragma once

#include <string>
#include <string_view>

#include "health/status.h"

namespace ainit::health {

/// The whole page; readable as it is, and kept up to date where scripts may run.
std::string page(const Facts& facts);
/// What of it changes, in one line: what an event carries.
std::string page_content(const Facts& facts);

/// What the page loads; from page/page.css and page/page.js.
std::string_view page_style();
std::string_view page_script();

}  // namespace ainit::health
