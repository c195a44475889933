// SPDX-License-Identifier: Apache-2.0
// One connection, driven without blocking: each call polls the socket beside the Stop, cancels the running statement when
// asked to stop or when the deadline passes, and returns what the server said with every field of its error.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sql.h"
#include "base/stop.h"
#include "postgres/server.h"

namespace ainit::postgres {

/// What the server says of a column (53.7, RowDescription).
struct Column {
    std::string name{};
    unsigned table{};   ///< OID, 0 if it is no column of a table
    int number{};       ///< attribute number within the table
    unsigned type{};    ///< OID
    int size{};
    int modifier{};
};

/// The rows of one statement's result. Owns libpq's result; cheap to move.
class Rows {
  public:
    Rows();
    explicit Rows(void* pg_result);
    ~Rows();
    Rows(Rows&&) noexcept;
    Rows& operator=(Rows&&) noexcept;

    int size() const;
    int columns() const;
    bool null(int row, int column) const;
    std::string_view text(int row, int column) const;  ///< empty for NULL
    bool boolean(int row, int column) const { return text(row, column) == "t"; }
    long long number(int row, int column) const;       ///< 0 where it is none
    std::string tag() const;                           ///< command tag: "INSERT 0 1"
    long long affected() const;
    Column column(int column) const;
    bool returns_rows() const;  ///< a SELECT or its like, also when there are none
    void* handle() const { return result_; }  ///< PGresult, of this room alone

  private:
    void* result_{nullptr};
};

using Parameters = std::vector<std::optional<std::string>>;

/// What the server told us: every field of its error, as PostgreSQL's protocol names them (53.8). `severity` is not
/// translated.
struct ErrorFields {
    std::string sqlstate{}, severity{}, message{}, detail{}, hint{}, context{}, schema{}, table{}, column{};
    std::string data_type{}, constraint{}, internal_query{}, internal_position{};
    std::string source_file{}, source_line{}, routine{};
    std::string character{};                ///< the position as the server gives it: in characters, from 1
    std::optional<std::size_t> position{};  ///< the same in bytes of the statement that was sent, from 0
};

class Session {
  public:
    /// Logs in. Failures carry the SQLSTATE of a refused login, and `transient` by the rules of docs/errors.md.
    static Result<Session> open(const Server& server, const Login& login, const Stop& stop);

    /// Logs in to many at once, in one poll loop; the results are in the order of the logins.
    static std::vector<Result<Session>> open_all(const Server& server, const std::vector<Login>& logins, const Stop& stop);

    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    // Failures of both: the Stop's (interrupted, or not_ready past its deadline; SQLSTATE 57014), connection_lost
    // (transient), privilege for 42501, else internal with the SQLSTATE, for the caller to name by what it was doing.
    // `transient` is set for 40001, 40P01 and 55P03 too.

    /// One statement; by the extended protocol when there are parameters, else by the simple one.
    Result<Rows> query(const Sql& sql, const Stop& stop, const Parameters& parameters = {});
    /// Several statements in one string, by the simple protocol: one round trip, one implicit transaction.
    Result<std::vector<Rows>> query_all(const Sql& sql, const Stop& stop);

    /// The fields of the last error.
    const ErrorFields& last_error() const;
    /// False once the connection is lost, or was abandoned after a cancel that got no answer.
    bool usable() const;
    /// Also in a failed one.
    bool in_transaction() const;
    /// In a transaction in which a statement has failed: only a rollback gets out of it.
    bool in_failed_transaction() const;
    /// Whether the server asked for the password: under trust, a certificate or a peer's name any would do.
    bool used_password() const;
    int server_version() const;  ///< 170005
    int backend_pid() const;
    int socket() const;
    const Login& login() const;
    /// Which of the server's hosts it is on.
    Host host() const;

    /// Called for each NOTICE and WARNING: severity and text.
    void on_notice(std::function<void(std::string_view severity, std::string_view text)> sink);

    /// A SCRAM-SHA-256 verifier made here, so that no password reaches the server's log.
    Result<std::string> verifier(const std::string& role, const Secret& password);

    struct Link;  ///< of this room alone

  private:
    friend class Exchange;
    friend class Pipeline;
    explicit Session(std::unique_ptr<Link> link);
    std::unique_ptr<Link> link_;
};

/// Commits by commit() alone; rolls back, deaf to a stop, when it goes.
class Transaction {
  public:
    static Result<Transaction> begin(Session& session, const Stop& stop);
    Transaction(Transaction&&) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Result<void> commit(const Stop& stop);

  private:
    explicit Transaction(Session& session) : session_{&session} {}
    Session* session_;
};

/// One statement that the user wrote to ask something, in a read-only transaction that is rolled back: whatever it says, it
/// changes nothing (25006). Failures as of Session::query; Code::internal too when it is not one statement.
Result<Rows> read_only(Session& session, const Sql& sql, const Stop& stop);

/// Why whoever a login acts for could not log in itself, without the password that nobody here knows; empty if it can, or acts for
/// nobody. It may have a certificate or a name of its own that lets it in (28000), so that is no refusal.
std::optional<Failure> refused_in_person(const Server& server, const Login& login, const Stop& stop);

/// Rolls back what an error has left open, deaf to a stop.
void end_transaction(Session& session);

namespace sqlstate {
inline constexpr std::string_view kReadOnly = "25006";
inline constexpr std::string_view kCannotConnectNow = "57P03";
inline constexpr std::string_view kTooManyConnections = "53300";
inline constexpr std::string_view kInvalidCatalogName = "3D000";
inline constexpr std::string_view kInvalidPassword = "28P01";
inline constexpr std::string_view kInvalidAuthorization = "28000";
inline constexpr std::string_view kInsufficientPrivilege = "42501";
inline constexpr std::string_view kDuplicateDatabase = "42P04";
inline constexpr std::string_view kDuplicateObject = "42710";
inline constexpr std::string_view kDuplicateSchema = "42P06";
inline constexpr std::string_view kUniqueViolation = "23505";
inline constexpr std::string_view kObjectInUse = "55006";
inline constexpr std::string_view kLockNotAvailable = "55P03";
inline constexpr std::string_view kDeadlock = "40P01";
inline constexpr std::string_view kSerialization = "40001";
inline constexpr std::string_view kQueryCanceled = "57014";
inline constexpr std::string_view kInternalError = "XX000";
inline constexpr std::string_view kUndefinedTable = "42P01";
}  // namespace sqlstate

}  // namespace ainit::postgres
