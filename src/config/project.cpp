// SPDX-License-Identifier: Apache-2.0
#include "config/project.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/settings.h"

namespace ainit::config {
namespace {

constexpr const char* kDataSource = "ALKEMIO_INIT_DATA_SOURCE";
constexpr const char* kFiles = "ALKEMIO_INIT_FILES";
constexpr const char* kTable = "ALKEMIO_INIT_TABLE";
constexpr const char* kTransaction = "ALKEMIO_INIT_TRANSACTION";

/// At commas, but for those within braces: `{js,ts}` is one glob.
std::vector<std::string> globs_of(std::string_view text) {
    std::vector<std::string> globs;
    std::string glob;
    int depth = 0;
    const auto take = [&] {
        if (const std::string_view one = trim(glob); !one.empty()) globs.emplace_back(one);
        glob.clear();
    };
    for (const char c : text) {
        if (c == '{') ++depth;
        if (c == '}') --depth;
        if (c == ',' && depth <= 0) {
            take();
        } else {
            glob += c;
        }
    }
    take();
    return globs;
}

/// Scripts work in the project's folder, so a path must not depend on where we are.
std::string absolute(const std::string& path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    return error ? path : whole.string();
}

class FromProject {
  public:
    FromProject(Loaded& loaded, const ProjectOptions& options, const Sources& sources)
        : loaded_{loaded}, options_{options}, sources_{sources} {}

    void take(const std::string& service, const std::set<std::string>& set) {
        const ProjectOptions variables = of_variables();
        if (!loaded_.config.file.empty()) return beside_a_file(variables);
        const bool by_option = !options_.data_source.empty() || !options_.files.empty();
        const ProjectOptions& which = by_option ? options_ : variables;
        const std::string& table = options_.table.empty() ? variables.table : options_.table;
        const std::string& transaction = options_.transaction.empty() ? variables.transaction : options_.transaction;
        if (which.data_source.empty() && which.files.empty()) {
            if (!table.empty()) alone(options_.table, "--table", kTable, "nothing says which migrations are recorded in that table");
            else if (!transaction.empty()) alone(options_.transaction, "--transaction", kTransaction, "nothing says which migrations run so");
            return;
        }
        if (options_.transaction.empty() && !may_be(transaction)) return;
        const auto database = choose_database(service, set);
        if (!database) return;
        declare(*database);
        Migration migration;
        set_engine(migration, "typeorm");
        migration.name = migration.database = *database;
        const char* variable = which.files.empty() ? kDataSource : kFiles;
        migration.origin.file = by_option ? "command line" : fmt::format("environment {}", variable);
        if (!which.data_source.empty()) migration.data_source = absolute(which.data_source);
        for (const std::string& glob : which.files) migration.files.push_back(absolute(glob));
        migration.table = table;
        migration.transaction = transaction;
        show(migration, by_option);
        loaded_.config.migrations.push_back(std::move(migration));
    }

  private:
    std::string variable(const char* name) const {
        const auto found = sources_.environment.find(name);
        return found == sources_.environment.end() ? "" : found->second;
    }

    ProjectOptions of_variables() const {
        return {variable(kDataSource), globs_of(variable(kFiles)), variable(kTable), variable(kTransaction)};
    }

    void fail(Code code, std::string what, std::string because, std::string hint) {
        Failure failure;
        failure.code = code;
        failure.what = std::move(what);
        failure.because = std::move(because);
        failure.state = "Nothing was done.";
        failure.hint = std::move(hint);
        loaded_.failures.push_back(std::move(failure));
    }

    void beside_a_file(const ProjectOptions& variables) {
        const std::string because =
            fmt::format("the configuration file {} says what migrates", loaded_.config.file);
        if (options_.any()) {
            fail(Code::usage,
                 "cannot use --data-source, --files, --table or --transaction",
                 because,
                 "write it there as [[migration]] with engine = \"typeorm\", or leave the file out");
        } else if (variables.any()) {
            Failure warning;
            warning.code = Code::config_conflict;
            warning.what = fmt::format("{}, {}, {} and {} do not count", kDataSource, kFiles, kTable, kTransaction);
            warning.because = because;
            loaded_.config.warnings.push_back(std::move(warning));
        }
    }

    /// What was given besides the migrations, and they were not.
    void alone(const std::string& option, const char* name, const char* variable, std::string because) {
        fail(option.empty() ? Code::config_missing : Code::usage,
             fmt::format("cannot use {} alone", option.empty() ? variable : name),
             std::move(because),
             fmt::format("add --files or --data-source, or set {} or {}", kFiles, kDataSource));
    }

    /// What the variable says; the option was judged with the command line.
    bool may_be(const std::string& transaction) {
        if (transaction.empty()) return true;
        auto wrong = wrong_value(*find_key("migration", "transaction"), transaction);
        if (wrong) fail(Code::config_type, fmt::format("cannot use the value of {}", kTransaction), std::move(*wrong), "");
        return !wrong;
    }

    std::optional<std::string> choose_database(const std::string& service, const std::set<std::string>& set) {
        const Config& config = loaded_.config;
        if (!service.empty()) return service;
        if (config.databases.size() == 1) return config.databases.front().name;
        if (config.databases.empty() && set.contains("database")) return config.postgres.database;
        std::vector<std::string> names;
        for (const Database& database : config.databases) names.push_back(database.name);
        fail(Code::config_missing,
             "cannot tell which database to migrate",
             names.empty() ? "no variable names one" : fmt::format("there are several: {}", join(names, ", ")),
             "set DATABASE_NAME");
        return {};
    }

    /// The maintenance database is not among those to be made.
    void declare(const std::string& name) {
        if (loaded_.config.database(name) != nullptr) return;
        Database database;
        database.name = name;
        database.origin = loaded_.config.postgres.origin;
        loaded_.config.databases.push_back(std::move(database));
    }

    void show(const Migration& migration, bool by_option) {
        const std::string path = "migration." + migration.name;
        const auto row = [&](const char* key, std::string value, bool option, const char* name) {
            std::string source = fmt::format("environment {}", name);
            if (option) {
                std::string word{key};
                std::ranges::replace(word, '_', '-');
                source = "command line --" + word;
            }
            loaded_.config.settings.push_back({fmt::format("{}.{}", path, key), std::move(value), std::move(source)});
        };
        if (!migration.data_source.empty()) {
            row("data_source", toml_text(migration.data_source), by_option, kDataSource);
        }
        if (!migration.files.empty()) row("files", toml_list(migration.files), by_option, kFiles);
        if (!migration.table.empty()) row("table", toml_text(migration.table), !options_.table.empty(), kTable);
        if (!migration.transaction.empty()) {
            row("transaction", toml_text(migration.transaction), !options_.transaction.empty(), kTransaction);
        }
        const auto given = [&](std::string_view key) {
            return (key == "table" && !migration.table.empty()) || (key == "transaction" && !migration.transaction.empty());
        };
        std::ranges::move(default_settings("migration", path, migration.engine, given),
                          std::back_inserter(loaded_.config.settings));
    }

    Loaded& loaded_;
    const ProjectOptions& options_;
    const Sources& sources_;
};

}  // namespace

void from_project(Loaded& loaded,
                  const ProjectOptions& options,
                  const Sources& sources,
                  const std::string& service,
                  const std::set<std::string>& set) {
    FromProject{loaded, options, sources}.take(service, set);
}

}  // namespace ainit::config
