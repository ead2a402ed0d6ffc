// SPDX-License-Identifier: Apache-2.0
// Delays and timeouts on the machine's clock: what expires together, what outlives its loop, who keeps the
// time.
#include "Story.h"

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

bool comesTrue(const std::atomic<bool>& what) {
    for (const auto deadline = Clock::now() + 30s; !what && Clock::now() < deadline;)
        std::this_thread::yield();
    return what;
}

TEST(Timers, NoDelayEndsBeforeItsTimeAndAllEnd) {
    for (const DispatcherPtr& dispatcher : {DispatcherPtr(), Dispatchers::Default()}) {
        std::atomic<int> ended{0}, early{0};
        runBlocking([&](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < 2000; ++i)
                scope.launch(dispatcher ? CoroutineContext(dispatcher) : CoroutineContext(),
                             [&, i]() -> Task<> {
                                 const auto time = std::chrono::microseconds(1 + i * 37 % 20'000);
                                 const auto from = Clock::now();
                                 co_await delay(time);
                                 early += Clock::now() - from < time;
                                 ++ended;
                             });
            co_return;
        });
        EXPECT_EQ(ended, 2000);
        EXPECT_EQ(early, 0);
    }
}

TEST(Timers, DelaysOfOneLoopEndInTheOrderInWhichTheyAreDue) {
    std::vector<int> order;
    runBlocking([&](CoroutineScope scope) -> Task<> {
        for (int i : {3, 1, 4, 0, 2})
            scope.launch([&order, i]() -> Task<> {
                co_await delay(std::chrono::milliseconds(5 + 5 * i));
                order.push_back(i);
            });
        co_return;
    });
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Timers, ADelayEndsAlthoughItsLoopIsBusyWithTasks) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        bool over = false;
        scope.launch([&over]() -> Task<> {
            co_await delay(1ms);
            over = true;
        });
        const auto deadline = Clock::now() + 30s;
        while (!over && Clock::now() < deadline)
            co_await yield();
        EXPECT_TRUE(over);
    });
}

TEST(Timers, ADelayThatOutlivesItsLoopEndsElsewhere) {
    std::atomic<bool> over{false};
    std::vector<Job> cancelled;
    runBlocking([&](CoroutineScope scope) -> Task<> {
        const CoroutineContext loop = scope.context().withoutJob();
        GlobalScope.launch(loop, [&over]() -> Task<> {
            co_await delay(20ms);
            over = true;
        });
        cancelled.push_back(GlobalScope.launch(loop, []() -> Task<> { co_await delay(1h); }));
        co_await yield();
        co_await yield();
    });
    EXPECT_TRUE(comesTrue(over));
    // Its timer is taken out where it is by now.
    for (const Job& job : cancelled)
        runBlocking([&job]() -> Task<> { co_await job.cancelAndJoin(); });
}

TEST(Timers, AnotherThreadsDelayWakesALoopThatSleeps) {
    std::atomic<bool> over{false};
    runBlocking([&over](CoroutineScope scope) -> Task<> {
        const CoroutineContext loop = scope.context();
        scope.launch(Dispatchers::Default(), [&over, loop](CoroutineScope) -> Task<> {
            co_await delay(5ms); // by now the loop sleeps
            const Job other = GlobalScope.launch(loop.withoutJob(), CoroutineStart::Undispatched,
                                                 [&over](CoroutineScope) -> Task<> {
                                                     co_await delay(1ms);
                                                     over = true;
                                                 });
            co_await other.join();
        });
        co_return;
    });
    EXPECT_TRUE(over);
}

TEST(Timers, S055_ATimeoutComesAlthoughTheLoopsThreadComputes) {
    runBlocking([](CoroutineScope) -> Task<> {
        bool reached = false;
        auto computes = [&reached](CoroutineScope inner) -> Task<> {
            const auto deadline = Clock::now() + 30s;
            while (!reached && Clock::now() < deadline)
                reached = !inner.isActive();
            co_return;
        };
        co_await withTimeoutOrNull(5ms, computes);
        EXPECT_TRUE(reached);
    });
}

// On the timers' own thread: an unconfined coroutine goes on there and may wait for one that was due with it.
TEST(Timers, CodeThatRunsWhereTheTimersExpireFindsWhatExpiredWithItOnItsWay) {
    constexpr int pairs = 4;
    std::vector<std::atomic<bool>> ran(pairs), seen(pairs);
    runBlocking(Dispatchers::Default(), [&](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < pairs; ++i) {
            std::atomic<bool>& one = ran[static_cast<std::size_t>(i)];
            std::atomic<bool>& other = seen[static_cast<std::size_t>(i)];
            scope.launch(CoroutineStart::Undispatched, [&one]() -> Task<> {
                co_await delay(100ms);
                one = true;
            });
            scope.launch(Dispatchers::Unconfined(), [&one, &other]() -> Task<> {
                co_await delay(100ms);
                other = comesTrue(one);
            });
        }
        co_return;
    });
    for (const std::atomic<bool>& one : seen)
        EXPECT_TRUE(one);
}

TEST(Timers, WhatExpiresForAClosedPoolRunsElsewhere) {
    std::atomic<int> cancelled{0};
    {
        const auto pool = newFixedThreadPoolContext(2, "closes");
        runBlocking([&](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < 100; ++i)
                scope.launch(pool, CoroutineStart::Undispatched, [&cancelled]() -> Task<> {
                    try {
                        co_await delay(20ms);
                    } catch (const CancellationException&) {
                        ++cancelled;
                        throw;
                    }
                });
            pool->close();
            co_return;
        });
    }
    EXPECT_EQ(cancelled, 100);
}

} // namespace
} // namespace coroscope::test
