// SPDX-License-Identifier: Apache-2.0
#include "Story.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

std::string threadName() {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    return name;
}

/// So many wait for each other on threads that they block. False if they have not all come after a long
/// while.
class Meeting {
public:
    explicit Meeting(unsigned wanted)
        : wanted_(wanted) {}
    bool come() {
        std::unique_lock lock(mutex_);
        most_ = std::max(most_, ++present_);
        ++came_;
        arrived_.notify_all();
        const bool met = arrived_.wait_for(lock, 60s, [this] { return came_ >= wanted_; });
        --present_;
        return met;
    }
    unsigned most() {
        std::lock_guard lock(mutex_);
        return most_;
    }

private:
    const unsigned wanted_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    unsigned came_ = 0, present_ = 0, most_ = 0;
};

TEST(Dispatchers, S063_DefaultRunsAsManyAtOnceAsThereAreCoresAndNoMore) {
    ASSERT_GE(defaultParallelism(), 2u);
    ASSERT_GE(defaultParallelism(), std::thread::hardware_concurrency());
    Meeting meeting(defaultParallelism());
    std::atomic<int> met{0};
    std::atomic<unsigned> running{0}, most{0};
    runBlocking(Dispatchers::Default(), [&](CoroutineScope scope) -> Task<> {
        for (unsigned i = 0; i < defaultParallelism(); ++i)
            scope.launch([&]() -> Task<> {
                EXPECT_EQ(threadName().rfind("coroscope-w", 0), 0u) << threadName();
                met += meeting.come();
                co_return;
            });
        for (int i = 0; i < 200; ++i)
            scope.launch([&]() -> Task<> {
                const unsigned now = ++running;
                for (unsigned seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                std::this_thread::sleep_for(50us); // is blocked: room for others, if there were any
                --running;
                co_return;
            });
        co_return;
    });
    EXPECT_EQ(met, static_cast<int>(defaultParallelism()));
    EXPECT_LE(most, defaultParallelism());
}

TEST(Dispatchers, S064_IoRunsSixtyFourAtOnceAndNoMore) {
    ASSERT_GE(ioParallelism(), 64u);
    Meeting meeting(ioParallelism());
    std::atomic<unsigned> met{0};
    runBlocking(Dispatchers::IO(), [&](CoroutineScope scope) -> Task<> {
        for (unsigned i = 0; i < 2 * ioParallelism(); ++i)
            scope.launch([&]() -> Task<> {
                met += meeting.come();
                co_return;
            });
        co_return;
    });
    EXPECT_EQ(met, 2 * ioParallelism());
    EXPECT_LE(meeting.most(), ioParallelism());
}

TEST(Dispatchers, S064_IoUsesTheThreadsOfDefault) {
    std::mutex mutex;
    std::set<std::thread::id> computed;
    bool shared = false;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!shared && std::chrono::steady_clock::now() < deadline) {
        runBlocking(Dispatchers::Default(), [&](CoroutineScope) -> Task<> {
            std::lock_guard lock(mutex);
            computed.insert(std::this_thread::get_id());
            co_return;
        });
        runBlocking(Dispatchers::IO(), [&](CoroutineScope) -> Task<> {
            std::lock_guard lock(mutex);
            shared = computed.count(std::this_thread::get_id()) != 0;
            co_return;
        });
    }
    EXPECT_TRUE(shared);
}

TEST(Dispatchers, S065_AViewOfIoTakesNothingFromIo) {
    const DispatcherPtr view = Dispatchers::IO()->limitedParallelism(static_cast<int>(ioParallelism()) + 6);
    EXPECT_EQ(view->name(), "IO.limitedParallelism(" + std::to_string(ioParallelism() + 6) + ")");
    Meeting all(2 * ioParallelism() + 6);
    std::atomic<unsigned> met{0};
    runBlocking([&](CoroutineScope scope) -> Task<> {
        const auto comes = [&]() -> Task<> {
            met += all.come();
            co_return;
        };
        for (unsigned i = 0; i < ioParallelism(); ++i)
            scope.launch(Dispatchers::IO(), comes);
        for (unsigned i = 0; i < ioParallelism() + 6; ++i)
            scope.launch(view, comes);
        co_return;
    });
    EXPECT_EQ(met, 2 * ioParallelism() + 6);
}

TEST(Dispatchers, S065_AViewAsWideAsDefaultIsDefault) {
    EXPECT_EQ(Dispatchers::Default()->limitedParallelism(static_cast<int>(defaultParallelism())),
              Dispatchers::Default());
    EXPECT_NE(Dispatchers::Default()->limitedParallelism(1), Dispatchers::Default());
}

TEST(Dispatchers, S066_AViewOfOneNeedsNoLock) {
    const DispatcherPtr view = Dispatchers::Default()->limitedParallelism(1);
    int counter = 0; // not atomic: TSan says if two tasks are not in order
    runBlocking(view, [&](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < 500; ++i)
            scope.launch([&]() -> Task<> {
                ++counter;
                co_await yield();
                ++counter;
                auto elsewhere = []() -> Task<> { co_return; };
                co_await withContext(Dispatchers::Default(), elsewhere);
                ++counter;
            });
        co_return;
    });
    EXPECT_EQ(counter, 1500);
}

TEST(Dispatchers, S066_AViewRunsNoMoreThanItMay) {
    const DispatcherPtr view = Dispatchers::IO()->limitedParallelism(3, "three");
    EXPECT_EQ(view->name(), "three");
    Meeting meeting(3);
    std::atomic<int> met{0};
    runBlocking(view, [&](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < 12; ++i)
            scope.launch([&]() -> Task<> {
                met += meeting.come();
                co_return;
            });
        co_return;
    });
    EXPECT_EQ(met, 12);
    EXPECT_EQ(meeting.most(), 3u);
}

TEST(Dispatchers, WhatABlockedTaskHasLaunchedIsTakenByAnotherThread) {
    runBlocking(Dispatchers::Default(), [](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < 20; ++i) {
            std::promise<int> promise;
            scope.launch([&promise]() -> Task<> {
                promise.set_value(1);
                co_return;
            });
            EXPECT_EQ(promise.get_future().get(), 1);
        }
        co_return;
    });
}

TEST(Dispatchers, OldTasksHaveTheirTurnThoughNewOnesKeepComing) {
    const auto pool = newFixedThreadPoolContext(2, "fair");
    std::atomic<bool> old{false};
    runBlocking(pool, [&](CoroutineScope scope) -> Task<> {
        scope.launch([&]() -> Task<> {
            old = true;
            co_return;
        });
        std::atomic<int> chains{2};
        // Each goes on in a child that it launches last: the newest is always ready.
        struct Chain {
            static Task<> go(CoroutineScope s, std::atomic<bool>& seen, std::atomic<int>& left) {
                if (!seen)
                    s.launch(
                        [&](CoroutineScope inner) -> Task<> { return go(std::move(inner), seen, left); });
                else
                    --left;
                co_return;
            }
        };
        for (int i = 0; i < 2; ++i)
            scope.launch(GlobalScope.context(), [&](CoroutineScope inner) -> Task<> {
                return Chain::go(std::move(inner), old, chains);
            });
        while (chains > 0)
            co_await yield();
    });
    EXPECT_TRUE(old);
    pool->close();
}

TEST(Dispatchers, AFixedPoolHasItsOwnThreadsInOrderIfItIsOne) {
    const auto one = newFixedThreadPoolContext(1, "alone");
    std::vector<int> order;
    runBlocking(one, [&](CoroutineScope scope) -> Task<> {
        const std::thread::id here = std::this_thread::get_id();
        EXPECT_EQ(threadName().rfind("alone", 0), 0u) << threadName();
        for (int i = 0; i < 100; ++i)
            scope.launch([&order, here, i]() -> Task<> {
                EXPECT_EQ(std::this_thread::get_id(), here);
                order.push_back(i);
                co_return;
            });
        co_return;
    });
    ASSERT_EQ(order.size(), 100u);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Dispatchers, APoolOfOneRunsTheNewestFirstWhereItIsToldTo) {
    const auto pool = newFixedThreadPoolContext(1, "alone", PoolOrder::NewestFirst);
    std::vector<int> order;
    runBlocking(pool, [&](CoroutineScope scope) -> Task<> {
        EXPECT_EQ(threadName().rfind("alone", 0), 0u) << threadName();
        for (int i = 0; i < 4; ++i)
            scope.launch([&order, i]() -> Task<> {
                order.push_back(i);
                co_await yield(); // behind all that is ready
                order.push_back(10 + i);
            });
        co_return;
    });
    EXPECT_EQ(order, (std::vector{3, 2, 1, 0, 13, 12, 11, 10}));
    EXPECT_THROW((void)newFixedThreadPoolContext(0, "none"), std::invalid_argument);
}

/// Rejected in the middle: whatever was running or waiting on the pool ends, and cleans up elsewhere.
TEST(Dispatchers, S070_ClosingAPoolUnderWorkLosesNobody) {
    for (int round = 0; round < 50; ++round) {
        const auto pool = newFixedThreadPoolContext(2, "closing");
        std::atomic<int> ended{0}, cleaned{0};
        runBlocking([&](CoroutineScope) -> Task<> {
            const CoroutineScope scope(pool + SupervisorJob());
            for (int i = 0; i < 50; ++i) {
                const Job job = scope.launch([&]() -> Task<> {
                    try {
                        for (int k = 0; k < 20; ++k)
                            co_await yield();
                    } catch (const CancellationException&) {
                        ++cleaned;
                        throw;
                    }
                });
                job.invokeOnCompletion([&ended] { ++ended; });
            }
            if (round % 2 == 0)
                co_await yield();
            pool->close();
            const std::vector<Job> all = scope.job().children();
            co_await joinAll(all);
            // A job that has its final state has been joined, even if its handlers are yet to run.
            co_await withTimeoutOrNull(60s, [&]() -> Task<> {
                while (ended < 50)
                    co_await delay(1ms);
            });
            scope.cancel();
        });
        EXPECT_EQ(ended, 50);
        EXPECT_LE(cleaned, 50);
    }
}

TEST(Dispatchers, ALongQueueKeepsItsOrderAndWhatJoinsIt) {
    constexpr int jobs = 1000;
    std::vector<int> order;
    runBlocking([&](CoroutineScope scope) -> Task<> {
        const auto counts = [&order](int i) {
            return [&order, i]() -> Task<> {
                order.push_back(i);
                co_return;
            };
        };
        for (int i = 0; i < jobs; ++i)
            (void)scope.launch(counts(i));
        std::thread([&] {
            for (int i = jobs; i < 2 * jobs; ++i)
                (void)scope.launch(counts(i));
        }).join();
        co_return;
    });
    ASSERT_EQ(order.size(), 2u * jobs);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Dispatchers, S068_UnconfinedStartsOnTheCallerAndNestedOnesTakeTurns) {
    runTest([](CoroutineScope scope) -> Task<> {
        Story story;
        const Job job = scope.launch(Dispatchers::Unconfined(), [&story](CoroutineScope inner) -> Task<> {
            story.expect(1);
            inner.launch([&story](CoroutineScope) -> Task<> {
                story.expect(3);
                co_return;
            });
            story.expect(2);
            co_return;
        });
        story.finish(4);
        co_await job.join();
    });
}

TEST(RunBlocking, GivesTheResultOrThrowsTheFailure) {
    EXPECT_EQ(runBlocking([]() -> Task<int> { co_return 7; }), 7);
    EXPECT_THROW(runBlocking([]() -> Task<> {
                     throw Boom("x");
                     co_return;
                 }),
                 Boom);
}

TEST(RunBlocking, S071_ANestedOneRunsTheTasksOfTheOuter) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        bool ran = false;
        scope.launch([&ran](CoroutineScope) -> Task<> {
            ran = true;
            co_return;
        });
        runBlocking([]() -> Task<> { co_await yield(); });
        EXPECT_TRUE(ran);
        co_return;
    });
}

TEST(RunBlocking, WorkThatOutlivesTheLoopMovesToTheDefaultPool) {
    const auto gate = newCompletableDeferred<int>();
    Job outlives;
    runBlocking([&](CoroutineScope scope) -> Task<> {
        const CoroutineContext here = scope.context().withoutJob();
        outlives = GlobalScope.launch(here, [gate](CoroutineScope) -> Task<> {
            const int n = co_await gate.await();
            EXPECT_EQ(n, 3);
        });
        co_await yield();
    });
    EXPECT_FALSE(outlives.isCompleted());
    gate.complete(3);
    runBlocking([outlives](CoroutineScope) -> Task<> { co_await outlives.join(); });
    EXPECT_EQ(outlives.state(), JobState::Completed);
}

TEST(SystemTimers, WakeInTheOrderOfTheirTimes) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        std::vector<int> order;
        for (const int ms : {9, 3, 6}) {
            scope.launch([ms, &order](CoroutineScope) -> Task<> {
                co_await delay(std::chrono::milliseconds(ms));
                order.push_back(ms);
            });
        }
        const std::vector<Job> all = scope.job().children();
        co_await joinAll(all);
        EXPECT_EQ(order, (std::vector<int>{3, 6, 9}));
    });
}

/// In Kotlin, too, a loop that waits within unconfined code works off what else is unconfined.
TEST(Dispatchers, S071_ALoopWithinUnconfinedCodeRunsWhatIsUnconfined) {
    bool ran = false, resumed = false;
    const Job job = GlobalScope.launch(Dispatchers::Unconfined(), [&]() -> Task<> {
        runBlocking([&](CoroutineScope scope) -> Task<> {
            const Job first = scope.launch(Dispatchers::Unconfined(), [&]() -> Task<> {
                ran = true;
                co_return;
            });
            co_await first.join();
            const DispatcherPtr loop = scope.context().dispatcher();
            scope.launch(Dispatchers::Unconfined(), [&resumed, loop](CoroutineScope) -> Task<> {
                co_await withContext(loop, []() -> Task<> { co_await delay(1ms); });
                resumed = true;
            });
        });
        co_return;
    });
    EXPECT_TRUE(job.isCompleted());
    EXPECT_TRUE(ran);
    EXPECT_TRUE(resumed);
}

/// Its parent's threads are not there to be waited for.
TEST(Dispatchers, AForkedChildEndsAtOnce) {
    runBlocking([]() -> Task<> {
        auto elsewhere = [](CoroutineScope) -> Task<> { co_await delay(1ms); };
        co_await withContext(Dispatchers::Default(), elsewhere);
    });
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(3); // it would wait longer than that
        std::exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
}

} // namespace
} // namespace coroscope::test
