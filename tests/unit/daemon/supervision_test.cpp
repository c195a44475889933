// SPDX-License-Identifier: Apache-2.0
#include "daemon/supervision.h"

#include <cstdlib>

#include <doctest/doctest.h>

using namespace ainit;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("unit");

TEST_CASE("supervision: the time to end fits the platform's own") {
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    CHECK(daemon::platform_grace() == 9s);
    ::setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    CHECK(daemon::platform_grace() == 28s);
    ::unsetenv("KUBERNETES_SERVICE_HOST");
}
