// SPDX-License-Identifier: Apache-2.0
#include "config/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>

#include "base/child.h"
#include "base/text.h"
#include "config/keys.h"
#include "config/reader_text.h"

namespace ainit::config {
namespace {

struct Variable {
    std::string value{};
    std::string name{};  ///< with _FILE if it came from there
};

class FromEnvironment {
  public:
    FromEnvironment(Loaded& loaded, const Sources& sources) : loaded_{loaded}, sources_{sources} {}

    /// NAME or the content of the file that NAME_FILE names; empty variables count as not set, as Compose makes them.
    std::optional<Variable> get(const std::string& name) {
        const std::string file_name = name + "_FILE";
        const std::string plain = value_of(name);
        const std::string path = value_of(file_name);
        if (!plain.empty() && !path.empty()) {
            Failure failure;
            failure.code = Code::config_conflict;
            failure.what = fmt::format("cannot use both {} and {}", name, file_name);
            failure.because = "only one of them can count";
            failure.state = "Nothing was done.";
            failure.hint = fmt::format("unset {} or {}", name, file_name);
            failure.where = {"environment " + file_name, 0, 0};
            loaded_.failures.push_back(std::move(failure));
            return {};
        }
        if (!plain.empty()) return Variable{plain, name};
        if (path.empty()) return {};
        auto content = read_secret(path, sources_);
        if (!content) {
            Failure failure = std::move(content).error();
            failure.where = {"environment " + file_name, 0, 0};
            loaded_.failures.push_back(std::move(failure));
            return {};
        }
        return Variable{std::move(*content), file_name};
    }

    std::optional<Variable> first(const std::vector<std::string_view>& names) {
        std::optional<Variable> found;
        for (const std::string_view name : names) {
            // All are looked at, so that each contradiction is told.
            auto variable = get(std::string{name});
            if (variable && !found) found = std::move(variable);
        }
        return found;
    }

    void record(std::string_view key, std::string value, const std::string& variable) {
        loaded_.config.settings.push_back({fmt::format("postgres.{}", key), std::move(value), "environment " + variable});
    }

    void wrong(const std::string& variable, std::string because) {
        Failure failure;
        failure.code = Code::config_type;
        failure.what = fmt::format("cannot use the value of {}", variable);
        failure.because = std::move(because);
        failure.state = "Nothing was done.";
        failure.where = {"environment " + variable, 0, 0};
        loaded_.failures.push_back(std::move(failure));
    }

  private:
    std::string value_of(const std::string& name) const {
        const auto found = sources_.environment.find(name);
        return found == sources_.environment.end() ? "" : found->second;
    }

    Loaded& loaded_;
    const Sources& sources_;
};

using TextField = std::string Postgres::*;

const std::map<std::string_view, TextField>& text_fields() {
    static const std::map<std::string_view, TextField> fields{
        {"user", &Postgres::user},
        {"database", &Postgres::database},
        {"sslmode", &Postgres::sslmode},
        {"sslrootcert", &Postgres::sslrootcert},
        {"sslcert", &Postgres::sslcert},
        {"sslkey", &Postgres::sslkey},
        {"sslcrl", &Postgres::sslcrl},
        {"ssl_min_protocol_version", &Postgres::ssl_min_protocol_version},
        {"channel_binding", &Postgres::channel_binding},
        {"require_auth", &Postgres::require_auth},
        {"gssencmode", &Postgres::gssencmode},
        {"krbsrvname", &Postgres::krbsrvname},
        {"target_session_attrs", &Postgres::target_session_attrs},
        {"load_balance_hosts", &Postgres::load_balance_hosts},
        {"passfile", &Postgres::passfile},
        {"options", &Postgres::options},
        {"application_name", &Postgres::application_name},
    };
    return fields;
}

/// Sets one key from text; an explanation when the text does not fit.
std::optional<std::string> assign(Postgres& into, std::string_view key, const std::string& value) {
    if (key == "host") {
        into.hosts = split(value, ',');
        return {};
    }
    if (key == "port") {
        into.ports = split(value, ',');
        return {};
    }
    if (key == "connect_timeout") {
        const auto duration = parse_duration(value);
        if (!duration) return fmt::format("\"{}\" is no duration", value);
        into.connect_timeout = *duration;
        return {};
    }
    const auto field = text_fields().find(key);
    if (field == text_fields().end()) return fmt::format("there is no setting \"{}\"", key);
    const KeyEntry* entry = find_key("postgres", key);
    const std::vector<std::string> values = entry == nullptr ? std::vector<std::string>{} : allowed_values(*entry);
    if (!values.empty() && std::ranges::find(values, value) == values.end()) {
        return fmt::format("\"{}\" is none of {}", value, join(values, ", "));
    }
    into.*field->second = value;
    return {};
}

Failure bad_url(std::string because) {
    Failure failure;
    failure.code = Code::config_type;
    failure.what = "cannot use the URL of the server";
    failure.because = std::move(because);
    failure.state = "Nothing was done.";
    failure.hint = "write postgres://user:password@host:port/database?sslmode=…; special characters as %XX";
    return failure;
}

/// Databases named by the variables of the postgres images, owned by the maintenance user as their scripts make them.
void add_databases(Loaded& loaded, FromEnvironment& from) {
    struct Named {
        const char* variable;
        bool list;
    };
    for (const Named& named : {Named{"POSTGRES_MULTIPLE_DATABASES", true}, Named{"POSTGRES_DB", false}, Named{"DATABASE_NAME", false}}) {
        auto value = from.get(named.variable);
        if (!value) continue;
        std::ranges::replace(value->value, ' ', ',');
        for (const std::string& part : named.list ? split(value->value, ',') : std::vector{value->value}) {
            const std::string name{trim(part)};
            if (name.empty() || name == loaded.config.postgres.database || loaded.config.database(name) != nullptr) continue;
            Database database;
            database.name = name;
            database.origin = {"environment " + value->name, 0, 0};
            // The script behind POSTGRES_MULTIPLE_DATABASES installs this one in each of its databases.
            if (named.list) database.extensions.push_back({database.origin, "uuid-ossp", "", ""});
            loaded.config.settings.push_back({"database." + name, "{}", "environment " + value->name});
            loaded.config.databases.push_back(std::move(database));
        }
    }
}

}  // namespace

Result<std::set<std::string>> from_url(std::string_view url, Postgres& into) {
    std::set<std::string> set;
    if (url.starts_with("postgres://")) {
        url.remove_prefix(11);
    } else if (url.starts_with("postgresql://")) {
        url.remove_prefix(13);
    } else {
        return bad_url("it does not begin with postgres:// or postgresql://");
    }
    const std::size_t question = url.find('?');
    const std::string_view query = question == std::string_view::npos ? "" : url.substr(question + 1);
    url = url.substr(0, question);
    const std::size_t slash = url.find('/');
    const std::string_view database = slash == std::string_view::npos ? "" : url.substr(slash + 1);
    std::string_view hosts = url.substr(0, slash);
    const auto decoded = [](std::string_view text) { return percent_decode(text); };
    if (const std::size_t at = hosts.rfind('@'); at != std::string_view::npos) {
        const std::string_view account = hosts.substr(0, at);
        hosts.remove_prefix(at + 1);
        const std::size_t colon = account.find(':');
        const auto user = decoded(account.substr(0, colon));
        const auto password = colon == std::string_view::npos ? std::optional<std::string>{""} : decoded(account.substr(colon + 1));
        if (!user || !password) return bad_url("a % in user or password is not followed by two hexadecimal digits");
        if (!user->empty()) {
            into.user = *user;
            set.insert("user");
        }
        if (!password->empty()) {
            into.password = Secret{*password};
            set.insert("password");
        }
    }
    if (!hosts.empty()) {
        into.hosts.clear();
        into.ports.clear();
        for (const std::string& part : split(hosts, ',')) {
            std::string_view host{part};
            std::string port = "5432";
            const std::size_t colon = host.rfind(':');
            if (colon != std::string_view::npos && (host.front() != '[' || host[colon - 1] == ']')) {
                port = host.substr(colon + 1);
                host = host.substr(0, colon);
            }
            if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
            const auto name = decoded(host);
            if (!name) return bad_url("a % in a host is not followed by two hexadecimal digits");
            into.hosts.push_back(*name);
            into.ports.push_back(port);
        }
        set.insert("host");
        set.insert("port");
    }
    if (!database.empty()) {
        const auto name = decoded(database);
        if (!name) return bad_url("a % in the database is not followed by two hexadecimal digits");
        into.database = *name;
        set.insert("database");
    }
    for (const std::string& pair : query.empty() ? std::vector<std::string>{} : split(query, '&')) {
        const std::size_t equals = pair.find('=');
        const std::string key = pair.substr(0, equals);
        const auto value = decoded(equals == std::string::npos ? "" : std::string_view{pair}.substr(equals + 1));
        if (!value) return bad_url(fmt::format("a % in \"{}\" is not followed by two hexadecimal digits", key));
        if (key == "password") {
            into.password = Secret{*value};
        } else if (auto problem = assign(into, key, *value)) {
            return bad_url(*problem);
        }
        set.insert(key);
    }
    return set;
}

void from_environment(Loaded& loaded, const Sources& sources, const std::set<std::string>& set_in_file) {
    FromEnvironment from{loaded, sources};
    std::set<std::string> set = set_in_file;
    for (const VariableEntry& entry : variables()) {
        auto variable = from.first(entry.variables);
        if (entry.secret) {
            for (const std::string_view name : entry.variables) {
                if (sources.environment.contains(std::string{name})) withhold_variable(name);
            }
        }
        const std::string key{entry.key};
        if (!variable || set.contains(key)) continue;
        if (key == "url") {
            auto parts = from_url(variable->value, loaded.config.postgres);
            if (!parts) {
                from.wrong(variable->name, parts.error().because);
                continue;
            }
            for (const std::string& part : *parts) {
                from.record(part, toml_text(kRedacted), variable->name);
                set.insert(part);
            }
        } else if (key == "password") {
            from.record(key, toml_text(kRedacted), variable->name);
            loaded.config.postgres.password = Secret{std::move(variable->value)};
        } else if (auto problem = assign(loaded.config.postgres, key, variable->value)) {
            from.wrong(variable->name, *problem);
        } else {
            from.record(key, toml_text(variable->value), variable->name);
        }
        set.insert(key);
    }
    if (loaded.config.file.empty()) add_databases(loaded, from);
    // Whatever the file says, these are not for children either.
    for (const auto& [name, value] : sources.environment) {
        if (name.ends_with("_PASSWORD") && (name.starts_with("POSTGRES") || name.starts_with("DATABASE"))) withhold_variable(name);
    }
}

}  // namespace ainit::config
