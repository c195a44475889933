// SPDX-License-Identifier: Apache-2.0
// What a Session owns; seen by the files of this room alone.
#pragma once

#include <functional>
#include <string_view>

#include <libpq-fe.h>

#include "postgres/session.h"

namespace ainit::postgres {

struct Session::Link {
    PGconn* connection{nullptr};
    Login login{};
    ErrorFields last{};
    /// A cancel got no answer: what the connection would say next belongs to another statement.
    bool abandoned{false};
    std::function<void(std::string_view, std::string_view)> notice{};

    Link(PGconn* made, Login who);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
};

}  // namespace ainit::postgres
