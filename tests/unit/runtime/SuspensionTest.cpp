// SPDX-License-Identifier: Apache-2.0
// Suspending, resuming, and what cancellation does in between.
#include "Story.h"

#include <optional>
#include <thread>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

TEST(Suspension, S056_CancelledAfterTheResumeTheValueIsLost) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::optional<CancellableContinuation<int>> kept;
        int delivered = 0;
        const Job job = scope.launch(CoroutineStart::Undispatched, [&](CoroutineScope) -> Task<> {
            delivered = co_await suspendCancellableCoroutine<int>(
                [&kept](CancellableContinuation<int> c) { kept = c; });
        });
        kept->resume(7);
        job.cancel("too late for the value");
        co_await job.join();
        EXPECT_EQ(delivered, 0);
        EXPECT_EQ(job.state(), JobState::Cancelled);
    });
}

TEST(Suspension, S058_AwaitThrowsTheDeferredsOwnExceptionNotTheCallersLaterCancellation) {
    runTest([](CoroutineScope scope) -> Task<> {
        const auto d = newCompletableDeferred<int>();
        std::string what;
        const Job job = scope.launch(CoroutineStart::Undispatched, [&](CoroutineScope) -> Task<> {
            try {
                const int n = co_await d.await();
                static_cast<void>(n);
            } catch (const std::exception& e) {
                what = e.what();
            }
        });
        d.completeExceptionally(std::make_exception_ptr(Boom("own")));
        job.cancel("later");
        co_await job.join();
        EXPECT_EQ(what, "own");
    });
}

TEST(Suspension, S061_ASecondResumeIsAnErrorUnlessCancelled) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::optional<CancellableContinuation<void>> kept;
        auto waits = [&kept](CoroutineScope) -> Task<> {
            co_await suspendCancellableCoroutine<void>(
                [&kept](CancellableContinuation<void> c) { kept = c; });
        };
        const Job first = scope.launch(CoroutineStart::Undispatched, waits);
        EXPECT_TRUE(kept->isActive());
        kept->resume();
        EXPECT_FALSE(kept->isActive());
        EXPECT_THROW(kept->resume(), std::logic_error);
        co_await first.join();
        EXPECT_THROW(kept->resume(), std::logic_error);
        const Job second = scope.launch(CoroutineStart::Undispatched, waits);
        second.cancel();
        EXPECT_NO_THROW(kept->resume());
        co_await second.join();
        EXPECT_EQ(second.state(), JobState::Cancelled);
    });
}

TEST(Suspension, AResumeInsideTheBlockDoesNotSuspend) {
    runTest([](CoroutineScope scope) -> Task<> {
        Story story;
        const Job other = scope.launch([&story](CoroutineScope) -> Task<> {
            story.finish(3);
            co_return;
        });
        story.expect(1);
        const int n =
            co_await suspendCancellableCoroutine<int>([](CancellableContinuation<int> c) { c.resume(5); });
        EXPECT_EQ(n, 5);
        story.expect(2);
        co_await other.join();
    });
}

TEST(Suspension, CancellingCallsTheContinuationsHandlerInsideTheCall) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::string cause;
        const Job job = scope.launch(CoroutineStart::Undispatched, [&cause](CoroutineScope) -> Task<> {
            co_await suspendCancellableCoroutine<void>([&cause](CancellableContinuation<void> c) {
                c.invokeOnCancellation([&cause](const std::exception_ptr& e) { cause = messageOf(e); });
            });
        });
        job.cancel("abort it");
        EXPECT_EQ(cause, "abort it");
        co_await job.join();
    });
}

TEST(Suspension, AFailureOfTheBlockIsThrownByTheCoAwait) {
    runTest([](CoroutineScope) -> Task<> {
        bool thrown = false;
        try {
            co_await suspendCancellableCoroutine<void>(
                [](CancellableContinuation<void>) { throw Boom("block"); });
        } catch (const Boom&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        co_await delay(1ms);
    });
}

TEST(Suspension, AContinuationResumedOnAnotherThreadComesBackToItsDispatcher) {
    const auto mine = std::this_thread::get_id();
    runBlocking([mine](CoroutineScope) -> Task<> {
        std::thread helper;
        const int n = co_await suspendCancellableCoroutine<int>(
            [&helper](CancellableContinuation<int> c) { helper = std::thread([c] { c.resume(9); }); });
        EXPECT_EQ(n, 9);
        EXPECT_EQ(std::this_thread::get_id(), mine);
        helper.join();
    });
}

TEST(Suspension, ACancelledDelayLeavesTheClockAlone) {
    runTest([](TestScope scope) -> Task<> {
        const Job job = scope.launch([]() -> Task<> { co_await delay(1h); });
        co_await delay(1s);
        co_await job.cancelAndJoin();
        scope.advanceUntilIdle();
        EXPECT_EQ(scope.currentTime(), 1s);
    });
}

TEST(Suspension, AwaitAllGivesAllResultsOrTheFirstFailure) {
    runTest([](TestScope scope) -> Task<> {
        std::vector<Deferred<int>> all;
        for (int i = 1; i <= 3; ++i) {
            all.push_back(scope.async([i](CoroutineScope) -> Task<int> {
                co_await delay(std::chrono::seconds(4 - i));
                co_return i;
            }));
        }
        const std::vector<int> results = co_await awaitAll(all);
        EXPECT_EQ(results, (std::vector<int>{1, 2, 3}));
        EXPECT_EQ(scope.currentTime(), 3s);

        const auto never = newCompletableDeferred<int>();
        const auto fails = newCompletableDeferred<int>();
        std::vector<Deferred<int>> mixed;
        mixed.push_back(never);
        mixed.push_back(fails);
        fails.completeExceptionally(std::make_exception_ptr(Boom("first")));
        bool thrown = false;
        try {
            const std::vector<int> none = co_await awaitAll(mixed);
            static_cast<void>(none);
        } catch (const Boom&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        never.complete(1);
    });
}

struct CannotBeCopied {
    CannotBeCopied() = default;
    CannotBeCopied(CannotBeCopied&&) = default;
    CannotBeCopied(const CannotBeCopied&) { throw Boom("copied"); }
};

TEST(Suspension, S061_AValueWhoseCopyThrowsHasNotBeenGiven) {
    runTest([]() -> Task<> {
        auto failed = false;
        auto resumeTwice = [](const CancellableContinuation<CannotBeCopied>& continuation) {
            const CannotBeCopied value;
            EXPECT_THROW(continuation.resume(value), Boom);
            EXPECT_TRUE(continuation.isActive());
            continuation.resumeWithException(std::make_exception_ptr(Boom("instead")));
        };
        try {
            co_await suspendCancellableCoroutine<CannotBeCopied>(resumeTwice);
        } catch (const Boom&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
    });
}

TEST(Suspension, S031_ADeferredWhoseValueCannotBeMadeIsNotCompleted) {
    const auto deferred = newCompletableDeferred<CannotBeCopied>();
    const CannotBeCopied value;
    EXPECT_THROW(deferred.complete(value), Boom);
    EXPECT_FALSE(deferred.isCompleted());
    EXPECT_TRUE(deferred.completeExceptionally(std::make_exception_ptr(Boom("instead"))));
    EXPECT_EQ(messageOf(deferred.getCompletionExceptionOrNull()), "instead");
}

TEST(Suspension, AContinuationWhoseBlockThrewResumesNothing) {
    runTest([](CoroutineScope) -> Task<> {
        std::optional<CancellableContinuation<int>> kept;
        const auto fails = [&kept](CancellableContinuation<int> c) {
            kept = c;
            throw Boom("block");
        };
        bool thrown = false;
        try {
            co_await suspendCancellableCoroutine<int>(fails);
        } catch (const Boom&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_FALSE(kept->isActive());
        const int n = co_await suspendCancellableCoroutine<int>([&kept](CancellableContinuation<int> c) {
            kept->resume(1);
            EXPECT_TRUE(c.isActive());
            c.resume(2);
        });
        EXPECT_EQ(n, 2);
    });
}

TEST(Suspension, AContinuationMayOutliveItsJob) {
    std::optional<CancellableContinuation<int>> resumed, cancelled;
    runTest([&](CoroutineScope scope) -> Task<> {
        scope.launch(CoroutineStart::Undispatched, [&resumed](CoroutineScope) -> Task<> {
            co_await suspendCancellableCoroutine<int>(
                [&resumed](CancellableContinuation<int> c) { resumed = c; });
        });
        const Job job = scope.launch(CoroutineStart::Undispatched, [&cancelled](CoroutineScope) -> Task<> {
            co_await suspendCancellableCoroutine<int>(
                [&cancelled](CancellableContinuation<int> c) { cancelled = c; });
        });
        EXPECT_TRUE(resumed->isActive());
        resumed->resume(1);
        EXPECT_TRUE(cancelled->isActive());
        job.cancel();
        EXPECT_FALSE(cancelled->isActive());
        co_return;
    });
    EXPECT_FALSE(resumed->isActive());
    EXPECT_THROW(resumed->resume(2), std::logic_error);
    bool told = false;
    cancelled->invokeOnCancellation([&told](const std::exception_ptr&) { told = true; });
    EXPECT_TRUE(told);
    EXPECT_FALSE(cancelled->isActive());
    EXPECT_NO_THROW(cancelled->resume(2));
}

} // namespace
} // namespace coroscope::test
