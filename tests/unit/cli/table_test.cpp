// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <doctest/doctest.h>

using ainit::cli::Table;

TEST_SUITE_BEGIN("unit");

TEST_CASE("table: columns are as wide as their widest cell, and nothing trails") {
    Table table{{"NAME", "STATE", "NOTE"}};
    table.add({"a", "applied", "x"});
    table.add({"longer name", "-", ""});
    CHECK(table.text() ==
          "NAME         STATE    NOTE\n"
          "a            applied  x\n"
          "longer name  -\n");
    CHECK(table.text(2) ==
          "  NAME         STATE    NOTE\n"
          "  a            applied  x\n"
          "  longer name  -\n");
}

TEST_CASE("table: width is counted in characters, not bytes") {
    Table table{{"WÄHRUNG", "X"}};
    table.add({"€", "y"});
    CHECK(table.text() ==
          "WÄHRUNG  X\n"
          "€        y\n");
}

TEST_CASE("table: rows may be shorter or longer than the header") {
    Table table{{"A"}};
    table.add({"1", "2"});
    table.add({});
    CHECK(table.text() == "A\n1  2\n\n");
}

TEST_SUITE_END();
