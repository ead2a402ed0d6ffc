// SPDX-License-Identifier: Apache-2.0
#include "Story.h"

#include <gmock/gmock.h>

#include <chrono>
#include <ratio>
#include <stdexcept>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

TEST(VirtualTime, S101_GoesByTimeThenBySequence) {
    runTest([](TestScope scope) -> Task<> {
        Story story;
        const auto at = [&](std::chrono::seconds time, int step) {
            scope.launch([&story, time, step](CoroutineScope) -> Task<> {
                co_await delay(time);
                story.expect(step);
            });
        };
        at(2s, 4);
        at(1s, 2);
        at(1s, 3);
        story.expect(1);
        co_await delay(3s);
        EXPECT_EQ(scope.currentTime(), 3s);
        story.finish(5);
    });
}

TEST(VirtualTime, S102_AdvanceTimeByExcludesTheTargetAndRunCurrentTakesIt) {
    runTest([](TestScope scope) -> Task<> {
        bool woke = false;
        scope.launch([&woke](CoroutineScope) -> Task<> {
            co_await delay(1s);
            woke = true;
        });
        scope.runCurrent();
        scope.advanceTimeBy(1s);
        EXPECT_EQ(scope.currentTime(), 1s);
        EXPECT_FALSE(woke);
        scope.runCurrent();
        EXPECT_TRUE(woke);
        EXPECT_THROW(scope.advanceTimeBy(-1s), std::invalid_argument);
        co_return;
    });
}

TEST(VirtualTime, S103_AdvanceUntilIdleRunsEverything) {
    runTest([](TestScope scope) -> Task<> {
        const Job job = scope.launch([]() -> Task<> { co_await delay(24h); });
        scope.advanceUntilIdle();
        EXPECT_TRUE(job.isCompleted());
        EXPECT_EQ(scope.currentTime(), 24h);
        co_return;
    });
}

TEST(VirtualTime, S104_TheRealTimeLimitNamesTheActiveJobsAsATree) {
    try {
        runTest(
            [](CoroutineScope scope) -> Task<> {
                scope.launch(CoroutineName("stuck"), [](CoroutineScope inner) -> Task<> {
                    inner.launch(CoroutineName("below"), []() -> Task<> { co_await awaitCancellation(); });
                    co_await awaitCancellation();
                });
                co_return;
            },
            20ms);
        FAIL() << "the test ended";
    } catch (const TestTimeout& e) {
        EXPECT_THAT(e.what(),
                    testing::ContainsRegex("\n\t\"stuck#[0-9]+\":StandaloneCoroutine.Active.@[0-9a-f]+"
                                           "\n\t\t\"below#[0-9]+\":StandaloneCoroutine.Active."));
    }
}

TEST(VirtualTime, FailuresOfTheBodyAreThrownByRunTest) {
    EXPECT_THROW(runTest([]() -> Task<> {
                     throw Boom("x");
                     co_return;
                 }),
                 Boom);
    EXPECT_THROW(runTest([](CoroutineScope scope) -> Task<> {
                     scope.launch([]() -> Task<> {
                         throw Boom("child");
                         co_return;
                     });
                     co_await awaitCancellation();
                 }),
                 Boom);
}

TEST(VirtualTime, WorkOnOtherThreadsIsWaitedFor) {
    runTest([](TestScope scope) -> Task<> {
        auto elsewhere = []() -> Task<int> { co_return 4; };
        EXPECT_EQ(co_await withContext(Dispatchers::Default(), elsewhere), 4);
        EXPECT_EQ(scope.currentTime(), 0s);
    });
}

TEST(VirtualTime, TheLongestTimesAreForEver) {
    runTest(
        [](TestScope scope) -> Task<> {
            auto waits = [](auto time) { return [time](CoroutineScope) -> Task<> { co_await delay(time); }; };
            const std::vector<Job> forEver{
                scope.launch(waits(std::chrono::hours::max())),
                scope.launch(waits(std::chrono::nanoseconds::max())),
                scope.launch(waits(std::chrono::duration<double>(1e30))),
                scope.launch(waits(std::chrono::duration<int, std::ratio<86400>>(200'000)))};
            const Job past = scope.launch(waits(std::chrono::hours::min()));
            auto brief = []() -> Task<> { co_await delay(1s); };
            EXPECT_TRUE(co_await withTimeoutOrNull(std::chrono::hours::max(), brief));
            EXPECT_EQ(co_await select(onTimeout(std::chrono::hours::max(), [] { return 1; }),
                                      onTimeout(1s, [] { return 2; })),
                      2);
            EXPECT_TRUE(past.isCompleted());
            EXPECT_EQ(scope.currentTime(), 2s);
            scope.advanceTimeBy(std::chrono::nanoseconds::max());
            EXPECT_EQ(scope.currentTime(), std::chrono::nanoseconds::max());
            for (const Job& job : forEver) {
                EXPECT_TRUE(job.isActive());
                job.cancel();
            }
        },
        std::chrono::nanoseconds::max());
}

TEST(VirtualTime, TheLongestTimesAreForEverOnARealClockToo) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch([]() -> Task<> { co_await delay(std::chrono::hours::max()); });
        const Job other = scope.launch(Dispatchers::Default(),
                                       []() -> Task<> { co_await delay(std::chrono::hours(2'562'000)); });
        auto brief = []() -> Task<> { co_await delay(2ms); };
        EXPECT_TRUE(co_await withTimeoutOrNull(std::chrono::hours::max(), brief));
        EXPECT_TRUE(job.isActive());
        EXPECT_TRUE(other.isActive());
        job.cancel();
        other.cancel();
    });
}

} // namespace
} // namespace coroscope::test
