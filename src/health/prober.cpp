// SPDX-License-Identifier: Apache-2.0
#include "health/prober.h"

#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "health/reach.h"
#include "system/context.h"

namespace ainit::health {
namespace {

namespace asio = boost::asio;

constexpr Duration kPatience{3'000};

/// Why not, or nothing.
asio::awaitable<std::string> answer_of(Target target) {
    try {
        co_return why_not(co_await reach(std::move(target)));
    } catch (...) {
        co_return reason_of(std::current_exception());
    }
}

asio::awaitable<std::string> ask(Target target) {
    using namespace asio::experimental::awaitable_operators;
    if (target.scheme == "file") co_return why_not(target.path);
    asio::steady_timer patience{co_await asio::this_coro::executor, kPatience};
    const auto answer = co_await (answer_of(std::move(target)) || patience.async_wait(asio::use_awaitable));
    if (answer.index() == 0) co_return std::get<0>(answer);
    co_return fmt::format("no answer within {}", show(kPatience));
}

}  // namespace

void probe(system::Loop& loop, const std::string& text, std::function<void(const std::string&)> done) {
    const auto target = parse_target(text);
    if (!target) return loop.post([done = std::move(done)] { done("there is no such target"); });
    asio::co_spawn(system::context(loop), ask(*target), [done = std::move(done)](const std::exception_ptr& error, const std::string& why) {
        done(error ? reason_of(error) : why);
    });
}

}  // namespace ainit::health
