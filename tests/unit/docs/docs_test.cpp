// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/failure.h"
#include "base/file.h"
#include "config/load.h"

using namespace ainit;

namespace {

std::string document(const std::string& name) {
    auto text = read_file(ALKEMIO_INIT_SOURCE "/docs/" + name);
    return text ? *text : text.error().line();
}

}  // namespace

TEST_CASE("docs: configuration.md is what the table of keys says (mend: write-docs docs)") {
    CHECK(document("configuration.md") == config::reference());
}

TEST_CASE("docs: errors.md is what the table of errors says (mend: write-docs docs)") {
    CHECK(document("errors.md") == error_catalogue());
}

TEST_CASE("docs: each error has one number and a full entry") {
    std::set<Code> seen;
    for (const CodeEntry& one : code_table()) {
        CAPTURE(one.title);
        CHECK(seen.insert(one.code).second);
        CHECK_FALSE(one.means.empty());
        CHECK_FALSE(one.causes.empty());
        CHECK_FALSE(one.remedy.empty());
    }
}
