// SPDX-License-Identifier: Apache-2.0
// When a failure counts as seen by nobody.
#include "Incidents.h"

#include <gmock/gmock.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Told = std::vector<std::string>;

Task<> fail() {
    co_await delay(1ms);
    throw std::runtime_error("card declined");
}
Task<int> failInsteadOfGiving() {
    co_await fail();
    co_return 1;
}

/// Runs the body in a supervisorScope.
template <class F>
Told below(F body) {
    const Incidents incidents;
    runTest([&](CoroutineScope) -> Task<> { co_await supervisorScope(body); });
    return incidents.told();
}

TEST(UnseenFailure, OfALaunchThatOnlyTheDefaultHandlerOfTheProcessTook) {
    EXPECT_THAT(below([](CoroutineScope scope) -> Task<> {
                    scope.launch(CoroutineName("charge"), [] { return fail(); });
                    co_return;
                }),
                ElementsAre("unseen charge"));
    EXPECT_THAT(below([](CoroutineScope scope) -> Task<> {
                    const Job job = scope.launch(CoroutineName("charge"), [] { return fail(); });
                    co_await job.join();
                }),
                ElementsAre("unseen charge"))
        << "join does not tell of it";
    const Incidents incidents;
    runTest([](CoroutineScope) -> Task<> {
        const CoroutineContext here = co_await currentContext();
        const CoroutineScope scope(SupervisorJob() + here.withoutJob());
        const Job job = scope.launch(CoroutineName("charge"), [] { return fail(); });
        co_await job.join();
        scope.cancel();
    });
    EXPECT_THAT(incidents.told(), ElementsAre("unseen charge"));
}

TEST(UnseenFailure, OfAnAsyncThatNobodyEverAwaited) {
    EXPECT_THAT(below([](CoroutineScope scope) -> Task<> {
                    (void)scope.async(CoroutineName("price"), [] { return failInsteadOfGiving(); });
                    co_return;
                }),
                ElementsAre("unseen price"));
}

TEST(UnseenFailure, IsToldWhenTheLastHandleGoesLongAfterTheEnd) {
    const Incidents incidents;
    runTest([&](CoroutineScope) -> Task<> {
        auto body = [&](CoroutineScope scope) -> Task<> {
            Deferred<int> price = scope.async(CoroutineName("price"), [] { return failInsteadOfGiving(); });
            co_await delay(1h);
            EXPECT_TRUE(price.isCompleted());
            EXPECT_THAT(incidents.told(), IsEmpty()) << "it may still be awaited";
            const Deferred<int> copy = price;
            price = {};
            EXPECT_THAT(incidents.told(), IsEmpty());
        };
        co_await supervisorScope(body);
    });
    EXPECT_THAT(incidents.told(), ElementsAre("unseen price"));
    const OwnRecord::Incident told = incidents.incidents().at(0);
    EXPECT_EQ(told.text, "std::runtime_error\ncard declined");
    EXPECT_EQ(static_cast<JobKind>(told.head.kind), JobKind::Async);
    EXPECT_EQ(static_cast<JobState>(told.head.state), JobState::Failed);
    EXPECT_NE(told.head.parent, 0u);
    EXPECT_NE(told.head.creationSite, 0u);
}

TEST(UnseenFailure, OfARootAsync) {
    const Incidents incidents;
    runTest([](CoroutineScope) -> Task<> {
        const CoroutineContext here = co_await currentContext();
        {
            const Deferred<int> price = GlobalScope.async(here.withoutJob() + CoroutineName("price"),
                                                          [] { return failInsteadOfGiving(); });
            co_await delay(1s);
        }
        co_await yield();
    });
    EXPECT_THAT(incidents.told(), ElementsAre("unseen price"));
}

TEST(SeenFailure, ByAHandlerOfTheContextOrOfTheProcess) {
    const CoroutineExceptionHandler handler([](const CoroutineContext&, const std::exception_ptr&) {});
    EXPECT_THAT(below([&handler](CoroutineScope scope) -> Task<> {
                    scope.launch(handler, [] { return fail(); });
                    co_return;
                }),
                IsEmpty());
    const CoroutineExceptionHandler before = setUncaughtExceptionHandler(handler);
    EXPECT_THAT(below([](CoroutineScope scope) -> Task<> {
                    scope.launch([] { return fail(); });
                    co_return;
                }),
                IsEmpty());
    setUncaughtExceptionHandler(before);
}

TEST(SeenFailure, ByACompletionHandler) {
    EXPECT_THAT(below([](CoroutineScope scope) -> Task<> {
                    scope.launch([] { return fail(); }).invokeOnCompletion([](const std::exception_ptr&) {});
                    scope.async([] { return failInsteadOfGiving(); }).invokeOnCompletion([] {});
                    co_return;
                }),
                IsEmpty());
}

TEST(SeenFailure, ByWhoeverAwaitsOrJoinsOrAsks) {
    EXPECT_THAT(below([](CoroutineScope scope) -> Task<> {
                    const Deferred<int> a = scope.async([] { return failInsteadOfGiving(); });
                    try {
                        (void)co_await a.await();
                    } catch (const std::runtime_error&) {
                    }
                    const Deferred<int> late = scope.async([] { return failInsteadOfGiving(); });
                    co_await delay(1h);
                    try {
                        (void)co_await late.await();
                    } catch (const std::runtime_error&) {
                    }
                    const Deferred<int> joined = scope.async([] { return failInsteadOfGiving(); });
                    co_await joined.join();
                    const Deferred<int> asked = scope.async([] { return failInsteadOfGiving(); });
                    co_await delay(1h);
                    EXPECT_TRUE(asked.getCompletionExceptionOrNull());
                    std::vector<Deferred<int>> several;
                    several.push_back(scope.async([] { return failInsteadOfGiving(); }));
                    several.push_back(scope.async([] { return failInsteadOfGiving(); }));
                    try {
                        (void)co_await awaitAll(std::move(several));
                    } catch (const std::runtime_error&) {
                    }
                }),
                IsEmpty());
}

TEST(SeenFailure, ByTheParentThatItCancels) {
    const Incidents incidents;
    runTest([](CoroutineScope) -> Task<> {
        try {
            auto body = [](CoroutineScope scope) -> Task<> {
                (void)scope.async([] { return failInsteadOfGiving(); });
                co_await delay(1h);
            };
            co_await coroutineScope(body);
        } catch (const std::runtime_error&) {
        }
    });
    EXPECT_THAT(incidents.told(), IsEmpty());
}

TEST(UnseenFailureStress, TheLastHandleGoesOnAnotherThread) {
    const Incidents incidents;
    constexpr int rounds = 500;
    runBlocking(Dispatchers::Default(), [](CoroutineScope) -> Task<> {
        auto body = [](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < rounds; ++i) {
                Deferred<int> price = scope.async([] { return failInsteadOfGiving(); });
                std::thread([price = std::move(price)]() mutable { price = {}; }).join();
            }
            co_return;
        };
        co_await supervisorScope(body);
    });
    // A worker may still be about to let go of the last one, which has ended.
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (incidents.told().size() < rounds && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(incidents.told().size(), static_cast<std::size_t>(rounds));
}

} // namespace
} // namespace coroscope::test
