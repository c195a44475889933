// SPDX-License-Identifier: Apache-2.0
#include "migrate/outcome.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace ainit::migrate {

bool ended_by_stop(Failure& failure, const Stop& stop, const Context& context) {
    if (stop.requested()) {
        const Failure asked = stop.failure(Code::migration_timeout, {});
        failure.code = Code::migration_interrupted;
        failure.because = asked.because;
        failure.signal = asked.signal;
        failure.hint = "run it again: it goes on where it stopped";
    } else if (stop.expired()) {
        failure.code = Code::migration_timeout;
        // A Stop that was cut to less than the run's deadline has one of its own.
        const bool own = stop.deadline() < context.run_until;
        failure.because = own ? fmt::format("it took longer than its timeout of {}",
                                            show(context.migration.timeout))
                              : "the time for the whole run is over";
        failure.hint = own ? "look for what blocked it, or raise the migration's timeout"
                           : "look for what blocked it, or give the run more time (--timeout)";
    } else {
        return false;
    }
    failure.transient = false;
    return true;
}

Failure not_of_engine(const config::Migration& migration, std::string_view verb, std::string hint) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot {} migration \"{}\" of database \"{}\"", verb, migration.name, migration.database);
    failure.because = fmt::format("the engine {} cannot do that, only the engine typeorm can", migration.engine);
    failure.state = "Nothing was changed.";
    failure.hint = std::move(hint);
    failure.where = migration.origin;
    return failure;
}

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace ainit::migrate
