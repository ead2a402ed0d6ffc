// SPDX-License-Identifier: Apache-2.0
// Cancellations that are caught, kept, renamed, waited out or overtaken, and none of them swallowed.
#include "Program.h"

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace healthy {

namespace {

// How most of them go: a child that is stopped in the middle of its work.

template <class F>
Task<> launchAndStop(Program& program, F body) {
    const Job job = program.scope.launch(std::move(body));
    co_await delay(between(1ms, 20ms));
    co_await job.cancelAndJoin("not needed any more");
    expect(job.isCancelled(), "a job that was stopped is cancelled");
}

Task<> sayGoodbye() {
    co_await delay(between(1ms, 10ms));
}

Task<> sayGoodbyeShielded() {
    auto body = [] { return sayGoodbye(); };
    co_await withContext(NonCancellable(), body);
}

Task<> caughtLeftTheHandlerCleanedUpRethrown() {
    std::exception_ptr how;
    try {
        co_await workForEver();
    } catch (...) {
        how = std::current_exception();
    }
    co_await sayGoodbyeShielded();
    std::rethrow_exception(how);
}
Task<> cleansUpAfterTheHandler(Program& program) {
    return launchAndStop(program, [] { return caughtLeftTheHandlerCleanedUpRethrown(); });
}

Task<std::exception_ptr> outcomeOf(Task<> task) {
    std::exception_ptr how;
    try {
        co_await std::move(task);
    } catch (...) {
        how = std::current_exception();
    }
    co_return how;
}
Task<> outcomeComesBackAsAValue() {
    const std::exception_ptr how = co_await outcomeOf(workForEver());
    co_await sayGoodbyeShielded();
    if (how)
        std::rethrow_exception(how);
}
Task<> passesTheExceptionThroughItsTasks(Program& program) {
    return launchAndStop(program, [] { return outcomeComesBackAsAValue(); });
}

Task<> looksAtItAndThrowsItOn() {
    try {
        co_await workForEver();
    } catch (const CancellationException& e) {
        expect(std::string_view(e.what()) == "not needed any more", "the reason arrives");
        throw;
    }
}
Task<> noticesTheCancellation(Program& program) {
    return launchAndStop(program, [] { return looksAtItAndThrowsItOn(); });
}

Task<> caughtAsACopy() {
    std::optional<CancellationException> copy;
    try {
        co_await workForEver();
    } catch (const CancellationException& e) {
        copy = e;
    }
    co_await sayGoodbyeShielded();
    throw CancellationException(*copy);
}
Task<> throwsACopy(Program& program) {
    return launchAndStop(program, [] { return caughtAsACopy(); });
}

Task<> caughtAndRenamed() {
    try {
        co_await workForEver();
    } catch (const CancellationException& e) {
        throw CancellationException(std::string("the connection was closed: ") + e.what());
    }
}
Task<> givesTheCancellationAnotherName(Program& program) {
    return launchAndStop(program, [] { return caughtAndRenamed(); });
}

Task<> caughtBroadlyThenAskedFor() {
    for (;;) {
        try {
            co_await workForEver();
        } catch (const std::exception&) {
            // A failure would be tried again.
        }
        co_await ensureActive();
    }
}
Task<> catchesBroadlyAndAsks(Program& program) {
    return launchAndStop(program, [] { return caughtBroadlyThenAskedFor(); });
}

Task<> retriedUnlessCancelled() {
    for (int attempt = 0;; ++attempt) {
        try {
            if (attempt < 2)
                co_await failSoon();
            co_await workForEver();
        } catch (const CancellationException&) {
            throw;
        } catch (const std::exception&) {
        }
        co_await delay(1ms);
    }
}
Task<> retriesFailuresOnly(Program& program) {
    return launchAndStop(program, [] { return retriedUnlessCancelled(); });
}

struct LastSeen {
    std::mutex mutex;
    std::exception_ptr exception;
};
LastSeen& lastSeen() {
    static LastSeen instance;
    return instance;
}
Task<> keptBeyondTheJob() {
    try {
        co_await workForEver();
    } catch (...) {
        const std::lock_guard lock(lastSeen().mutex);
        lastSeen().exception = std::current_exception();
        throw;
    }
}
Task<> remembersTheLastException(Program& program) {
    return launchAndStop(program, [] { return keptBeyondTheJob(); });
}

Task<> nestedCleanup() {
    std::exception_ptr how;
    try {
        co_await caughtLeftTheHandlerCleanedUpRethrown();
    } catch (...) {
        how = std::current_exception();
    }
    co_await sayGoodbyeShielded();
    std::rethrow_exception(how);
}
Task<> cleansUpInLayers(Program& program) {
    return launchAndStop(program, [] { return nestedCleanup(); });
}

Task<> cleanupWithItsOwnLimit() {
    std::exception_ptr how;
    try {
        co_await workForEver();
    } catch (...) {
        how = std::current_exception();
    }
    auto goodbye = [] { return workForEver(); };
    auto limited = [&goodbye]() -> Task<> {
        const bool inTime = co_await withTimeoutOrNull(5ms, goodbye);
        expect(!inTime, "a goodbye that takes for ever is cut short");
    };
    co_await withContext(NonCancellable(), limited);
    std::rethrow_exception(how);
}
Task<> limitsItsCleanup(Program& program) {
    return launchAndStop(program, [] { return cleanupWithItsOwnLimit(); });
}

Task<> goodbyeOfMostOfASecond() {
    std::exception_ptr how;
    try {
        co_await workForEver();
    } catch (...) {
        how = std::current_exception();
    }
    auto body = []() -> Task<> { co_await delay(between(300ms, 700ms)); };
    co_await withContext(NonCancellable(), body);
    std::rethrow_exception(how);
}
Task<> takesAWhileToStop(Program& program) {
    return launchAndStop(program, [] { return goodbyeOfMostOfASecond(); });
}

Task<> computeWhileActive() {
    for (;;) {
        const bool active = co_await isActive();
        if (!active)
            co_return;
        co_await withContext(NonCancellable(), work);
    }
}
Task<> stopsWithoutAnException(Program& program) {
    return launchAndStop(program, [] { return computeWhileActive(); });
}

Task<> cancelledInItsLastStretch(Program& program) {
    const auto job = std::make_shared<Job>();
    *job = program.scope.launch(CoroutineStart::Lazy, [job](CoroutineScope) -> Task<> {
        job->cancel("its last act");
        co_return;
    });
    co_await job->join();
    expect(job->isCancelled(), "a job may cancel itself without ever hearing of it");
    *job = {};
}

Task<> cancelItself() {
    const Job own = co_await currentJob();
    own.cancel("nothing to do");
    co_await yield();
    expect(false, "a cancelled job does not get past a yield");
}
Task<> cancelsItself(Program& program) {
    const Job job = program.scope.launch([] { return cancelItself(); });
    co_await job.join();
    expect(job.isCancelled(), "it cancelled itself");
}

Task<> neverBegins(Program& program) {
    const Job job = program.scope.launch(program.ownThread, [] { return workForEver(); });
    job.cancel();
    co_await job.join();
}

Task<> lazyOnes(Program& program) {
    const Job never = program.scope.launch(CoroutineStart::Lazy, [] { return workForEver(); });
    const Deferred<int> late = program.scope.async(CoroutineStart::Lazy, [] { return workAndGive(5); });
    co_await delay(between(1ms, 10ms));
    expect(co_await late.await() == 5, "await starts a lazy one");
    never.cancel();
    co_await never.join();
}

Task<> startsAtomicAndUndispatched(Program& program) {
    const Job atomic = program.scope.launch(CoroutineStart::Atomic, [] { return work(); });
    const Job undispatched = program.scope.launch(CoroutineStart::Undispatched, [] { return workForEver(); });
    atomic.cancel();
    const std::vector<Job> started{atomic};
    co_await joinAll(started);
    co_await undispatched.cancelAndJoin();
}

// Cancellations of somebody else, or of a limit.

Task<> seesAnotherJobsCancellation(Program& program) {
    const Deferred<int> price = program.scope.async([] { return workAndGive(1); });
    price.cancel("another shop is cheaper");
    int value = 0;
    try {
        value = co_await price.await();
    } catch (const CancellationException&) {
        value = -1;
    }
    co_await ensureActive(); // was it the price's, or our own?
    co_await work();
    expect(value == -1, "await throws the other job's cancellation");
}

Task<> sharesAPriceThatIsCancelled(Program& program) {
    const Deferred<int> price = program.scope.async([]() -> Task<int> {
        co_await workForEver();
        co_return 1;
    });
    auto body = [&price](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < 4; ++i) {
            scope.launch([price](CoroutineScope) -> Task<> {
                try {
                    (void)co_await price.await();
                } catch (const CancellationException&) {
                    // Only the price is gone, unless it is this job itself that is to stop.
                }
                co_await ensureActive();
                co_await work();
            });
        }
        co_await delay(between(1ms, 10ms));
        price.cancel("out of stock");
    };
    co_await supervisorScope(body);
}

Task<> stopsItsOwnScope(Program&) {
    bool stopped = false;
    try {
        auto race = [](CoroutineScope scope) -> Task<> {
            scope.launch([] { return workForEver(); });
            scope.launch([scope](CoroutineScope) -> Task<> {
                co_await work();
                scope.cancel("somebody has won");
            });
            co_await workForEver();
        };
        co_await coroutineScope(race);
    } catch (const CancellationException&) {
        stopped = true;
    }
    co_await ensureActive();
    co_await work();
    expect(stopped, "a scope that was cancelled from within says so");
}

Task<> livesOnAfterItsOwnTimeout(Program&) {
    bool late = false;
    try {
        auto body = [] { return workForEver(); };
        co_await withTimeout(between(1ms, 10ms), body);
    } catch (const TimeoutCancellationException&) {
        late = true;
    }
    co_await work();
    expect(late, "the limit was over");
}

Task<> takesNothingForAnAnswer(Program&) {
    auto body = []() -> Task<int> {
        co_await workForEver();
        co_return 1;
    };
    for (int attempt = 0; attempt < 3; ++attempt)
        expect(!co_await withTimeoutOrNull(2ms, body), "the limit was over");
}

Task<> inTimeForItsLimit(Program&) {
    auto body = [] { return workAndGive(7); };
    expect(co_await withTimeout(60s, body) == 7, "in time");
}

Task<> tooLateForItsLimit() {
    auto body = [] { return workForEver(); };
    co_await withTimeout(between(1ms, 10ms), body);
}
Task<> endsByItsTimeout(Program& program) {
    const Job job = program.scope.launch([] { return tooLateForItsLimit(); });
    co_await job.join();
    expect(job.isCancelled(), "a timeout is a cancellation");
}

Task<> theOuterLimitIsShorter(Program&) {
    auto inner = [] { return caughtLeftTheHandlerCleanedUpRethrown(); };
    auto outer = [&inner]() -> Task<> { (void)co_await withTimeoutOrNull(60s, inner); };
    expect(!co_await withTimeoutOrNull(5ms, outer), "the outer limit was over");
}

Task<> stoppedWithinALimit(Program& program) {
    return launchAndStop(program, []() -> Task<> {
        auto body = [] { return workForEver(); };
        (void)co_await withTimeoutOrNull(60s, body);
    });
}

// A callback of another library: it is told when nobody waits for it any more.
struct Download {
    std::atomic<bool> aborted{false};
};
Task<> awaitDownload(std::shared_ptr<Download> download) {
    auto block = [&download](const CancellableContinuation<int>& continuation) {
        continuation.invokeOnCancellation(
            [download](const std::exception_ptr&) { download->aborted = true; });
    };
    (void)co_await suspendCancellableCoroutine<int>(block);
}
Task<> abortsItsCallback(Program& program) {
    const auto download = std::make_shared<Download>();
    const Job job =
        program.scope.launch(CoroutineStart::Undispatched, [download] { return awaitDownload(download); });
    co_await job.cancelAndJoin("the page was closed");
    expect(download->aborted, "the operation behind the callback was aborted");
}

Task<> siblingsStopForAFailure(Program&) {
    bool failed = false;
    try {
        auto body = [](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < 5; ++i)
                scope.launch([] { return caughtLeftTheHandlerCleanedUpRethrown(); });
            scope.launch([] { return failSoon(); });
            co_await workForEver();
        };
        co_await coroutineScope(body);
    } catch (const std::runtime_error&) {
        failed = true;
    }
    expect(failed, "the first failure comes out of the scope");
}

Task<> stoppedWhileItMendsAFailure(Program& program) {
    return launchAndStop(program, []() -> Task<> {
        try {
            failWith("the first attempt");
        } catch (const std::exception&) {
        }
        co_await workForEver();
    });
}

Task<> crossesDispatchersAndIsStopped(Program& program) {
    return launchAndStop(program, [&program]() -> Task<> {
        auto body = []() -> Task<int> {
            co_await delay(1ms);
            co_return 1;
        };
        for (;;) {
            (void)co_await withContext(program.ownThread, body);
            (void)co_await withContext(Dispatchers::Unconfined(), body);
        }
    });
}

Task<> stopsAWholeSubtree(Program& program) {
    auto leaf = [] { return caughtLeftTheHandlerCleanedUpRethrown(); };
    return launchAndStop(program, [leaf](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < 3; ++i) {
            scope.launch([leaf](CoroutineScope inner) -> Task<> {
                for (int j = 0; j < 3; ++j)
                    inner.launch(leaf);
                co_await workForEver();
            });
        }
        co_await workForEver();
    });
}

Task<> stopsOnlyTheChildren(Program& program) {
    const Job job = program.scope.launch([](CoroutineScope scope) -> Task<> {
        scope.launch([] { return workForEver(); });
        scope.launch([] { return workForEver(); });
        co_await delay(between(1ms, 10ms));
        scope.job().cancelChildren("start over");
        scope.launch([] { return work(); });
    });
    co_await job.join();
    expect(!job.isCancelled(), "cancelling the children leaves the parent alone");
}

} // namespace

std::span<Pattern> cancellations() {
#define PATTERN(function)                                                                                    \
    Pattern {                                                                                                \
        #function, function                                                                                  \
    }
    static Pattern all[] = {
        PATTERN(cleansUpAfterTheHandler),
        PATTERN(passesTheExceptionThroughItsTasks),
        PATTERN(noticesTheCancellation),
        PATTERN(throwsACopy),
        PATTERN(givesTheCancellationAnotherName),
        PATTERN(catchesBroadlyAndAsks),
        PATTERN(retriesFailuresOnly),
        PATTERN(remembersTheLastException),
        PATTERN(cleansUpInLayers),
        PATTERN(limitsItsCleanup),
        PATTERN(takesAWhileToStop),
        PATTERN(stopsWithoutAnException),
        PATTERN(cancelledInItsLastStretch),
        PATTERN(cancelsItself),
        PATTERN(neverBegins),
        PATTERN(lazyOnes),
        PATTERN(startsAtomicAndUndispatched),
        PATTERN(seesAnotherJobsCancellation),
        PATTERN(sharesAPriceThatIsCancelled),
        PATTERN(stopsItsOwnScope),
        PATTERN(livesOnAfterItsOwnTimeout),
        PATTERN(takesNothingForAnAnswer),
        PATTERN(inTimeForItsLimit),
        PATTERN(endsByItsTimeout),
        PATTERN(theOuterLimitIsShorter),
        PATTERN(stoppedWithinALimit),
        PATTERN(abortsItsCallback),
        PATTERN(siblingsStopForAFailure),
        PATTERN(stoppedWhileItMendsAFailure),
        PATTERN(crossesDispatchersAndIsStopped),
        PATTERN(stopsAWholeSubtree),
        PATTERN(stopsOnlyTheChildren),
    };
    return all;
}

} // namespace healthy
