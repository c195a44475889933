// SPDX-License-Identifier: Apache-2.0
#include "config/environment.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/child.h"
#include "base/text.h"
#include "config/connection.h"
#include "config/keys.h"
#include "config/settings.h"

namespace ainit::config {
namespace {

/// A variable that is set: plainly, or by the name of a file.
struct Variable {
    std::string name{};  ///< with _FILE if that was set
    std::string text{};  ///< the value, or the file's path
    bool file{};
};

class FromEnvironment {
  public:
    FromEnvironment(Loaded& loaded, const Sources& sources) : loaded_{loaded}, sources_{sources} {}

    /// Empty variables count as not set, as Compose makes them.
    std::optional<Variable> find(const std::string& name) {
        const std::string file_name = name + "_FILE";
        std::string plain = value_of(name);
        std::string path = value_of(file_name);
        if (!plain.empty() && !path.empty()) {
            fail(Code::config_conflict,
                 fmt::format("cannot use both {} and {}", name, file_name),
                 "only one of them can count",
                 fmt::format("unset {} or {}", name, file_name),
                 file_name);
            return {};
        }
        if (!plain.empty()) return Variable{name, std::move(plain), false};
        if (!path.empty()) return Variable{file_name, std::move(path), true};
        return {};
    }

    /// The first that is set; all are looked at, so that each contradiction is told.
    std::optional<Variable> first(const std::vector<std::string_view>& names) {
        std::optional<Variable> found;
        for (const std::string_view name : names) {
            auto variable = find(std::string{name});
            if (variable && !found) found = std::move(variable);
        }
        return found;
    }

    /// libpq reads it whatever else it is given, and would mix the section of its file into our settings.
    void refuse_service() {
        if (!find("PGSERVICE")) return;
        fail(Code::config_conflict,
             "cannot use PGSERVICE",
             "connection service files are not read",
             "unset it, and write what its section has into [postgres], or into PGHOST, PGPORT, PGUSER …",
             "PGSERVICE");
    }

    std::optional<std::string> read(const Variable& variable) {
        if (!variable.file) return variable.text;
        auto content = read_secret(variable.text, sources_);
        if (content) return std::move(*content);
        Failure failure = std::move(content).error();
        failure.where = {"environment " + variable.name, 0, 0};
        loaded_.failures.push_back(std::move(failure));
        return {};
    }

    void record(const std::string& key, std::string value, const std::string& variable) {
        loaded_.config.settings.push_back({key, std::move(value), "environment " + variable});
    }

    void wrong(const std::string& variable, std::string because) {
        fail(Code::config_type,
             fmt::format("cannot use the value of {}", variable),
             std::move(because),
             "",
             variable);
    }

  private:
    std::string value_of(const std::string& name) const {
        const auto found = sources_.environment.find(name);
        return found == sources_.environment.end() ? "" : found->second;
    }

    void fail(Code code,
              std::string what,
              std::string because,
              std::string hint,
              const std::string& variable) {
        Failure failure;
        failure.code = code;
        failure.what = std::move(what);
        failure.because = std::move(because);
        failure.state = "Nothing was done.";
        failure.hint = std::move(hint);
        failure.where = {"environment " + variable, 0, 0};
        loaded_.failures.push_back(std::move(failure));
    }

    Loaded& loaded_;
    const Sources& sources_;
};

void take_url(Loaded& loaded,
              FromEnvironment& from,
              const std::string& text,
              const std::string& variable,
              std::set<std::string>& set) {
    const auto url = parse_url(text);
    if (!url) return from.wrong(variable, url.error().because);
    auto problem = assign(
        loaded.config.postgres, *url, set, loaded.config.settings, "environment " + variable);
    if (problem) from.wrong(variable, *problem);
}

void take(Loaded& loaded,
          FromEnvironment& from,
          const VariableEntry& entry,
          std::set<std::string>& set) {
    const auto variable = from.first(entry.variables);
    const std::string key{entry.key};
    if (!variable || set.contains(key)) return;
    auto value = from.read(*variable);
    if (!value) return;
    if (key == "url") return take_url(loaded, from, *value, variable->name, set);
    if (key == "password") {
        loaded.config.postgres.password = Secret{std::move(*value)};
        from.record("postgres.password", toml_text(kRedacted), variable->name);
    } else if (auto problem = assign(loaded.config.postgres, key, *value)) {
        return from.wrong(variable->name, *problem);
    } else {
        from.record("postgres." + key, toml_text(*value), variable->name);
    }
    set.insert(key);
}

void add_database(Loaded& loaded,
                  FromEnvironment& from,
                  const std::string& name,
                  const std::string& variable,
                  bool with_extension) {
    if (name.empty() || name == loaded.config.postgres.database ||
        loaded.config.database(name) != nullptr)
        return;
    Database database;
    database.name = name;
    database.origin = {"environment " + variable, 0, 0};
    const std::string path = "database." + name;
    from.record(path + ".name", toml_text(name), variable);
    if (with_extension) {
        database.extensions.push_back({database.origin, "uuid-ossp", "", ""});
        from.record(path + ".extensions", toml_list({"uuid-ossp"}), variable);
    }
    const auto given = [&](std::string_view key) { return key == "extensions" && with_extension; };
    std::ranges::move(default_settings("database", path, "", given),
                      std::back_inserter(loaded.config.settings));
    loaded.config.databases.push_back(std::move(database));
}

/// Databases named by the variables of the postgres images, owned by the maintenance user as their
/// scripts make them. The script behind POSTGRES_MULTIPLE_DATABASES installs uuid-ossp in each of
/// its databases.
std::string add_databases(Loaded& loaded, FromEnvironment& from) {
    std::string service;
    for (const std::string list : {"POSTGRES_MULTIPLE_DATABASES", "POSTGRES_DB", "DATABASE_NAME"}) {
        const auto variable = from.find(list);
        auto value = variable ? from.read(*variable) : std::nullopt;
        if (!value) continue;
        const bool multiple = list == "POSTGRES_MULTIPLE_DATABASES";
        if (multiple) std::ranges::replace(*value, ' ', ',');
        if (list == "DATABASE_NAME") service = trim(*value);
        for (const std::string& name : multiple ? split(*value, ',') : std::vector{*value}) {
            add_database(loaded, from, std::string{trim(name)}, variable->name, multiple);
        }
    }
    return service;
}

}  // namespace

std::string from_environment(Loaded& loaded, const Sources& sources, std::set<std::string>& set) {
    FromEnvironment from{loaded, sources};
    for (const VariableEntry& entry : variables()) {
        take(loaded, from, entry, set);
    }
    from.refuse_service();
    std::string service;
    if (loaded.config.file.empty()) service = add_databases(loaded, from);
    // A variable that holds our password is not for children, whatever its name. Another's is the service's own.
    const Secret& ours = loaded.config.postgres.password;
    for (const auto& [name, value] : sources.environment) {
        if (!ours.empty() && value == ours.reveal()) withhold_variable(name);
    }
    return service;
}

}  // namespace ainit::config
