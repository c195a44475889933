// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "config/connection.h"
#include "config/fill.h"
#include "config/keys.h"

namespace ainit::config {
namespace {

void take_url(Reader& r, Reading& reading, Postgres& p, std::set<std::string>& set) {
    Secret text;
    r.secret("url", text, true);
    if (text.empty()) return;
    const Origin where = r.origin(r.has("url") ? "url" : "url_file");
    const auto wrong = [&](std::string because, std::string hint) {
        r.fail(Code::config_type,
               "cannot use the URL of the server",
               std::move(because),
               std::move(hint),
               where);
    };
    const auto url = parse_url(text.reveal());
    if (!url) return wrong(url.error().because, url.error().hint);
    if (!url->password.empty() && r.has("url")) r.warn_of_plain_secret("url");
    std::set<std::string> of_url;
    if (auto problem = assign(p, *url, of_url, reading.settings, where.text() + " (url)"))
        return wrong(std::move(*problem), "");
    for (const std::string& key : of_url) {
        const std::string written =
            key == "password" && r.has("password_file") ? "password_file" : key;
        if (!r.has(written)) continue;
        r.fail(Code::config_conflict,
               fmt::format("cannot use both \"url\" and \"{}\" in postgres", written),
               fmt::format("the URL names the {} as well", key),
               "remove one of them",
               r.origin(written));
    }
    set.merge(of_url);
}

/// Hosts and ports may be lists, or one text with commas as libpq has them.
void take_hosts(Reader& r, Postgres& p) {
    r.texts("host", p.hosts, true);
    r.texts_or_numbers("port", p.ports);
    if (r.has("host")) p.hosts = split(join(p.hosts, ","), ',');
    if (r.has("port")) p.ports = split(join(p.ports, ","), ',');
    for (const std::string& port : p.ports) {
        if (!r.has("port")) break;
        if (auto problem = wrong_port(port)) {
            r.fail(Code::config_type,
                   "cannot use the value of \"port\" in postgres",
                   std::move(*problem),
                   "",
                   r.origin("port"));
        }
    }
}

void take_tls(Reader& r, Postgres& p) {
    r.text("sslmode", p.sslmode);
    r.path("sslrootcert", p.sslrootcert);
    r.path("sslcert", p.sslcert);
    r.path("sslkey", p.sslkey);
    r.secret("sslpassword", p.sslpassword);
    r.path("sslcrl", p.sslcrl);
    r.text("ssl_min_protocol_version", p.ssl_min_protocol_version);
    r.text("channel_binding", p.channel_binding);
    r.text("require_auth", p.require_auth);
    r.text("gssencmode", p.gssencmode);
    r.text("krbsrvname", p.krbsrvname);
}

void take_parameters(Reader& r, Postgres& p) {
    r.settings("parameters", p.parameters);
    for (const auto& [name, value] : p.parameters) {
        if (std::ranges::find(parameters(), name) != parameters().end()) continue;
        const bool own = find_key("postgres", name) != nullptr;
        const std::string near = closest(name, parameters());
        r.fail(Code::config_key,
               fmt::format("cannot use \"{}\" in postgres.parameters", name),
               own ? "it is a key of its own" : "there is no such setting",
               own            ? fmt::format("write it directly in [postgres]: {} = …", name)
               : near.empty() ? fmt::format("the settings are: {}", join(parameters(), ", "))
                              : fmt::format("did you mean \"{}\"?", near),
               r.origin("parameters"));
    }
}

}  // namespace

void fill_postgres(Reader& r, Reading& reading, Postgres& p, std::set<std::string>& set) {
    p.origin = r.origin();
    take_url(r, reading, p, set);
    take_hosts(r, p);
    r.text("user", p.user);
    r.secret("password", p.password);
    r.text("database", p.database);
    take_tls(r, p);
    r.text("target_session_attrs", p.target_session_attrs);
    r.text("load_balance_hosts", p.load_balance_hosts);
    r.path("passfile", p.passfile);
    r.text("options", p.options);
    take_parameters(r, p);
    r.text("application_name", p.application_name);
    r.duration("connect_timeout", p.connect_timeout, Duration{1});
    r.duration("ready_timeout", p.ready_timeout);
    r.duration("refusal_grace", p.refusal_grace);
    r.duration("lock_wait", p.lock_wait);
    r.duration("lock_timeout", p.lock_timeout);
    r.duration("statement_timeout", p.statement_timeout);
    r.number("minimum_version", p.minimum_version, 9, 99);
    r.text("expected_version", p.expected_version);
    for (const std::string& key : r.given()) {
        set.insert(key.ends_with("password_file") ? key.substr(0, key.size() - 5) : key);
    }
    for (const auto& [name, value] : p.parameters) set.insert("parameters." + name);
}

}  // namespace ainit::config
