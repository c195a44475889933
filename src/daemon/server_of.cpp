// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/bundle.h"
#include "base/text.h"
#include "daemon/run.h"

namespace ainit::daemon {

namespace {

/// "system" as libpq takes it is a place within OpenSSL's own folder, which a foreign image does not have.
std::string authorities_of(const std::string& sslrootcert) {
    const std::string file = sslrootcert == "system" ? authorities() : "";
    return file.empty() ? sslrootcert : file;
}

}  // namespace

postgres::Server server_of(const config::Config& config) {
    const config::Postgres& from = config.postgres;
    postgres::Server server;
    server.maintenance = {from.user, from.password, from.database};
    server.sslpassword = from.sslpassword;
    server.connect_timeout = from.connect_timeout;
    const std::pair<const char*, std::string> all[] = {
        {"host", join(from.hosts, ",")},
        {"port", join(from.ports, ",")},
        {"sslmode", from.sslmode},
        {"sslrootcert", authorities_of(from.sslrootcert)},
        {"sslcert", from.sslcert},
        {"sslkey", from.sslkey},
        {"sslcrl", from.sslcrl},
        {"ssl_min_protocol_version", from.ssl_min_protocol_version},
        {"channel_binding", from.channel_binding},
        {"require_auth", from.require_auth},
        {"gssencmode", from.gssencmode},
        {"krbsrvname", from.krbsrvname},
        {"target_session_attrs", from.target_session_attrs},
        {"load_balance_hosts", from.load_balance_hosts},
        {"passfile", from.passfile},
        {"options", from.options},
        {"application_name", from.application_name},
    };
    for (const auto& [keyword, value] : all) {
        if (!value.empty()) server.parameters.emplace_back(keyword, value);
    }
    for (const auto& [keyword, value] : from.parameters) server.parameters.emplace_back(keyword, value);
    return server;
}

postgres::ReadyRules rules_of(const config::Config& config) {
    postgres::ReadyRules rules;
    rules.refusal_grace = config.postgres.refusal_grace;
    rules.minimum_version = config.postgres.minimum_version;
    rules.expected_version = config.postgres.expected_version;
    return rules;
}

postgres::Login login_of(const config::Config& config,
                         const std::string& database,
                         const std::string& role) {
    const config::Account account = config.account_for(database, role);
    return {account.user, account.password, database, account.stands_for};
}

}  // namespace ainit::daemon
