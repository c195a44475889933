// SPDX-License-Identifier: Apache-2.0
// A check as the questions it asks: one SELECT each, and how its rows are judged.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "postgres/session.h"

namespace ainit::verify {

struct Answer {
    bool good{};
    std::string detail{};
};

struct Question {
    std::string title{};  ///< table "identities" can be read
    Sql sql{};            ///< one statement, without a semicolon at its end
    std::function<Answer(const postgres::Rows&)> judge{};
    std::string remedy{};
    std::string table{};  ///< the table that it asks for
    std::string needs{};  ///< a table without which it cannot be answered
    Duration timeout{10'000};
    Origin origin{};
};

/// The configuration's checks, and those that the profiles of its databases stand for.
std::vector<config::Check> all_checks(const config::Config& config);

std::vector<Question> questions_of(const config::Check& check);

}  // namespace ainit::verify
