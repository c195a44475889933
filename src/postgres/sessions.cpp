// SPDX-License-Identifier: Apache-2.0
#include "postgres/sessions.h"

#include <algorithm>
#include <utility>

namespace ainit::postgres {

Sessions::Sessions(Server server) : server_{std::move(server)} {}

Result<Session*> Sessions::maintenance(const Stop& stop) {
    return get(server_.maintenance, stop);
}

Result<Session*> Sessions::get(const Login& login, const Stop& stop) {
    return std::move(get_all({login}, stop).front());
}

std::vector<Result<Session*>> Sessions::get_all(const std::vector<Login>& logins,
                                                const Stop& stop) {
    std::vector<Login> missing;
    for (const Login& login : logins) {
        const auto kept = kept_.find(login.key());
        if (kept != kept_.end() && kept->second.session.usable()) continue;
        if (kept != kept_.end()) kept_.erase(kept);
        const auto same = [&](const Login& one) { return one.key() == login.key(); };
        if (std::ranges::none_of(missing, same)) missing.push_back(login);
    }
    make_room(logins, missing.size());
    std::map<Login::Key, Failure> failed;
    auto opened = Session::open_all(server_, missing, stop);
    for (std::size_t i = 0; i < missing.size(); ++i) {
        if (opened[i]) {
            kept_.emplace(missing[i].key(), Kept{std::move(*opened[i])});
        } else {
            failed.emplace(missing[i].key(), std::move(opened[i]).error());
        }
    }
    std::vector<Result<Session*>> all;
    for (const Login& login : logins) {
        if (const auto failure = failed.find(login.key()); failure != failed.end()) {
            all.emplace_back(failure->second);
        } else {
            Kept& kept = kept_.at(login.key());
            kept.used = ++uses_;
            all.emplace_back(&kept.session);
        }
    }
    return all;
}

void Sessions::make_room(const std::vector<Login>& logins, std::size_t wanted) {
    const auto idle = [&](const auto& entry) {
        const bool asked = std::ranges::any_of(
            logins, [&](const Login& login) { return login.key() == entry.first; });
        return !asked && entry.first != server_.maintenance.key();
    };
    while (kept_.size() + wanted > kMost) {
        auto oldest = kept_.end();
        for (auto one = kept_.begin(); one != kept_.end(); ++one) {
            const bool older = oldest == kept_.end() || one->second.used < oldest->second.used;
            if (idle(*one) && older) oldest = one;
        }
        if (oldest == kept_.end()) return;
        kept_.erase(oldest);
    }
}

void Sessions::drop(const std::string& database) {
    std::erase_if(kept_, [&](const auto& entry) { return std::get<1>(entry.first) == database; });
}

void Sessions::drop_all() {
    kept_.clear();
}

void Sessions::adopt(Session session) {
    server_.serving = session.host();
    const auto key = session.login().key();
    kept_.insert_or_assign(key, Kept{std::move(session), ++uses_});
}

}  // namespace ainit::postgres
