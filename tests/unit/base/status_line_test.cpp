// SPDX-License-Identifier: Apache-2.0
#include "base/status_line.h"

#include <doctest/doctest.h>

using ainit::log::fit;

TEST_SUITE_BEGIN("unit");

TEST_CASE("status line: a text is cut to so many columns, with an ellipsis in the last one") {
    CHECK(fit("ALTER TABLE", 12) == "ALTER TABLE");
    CHECK(fit("ALTER TABLE", 11) == "ALTER TABLE");
    CHECK(fit("ALTER TABLE", 10) == "ALTER TAB…");
    CHECK(fit("ALTER TABLE", 1) == "…");
    CHECK(fit("ALTER TABLE", 0) == "");
    CHECK(fit("", 0) == "");
    CHECK(fit("", 5) == "");
}

TEST_CASE("status line: characters count and not bytes, and none is cut in two") {
    CHECK(fit("Ämter für Öl", 12) == "Ämter für Öl");
    CHECK(fit("Ämter für Öl", 8) == "Ämter f…");
    CHECK(fit("表を作る", 8) == "表を作る");
    CHECK(fit("表を作る", 7) == "表を作…");
    // No half of a wide one fits before the ellipsis.
    CHECK(fit("表を作る", 6) == "表を…");
    CHECK(fit("🚀🚀", 3) == "🚀…");
}

TEST_CASE("status line: what would act on a terminal is a space, and what is no UTF-8 is replaced") {
    CHECK(fit("a\x1b[31mb\nc\td\x7f", 20) == "a [31mb c d ");
    CHECK(fit("a\u009bb\u202ec", 20) == "a b c");
    CHECK(fit("a\xff" "b", 20) == "a\uFFFDb");
    CHECK(fit("a\xe2\x82", 20).starts_with("a\uFFFD"));
}

TEST_SUITE_END();
