// SPDX-License-Identifier: Apache-2.0
#include "migrate/outcome.h"

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

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace ainit::migrate
