// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "base/signal_name.h"

using namespace ainit;

TEST_SUITE_BEGIN("unit");

TEST_CASE("signal names: as kill has them, with and without SIG, and numbers") {
    CHECK(signal_of("TERM") == SIGTERM);
    CHECK(signal_of("SIGTERM") == SIGTERM);
    CHECK(signal_of("sigusr1") == SIGUSR1);
    CHECK(signal_of("15") == 15);
    CHECK(signal_of("RTMIN") == SIGRTMIN);
    CHECK(signal_of("SIGRTMIN+3") == SIGRTMIN + 3);
    CHECK(signal_of("RTMAX-1") == SIGRTMAX - 1);
}

TEST_CASE("signal names: what is none is refused") {
    for (const char* text : {"", "SIG", "TERMINATE", "0", "-1", "65", "32", "RTMIN-1", "RTMIN+31", "RTMAX+1", "RTMIN+", "15x"}) {
        CAPTURE(text);
        CHECK_FALSE(signal_of(text).has_value());
    }
}

TEST_CASE("signal names: every name is read back") {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        if (signal >= 32 && signal < SIGRTMIN) continue;
        CAPTURE(signal);
        CHECK(signal_of(name_of_signal(signal)) == signal);
    }
}
