// SPDX-License-Identifier: Apache-2.0
// Jobs, their handlers and their tree, beyond what tests/conformance prints.
#include "Story.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <regex>
#include <utility>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

TEST(Job, S002_OnlyTheFirstStartOfANewJobAnswersTrue) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch(CoroutineStart::Lazy, []() -> Task<> { co_return; });
        EXPECT_EQ(job.state(), JobState::New);
        EXPECT_TRUE(job.start());
        EXPECT_FALSE(job.start());
        co_await job.join();
        EXPECT_FALSE(job.start());
    });
}

TEST(Job, S003_CancellingANewJobEndsItAndDestroysItsCallable) {
    runTest([](CoroutineScope scope) -> Task<> {
        auto alive = std::make_shared<int>(1);
        const std::weak_ptr<int> watched = alive;
        bool ran = false;
        const Job job =
            scope.launch(CoroutineStart::Lazy, [alive = std::move(alive), &ran](CoroutineScope) -> Task<> {
                ran = true;
                co_return;
            });
        EXPECT_FALSE(watched.expired());
        job.cancel("never mind");
        EXPECT_EQ(job.state(), JobState::Cancelled);
        EXPECT_TRUE(watched.expired());
        EXPECT_FALSE(ran);
        co_return;
    });
}

/// Its last code is the destructor of its callable, which may still make others wait for the job.
TEST(Job, S003_WhatComesToANewJobWhileItIsCancelledIsHeard) {
    runTest([](CoroutineScope scope) -> Task<> {
        struct AtTheEnd {
            std::function<void()> does;
            ~AtTheEnd() {
                if (does)
                    does();
            }
            explicit AtTheEnd(std::function<void()> f)
                : does(std::move(f)) {}
            AtTheEnd(AtTheEnd&& other) noexcept
                : does(std::exchange(other.does, nullptr)) {}
        };
        Job self;
        bool told = false, cancelledBefore = false, endedBefore = true;
        Job child;
        self = scope.launch(CoroutineStart::Lazy,
                            [last = AtTheEnd([&] {
                                 cancelledBefore = self.isCancelled();
                                 endedBefore = self.isCompleted();
                                 child = scope.launch(self, []() -> Task<> { co_await delay(1h); });
                                 self.invokeOnCompletion([&] { told = child.isCompleted(); });
                             })](CoroutineScope) -> Task<> { co_return; });
        self.cancel("never mind");
        EXPECT_TRUE(cancelledBefore);
        EXPECT_FALSE(endedBefore);
        EXPECT_TRUE(child.isCancelled());
        co_await self.join();
        EXPECT_TRUE(told);
        EXPECT_EQ(self.state(), JobState::Cancelled);
        EXPECT_EQ(messageOf(self.getCancellationException()), "never mind");
    });
}

TEST(Job, S003_ANewJobThatIsTheLastOfItsParentEndsIt) {
    runTest([](CoroutineScope scope) -> Task<> {
        const CompletableJob parent = newJob(scope.job());
        for (int i = 0; i < 100; ++i)
            (void)scope.launch(parent, CoroutineStart::Lazy, []() -> Task<> { co_return; });
        EXPECT_EQ(parent.children().size(), 100u);
        parent.complete();
        EXPECT_FALSE(parent.isCompleted());
        parent.cancelChildren();
        EXPECT_TRUE(parent.isCompleted());
        EXPECT_FALSE(parent.isCancelled());
        co_return;
    });
}

TEST(Job, S007_AnEndedJobHasNoParent) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch([]() -> Task<> { co_return; });
        EXPECT_EQ(job.parent(), scope.job());
        co_await job.join();
        EXPECT_FALSE(job.parent());
        EXPECT_TRUE(scope.job().children().empty());
    });
}

TEST(Job, S008_TheCancellationOfAFailureNamesItAsCause) {
    const auto d = newCompletableDeferred<int>();
    EXPECT_THROW(static_cast<void>(d.getCancellationException()), std::logic_error);
    const auto failure = std::make_exception_ptr(Boom("broken"));
    EXPECT_TRUE(d.completeExceptionally(failure));
    const auto cancellation = d.getCancellationException();
    ASSERT_TRUE(cancellationIn(cancellation));
    EXPECT_EQ(cancellationIn(cancellation)->cause(), failure);
    EXPECT_EQ(d.getCompletionExceptionOrNull(), failure);
}

TEST(Job, S011_PrintsInTheShapeOfKotlinsDumps) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Job job =
            scope.launch(CoroutineName("charge"), []() -> Task<> { co_await awaitCancellation(); });
        co_await yield();
        const std::string running = job.toString();
        EXPECT_TRUE(std::regex_match(
            running, std::regex(R"("charge#[0-9]+":StandaloneCoroutine\{Active\}@[0-9a-f]+)")))
            << running;
        co_await job.cancelAndJoin();
        EXPECT_THAT(job.toString(), testing::HasSubstr("{Cancelled}@"));
        EXPECT_THAT(newJob().toString(), testing::StartsWith("JobImpl{Active}@"));
    });
}

TEST(Job, S012_HandlersRunInOrderOnTheThreadThatCompletes) {
    const CompletableJob job = newJob();
    Story story;
    job.invokeOnCompletion([&] { story.expect(2); });
    job.invokeOnCompletion([&](const std::exception_ptr& cause) {
        EXPECT_FALSE(cause);
        story.expect(3);
    });
    story.expect(1);
    EXPECT_TRUE(job.complete());
    story.expect(4);
    job.invokeOnCompletion([&] { story.expect(5); });
    story.finish(6);
}

TEST(Job, S014_ACancellingHandlerRunsOnceAndAtOnceIfLate) {
    runTest([](CoroutineScope scope) -> Task<> {
        int calls = 0;
        const Job job = scope.launch([]() -> Task<> {
            auto cleanup = []() -> Task<> { co_await delay(10ms); };
            co_await withContext(NonCancellable(), cleanup);
        });
        job.invokeOnCancelling([&] { ++calls; });
        co_await yield();
        job.cancel("one");
        job.cancel("two");
        EXPECT_EQ(calls, 1);
        job.invokeOnCancelling([&] { calls += 10; });
        EXPECT_EQ(calls, 11);
        co_await job.join();
        EXPECT_EQ(calls, 11);
    });
}

TEST(Job, S015_AHandlerTakesBackOneThatHasNotRunWhileCancelling) {
    const CompletableJob parent = newJob();
    const CompletableJob child = newJob(parent);
    bool second = false;
    DisposableHandle handle;
    parent.invokeOnCancelling([&] { handle.dispose(); });
    handle = parent.invokeOnCancelling([&] { second = true; });
    parent.cancel();
    EXPECT_FALSE(second);
    EXPECT_EQ(child.state(), JobState::Cancelled);
}

TEST(Job, S016_AThrowingHandlerStopsNoOtherAndIsReportedOnceWithTheRest) {
    std::vector<std::exception_ptr> reported;
    const UncaughtHere uncaught(
        [&](const CoroutineContext&, std::exception_ptr e) { reported.push_back(e); });
    const CompletableJob job = newJob();
    bool last = false;
    job.invokeOnCompletion([] { throw Boom("one"); });
    job.invokeOnCompletion([] { throw Boom("two"); });
    job.invokeOnCompletion([&] { last = true; });
    job.complete();
    EXPECT_TRUE(last);
    ASSERT_EQ(reported.size(), 1u);
    EXPECT_EQ(messageOf(reported[0]), "one");
    const auto rest = suppressedExceptions(reported[0]);
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(messageOf(rest[0]), "two");
}

TEST(Job, S021_LaunchingIntoACancelledParentGivesACancelledJobWhoseHandlersFire) {
    runTest([](CoroutineScope scope) -> Task<> {
        const CompletableJob dead = newJob();
        dead.cancel("dead");
        bool ran = false;
        std::string cause;
        const Job job = scope.launch(dead, [&ran](CoroutineScope) -> Task<> {
            ran = true;
            co_return;
        });
        job.invokeOnCompletion([&](const std::exception_ptr& e) { cause = messageOf(e); });
        EXPECT_TRUE(job.isCancelled());
        co_await job.join();
        EXPECT_FALSE(ran);
        EXPECT_EQ(cause, "dead");
    });
}

TEST(Job, S024_CancelReachesAllDescendantsInsideTheCall) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::vector<Job> all;
        all.push_back(scope.launch([&all](CoroutineScope a) -> Task<> {
            all.push_back(a.launch([&all](CoroutineScope b) -> Task<> {
                all.push_back(b.launch([](CoroutineScope) -> Task<> { co_await awaitCancellation(); }));
                co_await awaitCancellation();
            }));
            co_await awaitCancellation();
        }));
        co_await delay(1ms);
        EXPECT_EQ(all.size(), 3u);
        all.front().cancel("stop");
        for (const Job& job : all)
            EXPECT_EQ(job.state(), JobState::Cancelling);
        co_await all.front().join();
    });
}

TEST(Job, S026_AFailureCancelsTheSiblingsBeforeTheFailedChildHasEnded) {
    runTest([](CoroutineScope) -> Task<> {
        auto body = [](CoroutineScope supervisor) -> Task<> {
            bool siblingTold = false;
            const Job parent = supervisor.launch(
                CoroutineExceptionHandler([](const CoroutineContext&, std::exception_ptr) {}),
                [&siblingTold](CoroutineScope inner) -> Task<> {
                    const Job sibling =
                        inner.launch([](CoroutineScope) -> Task<> { co_await awaitCancellation(); });
                    const Job failing = inner.launch([](CoroutineScope) -> Task<> {
                        co_await yield();
                        throw Boom("x");
                    });
                    sibling.invokeOnCancelling([&siblingTold, failing] {
                        siblingTold = true;
                        EXPECT_FALSE(failing.isCompleted());
                    });
                    co_await awaitCancellation();
                });
            co_await parent.join();
            EXPECT_TRUE(siblingTold);
            EXPECT_EQ(parent.state(), JobState::Failed);
        };
        co_await supervisorScope(body);
    });
}

TEST(Job, S028_CompletingTwiceAnswersFalse) {
    const CompletableJob job = newJob();
    EXPECT_TRUE(job.complete());
    EXPECT_FALSE(job.complete());
    EXPECT_FALSE(job.completeExceptionally(std::make_exception_ptr(Boom("late"))));
    EXPECT_EQ(job.state(), JobState::Completed);
}

TEST(Job, S031_TheFirstCompletionOfADeferredWins) {
    const auto d = newCompletableDeferred<std::unique_ptr<int>>();
    EXPECT_TRUE(d.complete(std::make_unique<int>(7)));
    EXPECT_FALSE(d.complete(std::make_unique<int>(8)));
    EXPECT_EQ(*d.getCompleted(), 7);
    runTest([d](CoroutineScope) -> Task<> {
        auto mine = d;
        const std::unique_ptr<int> value = co_await std::move(mine).await();
        EXPECT_EQ(*value, 7);
    });
}

TEST(Job, S033_CancelAndJoinWaitsForTheCleanup) {
    runTest([](CoroutineScope scope) -> Task<> {
        bool cleaned = false;
        const Job job = scope.launch([&cleaned](CoroutineScope) -> Task<> {
            bool cancelled = false;
            try {
                co_await awaitCancellation();
            } catch (const CancellationException&) {
                cancelled = true;
            }
            if (cancelled) {
                auto cleanup = [&cleaned]() -> Task<> {
                    co_await delay(50ms);
                    cleaned = true;
                };
                co_await withContext(NonCancellable(), cleanup);
            }
        });
        co_await yield();
        co_await job.cancelAndJoin("enough");
        EXPECT_TRUE(cleaned);
        EXPECT_EQ(job.state(), JobState::Cancelled);
    });
}

TEST(Job, S034_NonCancellableHasNoChildrenAndCutsTheLink) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch(NonCancellable(), []() -> Task<> { co_await delay(1ms); });
        EXPECT_FALSE(job.parent());
        const auto deferred = newCompletableDeferred<int>(NonCancellable());
        EXPECT_FALSE(deferred.parent());
        EXPECT_TRUE(NonCancellable().children().empty());
        EXPECT_TRUE(NonCancellable().isActive());
        NonCancellable().cancel("in vain");
        EXPECT_TRUE(NonCancellable().isActive());
        co_await job.join();
    });
}

TEST(Job, S035_GlobalScopeAndAFreshJobMakeRoots) {
    runTest([](CoroutineScope scope) -> Task<> {
        const DispatcherPtr dispatcher = scope.context().dispatcher();
        const Job global = GlobalScope.launch(dispatcher, []() -> Task<> { co_await yield(); });
        EXPECT_FALSE(global.parent());
        const CompletableJob fresh = newJob();
        const Job island = scope.launch(fresh, []() -> Task<> { co_await yield(); });
        EXPECT_EQ(island.parent(), fresh);
        EXPECT_FALSE(fresh.parent());
        EXPECT_TRUE(scope.job().children().empty());
        co_await global.join();
        co_await island.join();
    });
}

} // namespace
} // namespace coroscope::test
