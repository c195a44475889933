// SPDX-License-Identifier: Apache-2.0
#include "postgres/lock.h"

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/scratch_server.h"

using namespace ainit;
using namespace ainit::postgres;
using namespace std::chrono_literals;
using ainit::test::ScratchServer;
using ainit::test::soon;

TEST_SUITE_BEGIN("postgres");

TEST_CASE("lock: one at a time, and it is free again when its holder is gone") {
    const Server server = ScratchServer::shared().server();
    {
        auto lock = ClusterLock::take(server, soon());
        REQUIRE(lock.has_value());
        CHECK(lock->still_held(soon()).has_value());
        const auto second = ClusterLock::take(server, Stop{}.within(300ms));
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().code == Code::lock_timeout);
        CHECK(second.error().exit_code() == 11);
        // It tells who has it.
        CHECK(second.error().because.find("alkemio-init-test") != std::string::npos);
        CHECK(second.error().state == "This run changed nothing.");
    }
    CHECK(ClusterLock::take(server, soon()).has_value());
}

TEST_CASE("lock: of many that want it at once each has it alone") {
    const Server server = ScratchServer::shared().server();
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 12; ++i) {
        threads.emplace_back([&] {
            auto lock = ClusterLock::take(server, soon());
            if (!lock) return;
            const int now = ++inside;
            if (now > most) most = now;
            std::this_thread::sleep_for(10ms);
            --inside;
            ++done;
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(done == 12);
    CHECK(most == 1);
}

TEST_CASE("lock: whoever waits for it holds no snapshot, so an index can be made concurrently") {
    ScratchServer& scratch = ScratchServer::shared();
    const std::string table = ScratchServer::unique("indexed");
    scratch.run(fmt::format("CREATE TABLE {} (n int)", table));
    auto lock = ClusterLock::take(scratch.server(), soon());
    REQUIRE(lock.has_value());
    StopSource source;
    std::thread waiter{[&] { [[maybe_unused]] const auto lost = ClusterLock::take(scratch.server(), Stop{source}); }};
    std::this_thread::sleep_for(200ms);
    auto session = Session::open(scratch.server(), scratch.server().maintenance, soon());
    REQUIRE(session.has_value());
    const auto made = session->query(Sql::foreign(fmt::format("CREATE INDEX CONCURRENTLY ON {} (n)", table)),
                                     Stop{}.within(3s));
    source.request(SIGTERM);
    waiter.join();
    CHECK(made.has_value());
}

TEST_CASE("lock: a connection that was ended is a lost lock") {
    ScratchServer& scratch = ScratchServer::shared();
    auto lock = ClusterLock::take(scratch.server(), soon());
    REQUIRE(lock.has_value());
    scratch.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()");
    std::this_thread::sleep_for(100ms);
    const auto held = lock->still_held(soon());
    REQUIRE_FALSE(held.has_value());
    CHECK(held.error().code == Code::connection_lost);
    CHECK(held.error().transient);
}

TEST_CASE("lock: what works under it is asked to stop as soon as its connection ends, and by whoever asked before") {
    ScratchServer& scratch = ScratchServer::shared();
    auto lock = ClusterLock::take(scratch.server(), soon());
    REQUIRE(lock.has_value());
    {
        const LockWatch watch{*lock, soon()};
        CHECK_FALSE(watch.stop().requested());
    }
    {
        StopSource source;
        const LockWatch watch{*lock, Stop{source, after(30s)}};
        source.request(SIGTERM);
        CHECK_FALSE(watch.stop().sleep(20s));
        CHECK(watch.stop().signal() == SIGTERM);
    }
    // What an idle server says, such as a changed setting, is no end of it.
    const LockWatch watch{*lock, soon()};
    scratch.run("ALTER SYSTEM SET timezone = 'Asia/Tokyo'");
    scratch.run("SELECT pg_reload_conf()");
    CHECK(watch.stop().sleep(300ms));
    scratch.run("ALTER SYSTEM RESET timezone");
    scratch.run("SELECT pg_reload_conf()");
    scratch.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()");
    CHECK_FALSE(watch.stop().sleep(20s));
    CHECK(watch.stop().requested());
    CHECK(watch.stop().signal() == 0);
}

TEST_CASE("lock: a signal ends the wait") {
    const Server server = ScratchServer::shared().server();
    auto lock = ClusterLock::take(server, soon());
    REQUIRE(lock.has_value());
    StopSource source;
    std::thread later{[&] {
        std::this_thread::sleep_for(150ms);
        source.request(SIGINT);
    }};
    const auto second = ClusterLock::take(server, Stop{source});
    later.join();
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().exit_code() == 130);
}

TEST_CASE("lock: a standby's locks keep nobody out") {
    ScratchServer standby{{.start = false}};
    standby.become_standby();
    const auto lock = ClusterLock::take(standby.server(), soon());
    REQUIRE_FALSE(lock.has_value());
    CHECK(lock.error().code == Code::standby);
    CHECK(lock.error().exit_code() == 13);
}
