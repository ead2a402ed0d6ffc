// SPDX-License-Identifier: Apache-2.0
#include "Story.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

std::string reasonOf(const Job& job) {
    const std::exception_ptr e = job.getCancellationException();
    return cancellationIn(e)->what();
}

TEST(CancelOnStop, AStopCancelsTheJobAndAllBelowItInsideTheCall) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::stop_source source;
        Job below;
        const Job job = scope.launch(CoroutineStart::Undispatched, [&below](CoroutineScope own) -> Task<> {
            below = own.launch([]() -> Task<> { co_await awaitCancellation(); });
            co_await awaitCancellation();
        });
        cancelOnStop(job, source.get_token(), "shutdown");
        EXPECT_TRUE(job.isActive());
        source.request_stop();
        EXPECT_TRUE(job.isCancelled());
        EXPECT_TRUE(below.isCancelled());
        co_await job.join();
        EXPECT_EQ(reasonOf(job), "shutdown");
    });
}

TEST(CancelOnStop, AStopThatWasRequestedBeforeCancelsAtOnce) {
    std::stop_source source;
    source.request_stop();
    const CompletableJob job = newJob();
    cancelOnStop(job, source.get_token());
    EXPECT_TRUE(job.isCancelled());
    EXPECT_EQ(reasonOf(job), "Stop requested");
}

TEST(CancelOnStop, ATokenThatCannotBeStoppedOrComesTooLateDoesNothing) {
    const CompletableJob job = newJob();
    cancelOnStop(job, std::stop_token());
    EXPECT_TRUE(job.isActive());
    job.complete();
    std::stop_source source;
    cancelOnStop(job, source.get_token());
    source.request_stop();
    EXPECT_FALSE(job.isCancelled());
}

TEST(CancelOnStop, DisposedOfItDoesNothingAnyMore) {
    std::stop_source source;
    const CompletableJob job = newJob();
    DisposableHandle handle = cancelOnStop(job, source.get_token());
    handle.dispose();
    source.request_stop();
    EXPECT_TRUE(job.isActive());
    job.cancel();
}

TEST(CancelOnStop, AStopMayBeRequestedFromWithinTheJob) {
    runTest([](CoroutineScope scope) -> Task<> {
        std::stop_source source;
        const Job running = scope.launch([&](CoroutineScope own) -> Task<> {
            cancelOnStop(own.job(), source.get_token());
            source.request_stop();
            EXPECT_FALSE(own.isActive());
            co_await yield();
            ADD_FAILURE() << "not cancelled";
        });
        co_await running.join();
        EXPECT_TRUE(running.isCancelled());
    });
}

/// The job goes on, and ends, inside request_stop(): so the callback is destroyed while it runs.
TEST(CancelOnStop, AJobMayEndInsideTheStop) {
    std::stop_source source;
    const CoroutineScope scope{CoroutineContext(Dispatchers::Unconfined())};
    const Job job = scope.launch([]() -> Task<> { co_await awaitCancellation(); });
    cancelOnStop(job, source.get_token());
    source.request_stop();
    EXPECT_TRUE(job.isCompleted());
    scope.cancel();
}

/// The end of the job on one thread does not wait for the stop on another, nor that for it.
TEST(CancelOnStop, AStopMayWaitForTheEndOfTheJobThatItCancels) {
    std::stop_source source;
    const auto pool = newSingleThreadContext("stopped");
    const CoroutineScope scope{CoroutineContext(pool)};
    // Waiting before the handler is there: handlers are called in order, and what wakes the job is one.
    const Job job =
        scope.launch(CoroutineStart::Undispatched, []() -> Task<> { co_await awaitCancellation(); });
    job.invokeOnCancelling(
        [&job] { runBlocking([&job](CoroutineScope) -> Task<> { co_await job.join(); }); });
    cancelOnStop(job, source.get_token());
    source.request_stop();
    EXPECT_TRUE(job.isCompleted());
    scope.cancel();
    pool->close();
}

TEST(CancelOnStop, KeepsNoJobThatNobodyHolds) {
    std::stop_source source;
    auto guard = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = guard;
    {
        const CompletableJob job = newJob();
        job.invokeOnCompletion([guard = std::move(guard)] { EXPECT_EQ(*guard, 0) << "never called"; });
        cancelOnStop(job, source.get_token());
    }
    EXPECT_TRUE(watched.expired());
    source.request_stop();
}

TEST(CancelOnStop, OneTokenStopsManyAndOneJobHasManyTokens) {
    std::stop_source one, other;
    const CompletableJob a = newJob(), b = newJob();
    for (const CompletableJob& job : {a, b}) {
        cancelOnStop(job, one.get_token(), "one");
        cancelOnStop(job, other.get_token(), "other");
    }
    other.request_stop();
    one.request_stop();
    EXPECT_EQ(reasonOf(a), "other");
    EXPECT_EQ(reasonOf(b), "other");
}

TEST(StopOnCancel, IsStoppedWhenTheJobIsCancelledOrFailsAndOnlyThen) {
    const CompletableJob cancelled = newJob(), failed = newJob(), done = newJob();
    const StopOnCancel ofCancelled(cancelled), ofFailed(failed), ofDone(done);
    EXPECT_FALSE(ofCancelled.token().stop_requested());
    cancelled.cancel();
    failed.completeExceptionally(std::make_exception_ptr(Boom("x")));
    done.complete();
    EXPECT_TRUE(ofCancelled.token().stop_requested());
    EXPECT_TRUE(ofFailed.token().stop_requested());
    EXPECT_FALSE(ofDone.token().stop_requested());
    EXPECT_TRUE(StopOnCancel(cancelled).token().stop_requested());
}

TEST(StopOnCancel, ItsTokenCannotBeStoppedOnceItIsGone) {
    const CompletableJob job = newJob();
    std::stop_token token;
    {
        const StopOnCancel stop(job);
        token = stop.token();
        EXPECT_TRUE(token.stop_possible());
    }
    EXPECT_FALSE(token.stop_possible());
    job.cancel();
    EXPECT_FALSE(token.stop_requested());
}

TEST(StopOnCancel, BothBridgesInACircleStopEachOther) {
    const CompletableJob a = newJob(), b = newJob();
    const StopOnCancel ofA(a), ofB(b);
    cancelOnStop(a, ofB.token());
    cancelOnStop(b, ofA.token());
    b.cancel("first");
    EXPECT_TRUE(a.isCompleted());
    EXPECT_TRUE(b.isCompleted());
    EXPECT_EQ(reasonOf(b), "first");
}

TEST(RunInterruptible, ABlockingWaitEndsWhenTheCoroutineIsCancelled) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        std::mutex mutex;
        std::condition_variable_any never;
        std::atomic<bool> waits{false};
        const Job job = scope.launch([&](CoroutineScope) -> Task<> {
            auto take = [&](std::stop_token stop) {
                std::unique_lock lock(mutex);
                waits = true;
                never.wait(lock, stop, [] { return false; });
                EXPECT_TRUE(stop.stop_requested());
                return 1;
            };
            const int n = co_await runInterruptible(Dispatchers::IO(), take);
            ADD_FAILURE() << "got " << n;
        });
        while (!waits)
            co_await delay(1ms);
        co_await job.cancelAndJoin();
        EXPECT_TRUE(job.isCancelled());
    });
}

TEST(RunInterruptible, ItsValueComesBackAndSoDoesItsFailure) {
    runBlocking([](CoroutineScope) -> Task<> {
        auto four = [](std::stop_token stop) { return stop.stop_possible() ? 4 : 0; };
        const int n = co_await runInterruptible(Dispatchers::IO(), four);
        EXPECT_EQ(n, 4);
        auto nothing = [](std::stop_token) {};
        co_await runInterruptible(CoroutineContext(), nothing);
        bool failed = false;
        auto fails = [](std::stop_token) { throw Boom("inside"); };
        try {
            co_await runInterruptible(Dispatchers::IO(), fails);
        } catch (const Boom&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
    });
}

TEST(RunInterruptible, AJthreadRunsCoroutinesAndItsStopEndsThem) {
    std::atomic<bool> serves{false};
    std::optional<std::string> reason;
    {
        std::jthread worker([&](std::stop_token stop) {
            try {
                runBlocking([&, stop](CoroutineScope scope) -> Task<> {
                    cancelOnStop(scope.job(), stop, "the thread shall end");
                    serves = true;
                    co_await awaitCancellation();
                });
            } catch (const CancellationException& e) {
                reason = e.what();
            }
        });
        while (!serves)
            std::this_thread::yield();
    } // asks it to stop, and joins
    EXPECT_EQ(reason, "the thread shall end");
}

} // namespace
} // namespace coroscope::test
