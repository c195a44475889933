// SPDX-License-Identifier: Apache-2.0
#include "daemon/wait_hosts.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "health/probe.h"

namespace ainit::daemon {
namespace {

constexpr std::string_view kRoom = "wait";
/// For what was not looked at yet when the time was over, all together.
constexpr Duration kLastLook{2'000};
constexpr Duration kLastConnect{500};
/// A target of ours gets a chance also when others have used up the time.
constexpr Duration kLeast{1'000};
/// An interval of 0 would be a busy loop.
constexpr Duration kShortestPause{10};

bool is_target(std::string_view text) {
    return text == "postgres" || text.find("://") != std::string_view::npos || text.starts_with("database=") ||
           text.starts_with("migrations=") || text.starts_with("file:/") || text.starts_with("file:.");
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto port = parse_integer(text);
    if (!port || *port < 0 || *port > 65'535) return {};
    return static_cast<std::uint16_t>(*port);
}

std::string shown(const Awaited& one) {
    return one.kind == Awaited::Kind::target ? without_password(one.text) : one.text;
}

Failure no_host(const std::string& text, std::string because) {
    Failure failure;
    failure.code = Code::usage;
    failure.what = fmt::format("cannot wait for host \"{}\"", text);
    failure.because = std::move(because);
    failure.state = "Nothing was waited for.";
    failure.hint = "write HOST:PORT, such as postgres:5432 or [::1]:5432; or postgres, tcp://…, http(s)://…, database=NAME, migrations=NAME, file:PATH";
    return failure;
}

class Waiting {
  public:
    Waiting(const WaitRules& rules, const TargetWait& target, const Stop& stop)
        : rules_{rules}, target_{target}, stop_{stop} {}

    Result<void> run(std::span<const Awaited> all) {
        for (auto rest = all; !rest.empty(); rest = rest.subspan(1)) {
            log::info(kRoom, fmt::format("looking for {}", shown(rest.front())));
            if (auto failure = until_there(rest)) return std::move(*failure);
            log::info(kRoom, fmt::format("{} is there", shown(rest.front())));
        }
        return ok();
    }

  private:
    Duration waited() const { return std::chrono::floor<Duration>(Clock::now() - began_); }

    /// Empty when the first of them is there.
    std::optional<Failure> until_there(std::span<const Awaited> rest) {
        while (true) {
            auto why = look(rest.front(), rules_.connect, std::max(kLeast, rules_.timeout - waited()));
            if (!why) return {};
            if (stop_.requested()) return interrupted(rest.front());
            // What the configuration does not have will not come.
            if (why->code == Code::usage) return why;
            log::info(kRoom, fmt::format("{} is not there yet", shown(rest.front())), {{"because", why->because}});
            // After the look: what is there at the last moment is found.
            if (waited() >= rules_.timeout) return missing(rest, why->because);
            if (!stop_.sleep(std::max(kShortestPause, rules_.interval))) return interrupted(rest.front());
        }
    }

    /// Why it is not there; empty if it is.
    std::optional<Failure> look(const Awaited& one, Duration connect, Duration patience) const {
        if (one.kind == Awaited::Kind::path) return look_for_path(one.text);
        if (one.kind == Awaited::Kind::target) {
            auto found = target_(one.text, stop_.within(patience));
            return found ? std::nullopt : std::optional{std::move(found).error()};
        }
        auto reached = health::connect_once(one.host, one.port, connect, stop_);
        return reached ? std::nullopt : std::optional{std::move(reached).error()};
    }

    static std::optional<Failure> look_for_path(const std::string& path) {
        struct stat facts {};
        if (::stat(path.c_str(), &facts) == 0) return {};
        Failure failure;
        failure.code = Code::wait_timeout;
        failure.because = errno_text(errno);
        return failure;
    }

    Failure interrupted(const Awaited& one) const {
        Failure failure = stop_.failure(Code::wait_timeout, fmt::format("cannot wait any longer for {}", shown(one)));
        failure.state = "Nothing was changed.";
        return failure;
    }

    Failure missing(std::span<const Awaited> rest, const std::string& why) const {
        std::vector<std::string> names{shown(rest.front())};
        const Deadline end = after(kLastLook);
        for (const Awaited& one : rest.subspan(1)) {
            const Duration left = std::chrono::floor<Duration>(end - Clock::now());
            if (left <= Duration{0}) break;
            if (look(one, std::min(rules_.connect, kLastConnect), std::min(left, kLastConnect))) names.push_back(shown(one));
        }
        Failure failure;
        failure.code = Code::wait_timeout;
        failure.what = fmt::format("cannot wait any longer for {}", shown(rest.front()));
        failure.because = fmt::format("{} after {}", why, show(waited()));
        failure.state = fmt::format("Missing: {}. Nothing was changed.", join(names, ", "));
        return failure;
    }

    const WaitRules& rules_;
    const TargetWait& target_;
    const Stop& stop_;
    Deadline began_{Clock::now()};
};

}  // namespace

Result<Awaited> awaited_host(const std::string& text) {
    Awaited one;
    one.text = text;
    if (is_target(text)) {
        one.kind = Awaited::Kind::target;
        return one;
    }
    const std::size_t colon = text.rfind(':');
    const bool in_brackets = colon != std::string::npos && text.find(']', colon) != std::string::npos;
    if (colon == std::string::npos || in_brackets) return no_host(text, "it has no port");
    const auto port = port_of(std::string_view{text}.substr(colon + 1));
    if (!port) return no_host(text, fmt::format("\"{}\" is no port", text.substr(colon + 1)));
    one.host = text.substr(0, colon);
    if (one.host.starts_with('[') && one.host.ends_with(']')) one.host = one.host.substr(1, one.host.size() - 2);
    if (one.host.empty()) return no_host(text, "it has no name");
    one.port = *port;
    return one;
}

Result<void> wait_in_order(const std::vector<Awaited>& all, const WaitRules& rules, const TargetWait& target, const Stop& stop) {
    const auto pause = [&](Duration duration, std::string_view when) -> Result<void> {
        if (duration <= Duration{0}) return ok();
        log::info(kRoom, fmt::format("waiting {} {}", show(duration), when));
        if (stop.sleep(duration)) return ok();
        Failure failure = stop.failure(Code::wait_timeout, fmt::format("cannot wait {} {}", show(duration), when));
        failure.state = "Nothing was changed.";
        return failure;
    };
    auto done = pause(rules.before, "before looking");
    if (done) done = Waiting{rules, target, stop}.run(all);
    if (done) done = pause(rules.after, "since all is there");
    return done;
}

}  // namespace ainit::daemon
