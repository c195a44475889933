// SPDX-License-Identifier: Apache-2.0
#include "postgres/error.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace ainit;
using namespace ainit::postgres;

namespace {

Server server() {
    Server server;
    server.parameters = {{"host", "db"}, {"port", "5432"}};
    server.maintenance = {"postgres", Secret{}, "postgres"};
    return server;
}

Failure failed(std::string_view message, Reached reached = Reached::nothing) {
    return login_failure(server(), {"kratos", Secret{}, "kratos"}, message, reached);
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("login failure: the SQLSTATE is read whatever the language of the server") {
    struct Row {
        std::string message;
        std::string sqlstate;
        std::string because;
        Code code;
    };
    for (const Row& row : std::vector<Row>{
             {"connection to server at \"db\" (10.0.0.2), port 5432 failed: FATAL:  28P01: password "
              "authentication failed for user \"kratos\"\nLOCATION:  auth_failed, auth.c:321\n",
              "28P01", "password authentication failed for user \"kratos\"", Code::authentication},
             {"Verbindung zum Server auf »db«, Port 5432 fehlgeschlagen: FATAL:  3D000: Datenbank »kratos« existiert "
              "nicht\nORT:  InitPostgres, postinit.c:1000\n",
              "3D000", "Datenbank »kratos« existiert nicht", Code::no_database},
             {"サーバーへの接続に失敗しました: 致命的エラー:  57P03: データベースシステムは起動しています\n", "57P03",
              "データベースシステムは起動しています", Code::not_ready},
             // Of several attempts the last that has one counts.
             {"connection to server at \"db\" (::1), port 5432 failed: Connection refused\n\tIs the server running?\n"
              "connection to server at \"db\" (127.0.0.1), port 5432 failed: FATAL:  53300: sorry, too many clients "
              "already\n",
              "53300", "sorry, too many clients already", Code::not_ready},
             {"connection to server at \"db\", port 5432 failed: Connection refused\n\tIs the server running on that "
              "host?\n",
              "", "connection to server at \"db\", port 5432 failed: Connection refused", Code::not_ready},
             {"FATAL:  42501: permission denied for database \"kratos\"\nDETAIL:  User does not have CONNECT "
              "privilege.\n",
              "42501", "permission denied for database \"kratos\"", Code::privilege},
             {"FATAL:  22023: invalid value for parameter\n", "22023", "invalid value for parameter",
              Code::connection_option},
         }) {
        CAPTURE(row.message);
        const Failure failure = failed(row.message);
        CHECK(failure.sqlstate == row.sqlstate);
        CHECK(failure.because == row.because);
        CHECK(failure.code == row.code);
        CHECK(failure.transient == (row.code == Code::not_ready));
    }
}

TEST_CASE("login failure: without an SQLSTATE it counts how far the login came") {
    CHECK(failed("SSL error: certificate verify failed", Reached::tls).code == Code::tls);
    CHECK(failed("auth method \"md5\" requirement failed", Reached::login).code == Code::authentication);
    CHECK(failed("server closed the connection unexpectedly").code == Code::not_ready);
    const Failure asked = failed("fe_sendauth: no password supplied", Reached::password);
    CHECK(asked.code == Code::authentication);
    CHECK(asked.line() == "cannot log in to database \"kratos\" at db:5432 as role \"kratos\": the server asks for a "
                          "password, and none is configured");
}

TEST_CASE("login failure: of what libpq says itself no line is lost") {
    const Failure missing = failed("connection to server at \"db\", port 5432 failed: root certificate file \"/ca.pem\" does not exist\n"
                                   "Either provide the file, or change sslmode.\n", Reached::tls);
    CHECK(missing.because == "connection to server at \"db\", port 5432 failed: root certificate file \"/ca.pem\" does not exist; "
                             "Either provide the file, or change sslmode.");
}

TEST_CASE("login failure: a password is named where it may be what is wrong") {
    CHECK(failed("FATAL:  28P01: password authentication failed\n").hint.starts_with("check the password of role \"kratos\""));
    CHECK(failed("FATAL:  28000: certificate authentication failed for user \"kratos\"\n").hint.starts_with(
        "no password is at fault: role \"kratos\" must be there"));
}

TEST_CASE("statement failure: codes and what is worth another try") {
    ErrorFields fields;
    fields.message = "deadlock detected";
    fields.detail = "Process 1 waits for process 2.";
    const Failure deadlock = statement_failure("40P01", fields, false);
    CHECK(deadlock.transient);
    CHECK(deadlock.because == "deadlock detected (Process 1 waits for process 2.)");
    CHECK(statement_failure("55P03", fields, false).transient);
    CHECK(statement_failure("40001", fields, false).transient);
    CHECK_FALSE(statement_failure("42P01", fields, false).transient);
    CHECK(statement_failure("42501", fields, false).code == Code::privilege);
    CHECK(statement_failure("57P01", fields, true).code == Code::connection_lost);
}
