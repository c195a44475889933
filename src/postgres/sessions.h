// SPDX-License-Identifier: Apache-2.0
// The sessions of one run, kept by user and database: a login costs more than all the questions asked over it, so each is
// made once and used by every room. Not for several threads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postgres/session.h"

namespace ainit::postgres {

class Sessions {
  public:
    explicit Sessions(Server server);

    const Server& server() const { return server_; }
    /// The session of the maintenance user in the maintenance database.
    Result<Session*> maintenance(const Stop& stop);
    /// A kept session that is still usable, else a new login. The pointer holds until the next get, get_all or drop.
    Result<Session*> get(const Login& login, const Stop& stop);
    /// Makes the missing ones of `logins` at once; failures are returned, successes kept. No more than kMost at a time, so
    /// that the services have slots left; those kept longest without use make room.
    std::vector<Result<Session*>> get_all(const std::vector<Login>& logins, const Stop& stop);
    /// Closes the sessions in a database: before it is used by a tool, or when a service is about to start.
    void drop(const std::string& database);
    void drop_all();
    /// Takes over the session that found the server ready; its host is the one that serves.
    void adopt(Session session);

    static constexpr std::size_t kMost = 8;

  private:
    struct Kept {
        Session session;
        unsigned long used{0};  ///< by the count of uses
    };

    void make_room(const std::vector<Login>& logins, std::size_t wanted);

    Server server_;
    std::map<Login::Key, Kept> kept_;
    unsigned long uses_{0};
};

}  // namespace ainit::postgres
