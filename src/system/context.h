// SPDX-License-Identifier: Apache-2.0
// Asio's side of the loop, for the rooms at the rim that include Asio themselves.
#pragma once

#include <boost/asio/io_context.hpp>

#include "system/loop.h"

namespace ainit::system {

boost::asio::io_context& context(Loop& loop);

}  // namespace ainit::system
