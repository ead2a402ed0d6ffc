// SPDX-License-Identifier: Apache-2.0
// runCatching, cleanup that suspends, and results that can only be moved.
#include "Story.h"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

Task<int> give(int value) {
    co_await delay(1ms);
    co_return value;
}
Task<int> failInsteadOfGiving() {
    co_await delay(1ms);
    throw Boom("no value");
}
Task<> fail(const char* what) {
    co_await delay(1ms);
    throw Boom(what);
}

TEST(RunCatching, givesTheValueOrTheFailureOfATask) {
    runTest([]() -> Task<> {
        const Result<int> good = co_await runCatching(give(4));
        EXPECT_TRUE(good.isSuccess());
        EXPECT_EQ(good.getOrThrow(), 4);
        EXPECT_EQ(good.exceptionOrNull(), nullptr);
        const Result<int> bad = co_await runCatching(failInsteadOfGiving());
        EXPECT_TRUE(bad.isFailure());
        EXPECT_EQ(bad.getOrDefault(7), 7);
        EXPECT_EQ(messageOf(bad.exceptionOrNull()), "no value");
        EXPECT_THROW((void)bad.getOrThrow(), Boom);
        const Result<void> nothing = co_await runCatching(fail("x"));
        EXPECT_THROW(nothing.getOrThrow(), Boom);
        auto body = [] { return give(5); };
        const Result<int> ofBody = co_await runCatching(body);
        EXPECT_EQ(ofBody.getOrThrow(), 5);
    });
}

TEST(RunCatching, takesCodeThatDoesNotSuspend) {
    EXPECT_EQ(runCatching([] { return 3; }).getOrThrow(), 3);
    EXPECT_TRUE(runCatching([] {}).isSuccess());
    EXPECT_EQ(messageOf(runCatching([]() -> int { throw Boom("at once"); }).exceptionOrNull()), "at once");
    EXPECT_THROW((void)runCatching([] { throw CancellationException("stop"); }), CancellationException);
    EXPECT_EQ(*runCatching([] { return std::make_unique<int>(3); }).getOrThrow(), 3);
}

TEST(RunCatching, letsACancellationThrough) {
    runTest([](CoroutineScope scope) -> Task<> {
        bool wentOn = false;
        const Job job = scope.launch([&]() -> Task<> {
            (void)co_await runCatching(awaitCancellation());
            wentOn = true;
        });
        co_await yield();
        co_await job.cancelAndJoin();
        EXPECT_FALSE(wentOn);
        EXPECT_TRUE(job.isCancelled());
    });
}

TEST(RunCatching, theTrapItReplacesGoesOnInACancelledJob) {
    runTest([](CoroutineScope scope) -> Task<> {
        bool wentOn = false;
        const Job job = scope.launch([&]() -> Task<> {
            try {
                co_await awaitCancellation();
            } catch (const std::exception&) {
            }
            wentOn = true;
        });
        co_await yield();
        co_await job.cancelAndJoin();
        EXPECT_TRUE(wentOn);
    });
}

TEST(RunCatching, letsATimeoutThroughToItsOwner) {
    runTest([]() -> Task<> {
        auto body = []() -> Task<> {
            (void)co_await runCatching(awaitCancellation());
            ADD_FAILURE() << "went on after its time";
        };
        const bool inTime = co_await withTimeoutOrNull(5ms, body);
        EXPECT_FALSE(inTime);
    });
}

template <class F>
concept CanRunCatching = requires(F f) { runCatching(std::forward<F>(f)); };
struct Body {
    Task<int> operator()() const { return give(1); }
};
static_assert(CanRunCatching<Body&>);
static_assert(!CanRunCatching<Body>, "a temporary body would be gone before its task begins");

Task<> tell(std::vector<std::string>& told, std::string what) {
    co_await delay(5ms);
    told.push_back(std::move(what));
}
Task<int> tellAndGive(std::vector<std::string>& told, int value) {
    struct Local {
        std::vector<std::string>& told;
        ~Local() { told.push_back("local gone"); }
    };
    const Local local{told};
    co_await delay(1ms);
    told.push_back("work");
    co_return value;
}

TEST(WithCleanup, runsAfterAValueAndGivesIt) {
    runTest([]() -> Task<> {
        std::vector<std::string> told;
        const int value = co_await withCleanup(tellAndGive(told, 4), tell(told, "cleanup"));
        EXPECT_EQ(value, 4);
        EXPECT_EQ(told, (std::vector<std::string>{"work", "local gone", "cleanup"}));
    });
}

TEST(WithCleanup, runsAfterAFailureAndThrowsItOn) {
    runTest([]() -> Task<> {
        std::vector<std::string> told;
        std::exception_ptr e;
        try {
            co_await withCleanup(fail("work"), tell(told, "cleanup"));
        } catch (...) {
            e = std::current_exception();
        }
        EXPECT_EQ(messageOf(e), "work");
        EXPECT_EQ(told.size(), 1u);
    });
}

TEST(WithCleanup, suspendsInACancelledJobAndTheJobEndsCancelled) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::vector<std::string> told;
        const Job job = scope.launch(
            [&]() -> Task<> { co_await withCleanup(awaitCancellation(), tell(told, "cleanup")); });
        co_await yield();
        job.cancel("enough");
        EXPECT_TRUE(told.empty());
        co_await job.join();
        EXPECT_EQ(told.size(), 1u);
        EXPECT_TRUE(job.isCancelled());
        EXPECT_EQ(messageOf(job.getCancellationException()), "enough");
    });
}

TEST(WithCleanup, runsInAJobThatWasCancelledBeforeTheWorkBegan) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::vector<std::string> told;
        const Job job = scope.launch(CoroutineStart::Undispatched, [&](CoroutineScope own) -> Task<> {
            own.cancel();
            co_await withCleanup(awaitCancellation(), tell(told, "cleanup"));
        });
        co_await job.join();
        EXPECT_EQ(told.size(), 1u);
    });
}

TEST(WithCleanup, aValueSurvivesACancellationDuringTheCleanup) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::vector<std::string> told;
        int value = 0;
        const Job job = scope.launch(
            [&]() -> Task<> { value = co_await withCleanup(tellAndGive(told, 4), tell(told, "cleanup")); });
        co_await delay(3ms);
        co_await job.cancelAndJoin();
        EXPECT_EQ(told.size(), 3u);
        EXPECT_EQ(value, 4) << "as after Kotlin's finally";
        EXPECT_TRUE(job.isCancelled());
    });
}

TEST(WithCleanup, S038_aFailureInCleanupIsNotLost) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::exception_ptr e;
        try {
            co_await withCleanup(fail("work"), fail("cleanup"));
        } catch (...) {
            e = std::current_exception();
        }
        EXPECT_EQ(messageOf(e), "work");
        const std::vector<std::exception_ptr> suppressed = suppressedExceptions(e);
        EXPECT_EQ(suppressed.size(), 1u);
        EXPECT_EQ(suppressed.empty() ? "" : messageOf(suppressed.front()), "cleanup");

        const CoroutineScope own(scope.context() + SupervisorJob());
        const Deferred<void> job =
            own.async([]() -> Task<> { co_await withCleanup(awaitCancellation(), fail("cleanup")); });
        co_await yield();
        co_await job.cancelAndJoin();
        EXPECT_EQ(messageOf(job.getCompletionExceptionOrNull()), "cleanup");
        own.cancel();
    });
}

// Results that can only be moved come through everything that gives a result.

using Only = std::unique_ptr<int>;
Task<Only> makeOnly() {
    co_await delay(1ms);
    co_return std::make_unique<int>(4);
}

TEST(MoveOnlyResults, comeThroughScopesTimeoutsContextsAndCallbacks) {
    runTest([](CoroutineScope scope) -> Task<> {
        const Only direct = co_await makeOnly();
        EXPECT_EQ(*direct, 4);
        const Only scoped = co_await coroutineScope(&makeOnly);
        EXPECT_EQ(*scoped, 4);
        const Only supervised = co_await supervisorScope(&makeOnly);
        EXPECT_EQ(*supervised, 4);
        const Only there = co_await withContext(Dispatchers::Default(), &makeOnly);
        EXPECT_EQ(*there, 4);
        const Only inTime = co_await withTimeout(1s, &makeOnly);
        EXPECT_EQ(*inTime, 4);
        const std::optional<Only> perhaps = co_await withTimeoutOrNull(1s, &makeOnly);
        EXPECT_TRUE(perhaps && **perhaps == 4);
        Deferred<Only> deferred = scope.async(&makeOnly);
        const Only awaited = co_await std::move(deferred).await();
        EXPECT_EQ(*awaited, 4);
        const Only caught = (co_await runCatching(makeOnly())).getOrThrow();
        EXPECT_EQ(*caught, 4);
        std::vector<std::string> told;
        const Only cleaned = co_await withCleanup(makeOnly(), tell(told, "cleanup"));
        EXPECT_EQ(*cleaned, 4);
        auto block = [](CancellableContinuation<Only> c) { c.resume(std::make_unique<int>(4)); };
        const Only called = co_await suspendCancellableCoroutine<Only>(block);
        EXPECT_EQ(*called, 4);
        const auto completed = newCompletableDeferred<Only>();
        completed.complete(std::make_unique<int>(4));
        EXPECT_EQ(*completed.getCompleted(), 4);
    });
    EXPECT_EQ(*runBlocking([] { return makeOnly(); }), 4);
}

static_assert(!std::is_copy_constructible_v<Task<int>>);
static_assert(std::is_nothrow_move_constructible_v<Task<int>>);

} // namespace
} // namespace coroscope::test
