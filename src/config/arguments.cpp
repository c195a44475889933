// SPDX-License-Identifier: Apache-2.0
#include "config/arguments.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "config/expand.h"

namespace ainit::config {
namespace {

bool is_a_name(const Config& config, const std::string& text) {
    return text == config.postgres.user || config.role(text) != nullptr || config.database(text) != nullptr;
}

std::vector<const Secret*> secrets_of(const Config& config) {
    std::vector<const Secret*> all{&config.postgres.password, &config.postgres.sslpassword};
    for (const Role& role : config.roles) all.push_back(&role.password);
    return all;
}

}  // namespace

bool holds_a_secret(const Config& config, const std::string& argument) {
    constexpr std::size_t kShortest = 4;
    if (without_password(argument) != argument) return true;
    return std::ranges::any_of(secrets_of(config), [&](const Secret* secret) {
        const std::string& text = secret->reveal();
        if (text.size() < kShortest || is_a_name(config, text)) return false;
        return argument.find(text) != std::string::npos || argument.find(percent_encode(text)) != std::string::npos;
    });
}

bool asks_for_a_secret(const std::string& argument) {
    const std::vector<std::string> names = placeholders_in(argument);
    return std::ranges::any_of(names, [](const std::string& name) { return name == "dsn" || name == "password"; });
}

}  // namespace ainit::config
