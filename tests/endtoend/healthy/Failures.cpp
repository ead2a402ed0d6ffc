// SPDX-License-Identifier: Apache-2.0
// Failures that somebody sees: a handler, an await (however late), a question, a callback, the scope around.
#include "Program.h"

#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace healthy {

namespace {

Task<> handledByTheRootsHandler(Program&) {
    const long before = seenByHandlers();
    const CoroutineScope scope(SupervisorJob() + countingHandler());
    const Stops atTheEnd(scope.job());
    const Job job = scope.launch([] { return failSoon(); });
    co_await job.join();
    expect(seenByHandlers() > before, "the scope's handler was asked");
}

Task<> handledBelowASupervisor(Program&) {
    const long before = seenByHandlers();
    auto body = [](CoroutineScope scope) -> Task<> {
        scope.launch(countingHandler(), [] { return failSoon(); });
        co_await work();
    };
    co_await supervisorScope(body);
    expect(seenByHandlers() > before, "the handler of the launch was asked");
}

Task<> handledByTheProcess(Program&) {
    const long before = seenByTheProcess();
    auto body = [](CoroutineScope scope) -> Task<> {
        scope.launch([] { return failSoon(); });
        co_await work();
    };
    co_await supervisorScope(body);
    expect(seenByTheProcess() > before, "the handler of the process was asked");
}

Task<> awaitedAndCaught(Program&) {
    bool failed = false;
    auto body = [&failed](CoroutineScope scope) -> Task<> {
        const Deferred<int> price = scope.async([] { return failSoonInsteadOfGiving(); });
        try {
            (void)co_await price.await();
        } catch (const std::runtime_error&) {
            failed = true;
        }
        co_await work();
    };
    co_await supervisorScope(body);
    expect(failed, "await throws the failure");
}

Task<> awaitedMuchLater(Program&) {
    bool failed = false;
    auto body = [&failed](CoroutineScope scope) -> Task<> {
        const Deferred<int> price = scope.async([] { return failSoonInsteadOfGiving(); });
        co_await delay(between(300ms, 600ms));
        try {
            (void)co_await price.await();
        } catch (const std::runtime_error&) {
            failed = true;
        }
    };
    co_await supervisorScope(body);
    expect(failed, "a failure waits for whoever awaits it");
}

Task<> awaitedByAnother(Program&) {
    auto body = [](CoroutineScope scope) -> Task<> {
        const Deferred<int> price = scope.async([] { return failSoonInsteadOfGiving(); });
        scope.launch([price](CoroutineScope) -> Task<> {
            co_await price.join();
            bool failed = false;
            try {
                (void)co_await price.await();
            } catch (const std::runtime_error&) {
                failed = true;
            }
            expect(failed, "a copy of the handle gives the same failure");
        });
        co_return;
    };
    co_await supervisorScope(body);
}

Task<> askedForTheException(Program&) {
    auto body = [](CoroutineScope scope) -> Task<> {
        const Deferred<int> price = scope.async([] { return failSoonInsteadOfGiving(); });
        co_await price.join();
        expect(price.getCompletionExceptionOrNull() != nullptr, "the failure can be asked for");
    };
    co_await supervisorScope(body);
}

Task<> toldToACompletionHandler(Program&) {
    const auto told = std::make_shared<std::atomic<bool>>(false);
    auto body = [&told](CoroutineScope scope) -> Task<> {
        const Deferred<int> price = scope.async([] { return failSoonInsteadOfGiving(); });
        price.invokeOnCompletion([told](const std::exception_ptr& e) { *told = e != nullptr; });
        co_return;
    };
    co_await supervisorScope(body);
    expect(*told, "the completion handler saw the failure");
}

Task<> comesOutOfItsScope(Program&) {
    bool failed = false;
    try {
        auto body = [](CoroutineScope scope) -> Task<> {
            scope.launch([] { return failSoon(); });
            scope.async([] { return workAndGive(1); }).cancel();
            co_await workForEver();
        };
        co_await coroutineScope(body);
    } catch (const std::runtime_error&) {
        failed = true;
    }
    expect(failed, "the scope throws the failure of its child");
}

Task<> asyncFailsIntoItsScope(Program&) {
    bool failed = false;
    try {
        auto body = [](CoroutineScope scope) -> Task<> {
            std::vector<Deferred<int>> prices;
            prices.push_back(scope.async([] { return failSoonInsteadOfGiving(); }));
            prices.push_back(scope.async([] { return failSoonInsteadOfGiving(); }));
            prices.push_back(scope.async([] { return workAndGive(1); }));
            (void)co_await awaitAll(std::move(prices));
        };
        co_await coroutineScope(body);
    } catch (const std::runtime_error&) {
        failed = true;
    }
    expect(failed, "one of them comes out");
}

Task<> failsWhileASiblingFails(Program&) {
    bool failed = false;
    try {
        auto body = [](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < 3; ++i)
                scope.launch([]() -> Task<> {
                    co_await delay(5ms);
                    failWith("all three at once");
                });
            co_await workForEver();
        };
        co_await coroutineScope(body);
    } catch (const std::runtime_error&) {
        failed = true;
    }
    expect(failed, "the first one comes out, with the others attached");
}

Task<> rootAsyncIsAwaited(Program&) {
    const CoroutineScope scope{CoroutineContext(SupervisorJob())};
    const Stops atTheEnd(scope.job());
    const Deferred<int> price = scope.async([] { return failSoonInsteadOfGiving(); });
    bool failed = false;
    try {
        (void)co_await price.await();
    } catch (const std::runtime_error&) {
        failed = true;
    }
    expect(failed, "await throws the failure of a root");
}

Task<> completedExceptionally(Program& program) {
    const CompletableDeferred<int> answer = newCompletableDeferred<int>();
    const Job asker = program.scope.launch([answer](CoroutineScope) -> Task<> {
        bool failed = false;
        try {
            (void)co_await answer.await();
        } catch (const std::runtime_error&) {
            failed = true;
        }
        expect(failed, "the answer is a failure");
    });
    co_await work();
    answer.completeExceptionally(std::make_exception_ptr(std::runtime_error("no answer")));
    co_await asker.join();
}

Task<> callbackFails(Program&) {
    bool failed = false;
    std::thread other;
    auto block = [&other](const CancellableContinuation<int>& continuation) {
        other = std::thread([continuation] {
            continuation.resumeWithException(std::make_exception_ptr(std::runtime_error("no connection")));
        });
    };
    auto shielded = [&block, &failed]() -> Task<> {
        try {
            (void)co_await suspendCancellableCoroutine<int>(block);
        } catch (const std::runtime_error&) {
            failed = true;
        }
    };
    // Not to be left before the other thread has answered.
    co_await withContext(NonCancellable(), shielded);
    other.join();
    expect(failed, "the callback's failure is thrown");
}

Task<> blockingCallFails(Program&) {
    bool failed = false;
    std::thread other;
    auto block = [&other](const CancellableContinuation<bool>& continuation) {
        other = std::thread([continuation] {
            bool thrown = false;
            try {
                runBlocking([] { return failSoon(); });
            } catch (const std::runtime_error&) {
                thrown = true;
            }
            continuation.resume(thrown);
        });
    };
    auto shielded = [&block, &failed]() -> Task<> {
        failed = co_await suspendCancellableCoroutine<bool>(block);
    };
    co_await withContext(NonCancellable(), shielded);
    other.join();
    expect(failed, "runBlocking throws the failure");
}

Task<> triesAgainUntilItWorks(Program&) {
    for (int attempt = 0;; ++attempt) {
        try {
            if (attempt < 3)
                co_await failSoon();
            co_return;
        } catch (const std::runtime_error&) {
        }
        co_await delay(1ms);
    }
}

Task<> failureOverATimeLimit(Program&) {
    bool failed = false;
    try {
        auto body = [] { return failSoon(); };
        (void)co_await withTimeoutOrNull(60s, body);
    } catch (const std::runtime_error&) {
        failed = true;
    }
    expect(failed, "a failure is not taken for a timeout");
}

} // namespace

std::span<Pattern> failures() {
#define PATTERN(function)                                                                                    \
    Pattern {                                                                                                \
        #function, function                                                                                  \
    }
    static Pattern all[] = {
        PATTERN(handledByTheRootsHandler), PATTERN(handledBelowASupervisor),
        PATTERN(handledByTheProcess),      PATTERN(awaitedAndCaught),
        PATTERN(awaitedMuchLater),         PATTERN(awaitedByAnother),
        PATTERN(askedForTheException),     PATTERN(toldToACompletionHandler),
        PATTERN(comesOutOfItsScope),       PATTERN(asyncFailsIntoItsScope),
        PATTERN(failsWhileASiblingFails),  PATTERN(rootAsyncIsAwaited),
        PATTERN(completedExceptionally),   PATTERN(callbackFails),
        PATTERN(blockingCallFails),        PATTERN(triesAgainUntilItWorks),
        PATTERN(failureOverATimeLimit),
    };
    return all;
}

} // namespace healthy
