// SPDX-License-Identifier: Apache-2.0
// The files that libpq reads by itself: of some that are missing it says nothing, of others only once the server answers.
#include <algorithm>

#include <fmt/format.h>

#include "base/file.h"
#include "config/check.h"

namespace ainit::config {
namespace {

struct Named {
    std::string_view key;
    const std::string& path;
    bool tls;
};

/// " (from environment PGSSLCERT)", where it does not stand in the file.
std::string from_variable(const Config& config, std::string_view key) {
    const auto found = std::ranges::find(config.settings, fmt::format("postgres.{}", key), &Setting::key);
    const bool named = found != config.settings.end() && found->source.starts_with("environment ");
    return named ? fmt::format(" (from {})", found->source) : "";
}

}  // namespace

void check_files(Loaded& loaded) {
    const Postgres& postgres = loaded.config.postgres;
    const Named all[] = {{"sslrootcert", postgres.sslrootcert, true},
                         {"sslcert", postgres.sslcert, true},
                         {"sslkey", postgres.sslkey, true},
                         {"sslcrl", postgres.sslcrl, true},
                         {"passfile", postgres.passfile, false}};
    for (const Named& one : all) {
        const bool unused = one.tls && postgres.sslmode == "disable";
        if (one.path.empty() || one.path == "system" || unused) continue;
        const auto opened = open_file(one.path);
        if (opened) continue;
        Failure failure = opened.error();
        failure.what = fmt::format("cannot read the file of {} in postgres, \"{}\"{}", one.key, one.path,
                                   from_variable(loaded.config, one.key));
        failure.state = "Nothing was done.";
        failure.hint = "mount the file or mend the path; `config check --without-secrets` checks everything else";
        failure.where = postgres.origin;
        loaded.failures.push_back(std::move(failure));
    }
}

}  // namespace ainit::config
