// SPDX-License-Identifier: Apache-2.0
// The main of all doctest binaries: as doctest's own, but a filter that matches no test is a failure, and libpq's
// variables of the caller reach no test.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

unsigned matched = 0;

struct Counter : doctest::IReporter {
    explicit Counter(const doctest::ContextOptions& /*unused*/) {}
    void report_query(const doctest::QueryData& /*unused*/) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats& stats) override {
        matched = stats.numTestCasesPassingFilters;
    }
    void test_case_start(const doctest::TestCaseData& /*unused*/) override {}
    void test_case_reenter(const doctest::TestCaseData& /*unused*/) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& /*unused*/) override {}
    void test_case_exception(const doctest::TestCaseException& /*unused*/) override {}
    void subcase_start(const doctest::SubcaseSignature& /*unused*/) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData& /*unused*/) override {}
    void log_message(const doctest::MessageData& /*unused*/) override {}
    void test_case_skipped(const doctest::TestCaseData& /*unused*/) override {}
};

REGISTER_LISTENER("counter", 1, Counter);

/// PG_BIN and PG_LIB say where the server's programs are; they are the tests' own.
void forget_libpq_variables() {
    std::vector<std::string> names;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        if (text.starts_with("PG") && !text.starts_with("PG_")) {
            names.emplace_back(text.substr(0, text.find('=')));
        }
    }
    for (const std::string& name : names) {
        unsetenv(name.c_str());
    }
}

}  // namespace

int main(int count, char** arguments) {
    forget_libpq_variables();
    doctest::Context context(count, arguments);
    const int code = context.run();
    if (context.shouldExit() || code != 0) {
        return code;
    }
    if (matched == 0) {
        std::cerr << "no test matches the filter\n";
        return 1;
    }
    return 0;
}
