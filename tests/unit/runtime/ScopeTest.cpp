// SPDX-License-Identifier: Apache-2.0
// Scopes inside a coroutine, timeouts, contexts.
#include "Story.h"

#include <memory>
#include <thread>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

TEST(Scopes, S045_CoroutineScopeWaitsForItsChildrenAndGivesItsResult) {
    runTest([](TestScope scope) -> Task<> {
        Story story;
        auto body = [&story](CoroutineScope inner) -> Task<std::unique_ptr<int>> {
            inner.launch([&story](CoroutineScope) -> Task<> {
                co_await delay(1s);
                story.expect(2);
            });
            story.expect(1);
            co_return std::make_unique<int>(5);
        };
        const std::unique_ptr<int> result = co_await coroutineScope(body);
        EXPECT_EQ(*result, 5);
        EXPECT_EQ(scope.currentTime(), 1s);
        story.finish(3);
    });
}

TEST(Scopes, S046_ASupervisorScopeFailsOnlyByItsBody) {
    runTest([](CoroutineScope) -> Task<> {
        int handled = 0;
        auto good = [&handled](CoroutineScope inner) -> Task<int> {
            const CoroutineExceptionHandler handler(
                [&handled](const CoroutineContext&, std::exception_ptr) { ++handled; });
            const Job child = inner.launch(handler, []() -> Task<> {
                throw Boom("child");
                co_return;
            });
            co_await child.join();
            co_return 3;
        };
        EXPECT_EQ(co_await supervisorScope(good), 3);
        EXPECT_EQ(handled, 1);
        auto bad = []() -> Task<> {
            throw Boom("body");
            co_return;
        };
        std::string what;
        try {
            co_await supervisorScope(bad);
        } catch (const Boom& e) {
            what = e.what();
        }
        EXPECT_EQ(what, "body");
    });
}

TEST(Scopes, S048_WithContextToTheSameDispatcherDoesNotDispatch) {
    runTest([](CoroutineScope scope) -> Task<> {
        Story story;
        const Job other = scope.launch([&story](CoroutineScope) -> Task<> {
            story.finish(4);
            co_return;
        });
        story.expect(1);
        auto body = [&story]() -> Task<> {
            story.expect(2);
            const CoroutineContext context = co_await currentContext();
            EXPECT_EQ(context.name(), "inner");
        };
        co_await withContext(CoroutineName("inner"), body);
        story.expect(3);
        co_await other.join();
    });
}

TEST(Scopes, S048_WithContextRunsOnTheOtherDispatcherAndComesBack) {
    const auto mine = std::this_thread::get_id();
    const int result = runBlocking([mine](CoroutineScope) -> Task<int> {
        EXPECT_EQ(std::this_thread::get_id(), mine);
        auto body = [mine]() -> Task<int> {
            EXPECT_NE(std::this_thread::get_id(), mine);
            co_return 5;
        };
        const int n = co_await withContext(Dispatchers::Default(), body);
        EXPECT_EQ(std::this_thread::get_id(), mine);
        co_return n;
    });
    EXPECT_EQ(result, 5);
}

TEST(Scopes, S049_ComingBackAcrossDispatchersLosesTheResultOfACancelledCaller) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        bool returned = false;
        const Job job = scope.launch([&returned](CoroutineScope self) -> Task<> {
            const Job own = self.job();
            auto body = [own](CoroutineScope) -> Task<int> {
                auto cancels = [own](CoroutineScope) -> Task<int> {
                    own.cancel("on the way back");
                    co_return 5;
                };
                co_return co_await withContext(NonCancellable(), cancels);
            };
            const int n = co_await withContext(Dispatchers::Default(), body);
            returned = n == 5;
        });
        co_await job.join();
        EXPECT_FALSE(returned);
        EXPECT_EQ(job.state(), JobState::Cancelled);
    });
}

TEST(Scopes, S051_ATimeoutEndsALaunchSilently) {
    int calls = 0;
    const UncaughtHere uncaught([&](const CoroutineContext&, std::exception_ptr) { ++calls; });
    runTest([](TestScope scope) -> Task<> {
        const Job job = scope.launch([](CoroutineScope) -> Task<> {
            auto body = []() -> Task<> { co_await awaitCancellation(); };
            co_await withTimeout(10s, body);
        });
        co_await job.join();
        EXPECT_EQ(job.state(), JobState::Cancelled);
        EXPECT_EQ(scope.currentTime(), 10s);
    });
    EXPECT_EQ(calls, 0);
}

TEST(Scopes, S053_WithTimeoutOrNullGivesNothingOnlyForItsOwnTimeout) {
    runTest([](CoroutineScope) -> Task<> {
        auto slow = []() -> Task<int> {
            co_await delay(1s);
            co_return 1;
        };
        const std::optional<int> late = co_await withTimeoutOrNull(10ms, slow);
        EXPECT_FALSE(late);
        const std::optional<int> inTime = co_await withTimeoutOrNull(2s, slow);
        EXPECT_EQ(inTime, 1);
        auto inner = [&slow]() -> Task<int> { co_return co_await withTimeout(10ms, slow); };
        bool thrown = false;
        try {
            const std::optional<int> n = co_await withTimeoutOrNull(2s, inner);
            static_cast<void>(n);
        } catch (const TimeoutCancellationException&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
    });
}

TEST(Scopes, S055_TheTimerOfATimeoutIsDisposedOf) {
    runTest([](TestScope scope) -> Task<> {
        auto quick = []() -> Task<> { co_await delay(1ms); };
        co_await withTimeout(1h, quick);
        co_await delay(1ms);
        scope.advanceUntilIdle();
        EXPECT_EQ(scope.currentTime(), 2ms);
    });
}

TEST(Scopes, AContextIsTheSumOfItsElementsAndTheRightSideWins) {
    const CoroutineContext a = Dispatchers::Default() + CoroutineName("a");
    const CoroutineContext b = a + CoroutineName("b") + newJob();
    EXPECT_EQ(a.name(), "a");
    EXPECT_EQ(b.name(), "b");
    EXPECT_EQ(b.dispatcher(), Dispatchers::Default());
    EXPECT_FALSE(a.job());
    EXPECT_TRUE(b.job());
    EXPECT_FALSE(b.withoutJob().job());
    EXPECT_FALSE(CoroutineContext().dispatcher());
}

TEST(Scopes, AScopeOfOnesOwnCanAlwaysBeCancelled) {
    const CoroutineScope scope((CoroutineContext(CoroutineName("mine"))));
    ASSERT_TRUE(scope.job());
    EXPECT_TRUE(scope.isActive());
    scope.cancel("over");
    EXPECT_FALSE(scope.isActive());
    EXPECT_THROW(scope.ensureActive(), CancellationException);
    EXPECT_THROW(GlobalScope.cancel(), std::logic_error);
}

TEST(Scopes, ATaskLaunchesInTheScopeOfItsJob) {
    runTest([](CoroutineScope scope) -> Task<> {
        struct Helper {
            static Task<Job> start() {
                const CoroutineScope here = co_await currentScope();
                co_return here.launch([]() -> Task<> { co_await delay(1s); });
            }
        };
        const Job job = co_await Helper::start();
        EXPECT_EQ(job.parent(), scope.job());
        const Job own = co_await currentJob();
        EXPECT_EQ(own, scope.job());
        EXPECT_TRUE(co_await isActive());
    });
}

} // namespace
} // namespace coroscope::test
