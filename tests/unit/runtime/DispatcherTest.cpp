// SPDX-License-Identifier: Apache-2.0
#include "Story.h"

#include <pthread.h>

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

TEST(Dispatchers, S063_DefaultHasAtLeastTwoWorkersWithNames) {
    EXPECT_GE(defaultParallelism(), 2u);
    const std::string name =
        runBlocking(Dispatchers::Default(), []() -> Task<std::string> { co_return threadName(); });
    EXPECT_EQ(name.rfind("coroscope-w", 0), 0u) << name;
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

} // namespace
} // namespace coroscope::test
