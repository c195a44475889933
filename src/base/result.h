// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or a Failure. Exceptions of libraries are turned into Failures at the door of
// the room that uses the library and never cross a room's boundary.
#pragma once

#include <stdexcept>

#include <boost/system/result.hpp>

#include "base/failure.h"

namespace ainit {

template <class T>
using Result = boost::system::result<T, Failure>;

/// Lets `.value()` on a Failure throw: a bug, since callers look before they take.
[[noreturn]] inline void throw_exception_from_error(const Failure& failure,
                                                    const boost::source_location& where) {
    throw std::logic_error("unexamined failure at " + where.to_string() + ": " + failure.line());
}

inline Result<void> ok() {
    return Result<void>{boost::system::in_place_value};
}

}  // namespace ainit
