// SPDX-License-Identifier: Apache-2.0
// Commands about staying: run, healthcheck.
#include "base/address.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/report.h"
#include "cli/timeline.h"
#include "daemon/healthcheck.h"
#include "daemon/stay.h"

namespace ainit::cli {

int run(const Options& options, const config::Config& config) {
    auto telling = Telling::open(options);
    if (!telling) return report_failure(telling.error());
    bool first = true;
    daemon::StayHooks hooks;
    hooks.reload = [&options] { return load(options); };
    hooks.json = [](const daemon::Summary& summary) { return summary_json(summary, summary.exit_code()); };
    hooks.report = [&](const daemon::Summary& summary, const Stop& stop) {
        const bool told = !std::exchange(first, false);
        print(options.output == "json" ? summary_json(summary, summary.exit_code())
                                       : summary_text(summary) + (told ? "" : telling->text(*summary.timeline)),
              stop);
        report_failures(summary.failures);
        telling->go_on(*summary.timeline);
    };
    hooks.failed = [](const std::vector<Failure>& failures) { report_failures(failures); };
    return daemon::stay(config, hooks);
}

int healthcheck(const Options& options, const config::Config& config) {
    constexpr Duration kPatience{3'000};
    const std::string address = options.address.empty() ? config.health.listen : options.address;
    if (auto usable = parse_address(address); !usable) {
        Failure failure = std::move(usable).error();
        failure.code = Code::usage;
        return report_failure(failure);
    }
    if (options.path == "/status" && !options.service.empty()) {
        Failure failure;
        failure.code = Code::usage;
        failure.what = "cannot ask /status of one service";
        failure.because = "it is about all of them";
        failure.state = "Nothing was asked.";
        failure.hint = "leave out --service, or ask /livez, /readyz or /startupz";
        return report_failure(failure);
    }
    const std::string path = options.service.empty() ? options.path : fmt::format("{}?service={}", options.path, percent_encode(options.service));
    const auto answer = daemon::healthcheck(address, path, options.timeout.value_or(kPatience));
    if (!answer) return report_failure(answer.error());
    print(*answer);
    return 0;
}

}  // namespace ainit::cli
