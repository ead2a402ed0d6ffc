// SPDX-License-Identifier: Apache-2.0
// Code of the user that runs while a job is on its way out, or after it has left the thread: it may do
// whatever other code may. AddressSanitizer sees best what goes wrong here.
#include "Story.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/runtime/DebugProbes.h>
#include <coroscope/runtime/ThreadContextElement.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

class AtTheEnd {
public:
    explicit AtTheEnd(std::function<void()> f)
        : does_(std::move(f)) {}
    AtTheEnd(AtTheEnd&& other) noexcept
        : does_(std::exchange(other.does_, nullptr)) {}
    ~AtTheEnd() {
        if (does_)
            does_();
    }

private:
    std::function<void()> does_;
};

/// Launches a job of its own, which completes `done`.
void launchElsewhere(const CompletableDeferred<void>& done, CoroutineStart start) {
    GlobalScope.launch(start, [done](CoroutineScope) -> Task<> {
        done.complete();
        co_return;
    });
}

TEST(LastSteps, AHandlerOfTheParentLaunchesAfterTheLastChild) {
    for (const CoroutineStart start : {CoroutineStart::Default, CoroutineStart::Undispatched}) {
        runBlocking([start](CoroutineScope) -> Task<> {
            const auto done = newCompletableDeferred<void>();
            const auto parent = newJob();
            parent.invokeOnCompletion([done, start] { launchElsewhere(done, start); });
            CoroutineScope(CoroutineContext(parent)).launch([]() -> Task<> { co_return; });
            parent.complete();
            co_await done.await();
        });
    }
}

TEST(LastSteps, WhatAHandlerHeldLaunchesWhenARootGoesWithItsLastChild) {
    runBlocking([](CoroutineScope) -> Task<> {
        const auto done = newCompletableDeferred<void>();
        const auto goesOn = newCompletableDeferred<void>();
        {
            const auto parent = newJob();
            auto last =
                std::make_shared<AtTheEnd>([done] { launchElsewhere(done, CoroutineStart::Default); });
            parent.invokeOnCompletion([last = std::move(last)] {});
            CoroutineScope(CoroutineContext(parent)).launch([goesOn](CoroutineScope) -> Task<> {
                co_await goesOn.await();
            });
        }
        goesOn.complete();
        co_await done.await();
    });
}

TEST(LastSteps, WhatIsInAResultThatNobodyWantsLaunches) {
    for (const bool waitsForAChild : {false, true}) {
        runBlocking([waitsForAChild](CoroutineScope) -> Task<> {
            const auto done = newCompletableDeferred<void>();
            auto body = [done, waitsForAChild](CoroutineScope scope) -> Task<AtTheEnd> {
                if (waitsForAChild)
                    scope.launch([]() -> Task<> { co_await delay(1ms); });
                co_return AtTheEnd([done] { launchElsewhere(done, CoroutineStart::Undispatched); });
            };
            static_cast<void>(GlobalScope.async(std::move(body)));
            co_await done.await();
        });
    }
}

class NamesTheJob final : public ThreadContextElement<int> {
public:
    int updateThreadContext(const CoroutineContext&) noexcept override {
        setFor = DebugProbes::currentJobName();
        return 0;
    }
    void restoreThreadContext(const CoroutineContext&, int) noexcept override {
        restoredFor = DebugProbes::currentJobName();
        GlobalScope.launch(CoroutineStart::Undispatched, []() -> Task<> { co_return; });
    }
    std::string setFor, restoredFor;
};

TEST(LastSteps, AThreadElementIsRestoredAfterTheEndOfTheJobThatHadIt) {
    const auto element = std::make_shared<NamesTheJob>();
    runBlocking([&element](CoroutineScope scope) -> Task<> {
        scope.launch(CoroutineContext(CoroutineName("bound")) + CoroutineContext(element),
                     []() -> Task<> { co_return; });
        co_return;
    });
    EXPECT_EQ(element->setFor.substr(0, 6), "bound#");
    EXPECT_EQ(element->restoredFor, "") << "that job does not run here any more";
}

TEST(LastSteps, AJobThatWaitsForAScopeOnAnotherDispatcherDoesNotRunHere) {
    ASSERT_TRUE(record::start()) << record::stoppedBecause();
    const Job job = GlobalScope.launch(CoroutineStart::Undispatched, []() -> Task<> {
        co_await withContext(Dispatchers::Unconfined(), awaitCancellation);
    });
    EXPECT_EQ(record::runningHere(), JobId());
    EXPECT_EQ(DebugProbes::currentJobName(), "");
    runBlocking([&job]() -> Task<> { co_await job.cancelAndJoin(); });
}

TEST(LastSteps, WhatAHandlerStartsLeavesNoEndedJobBehindOnTheThread) {
    ASSERT_TRUE(record::start()) << record::stoppedBecause();
    const Job ends =
        GlobalScope.launch(Dispatchers::Unconfined(), CoroutineStart::Lazy, []() -> Task<> { co_return; });
    ends.invokeOnCompletion(
        [] { GlobalScope.launch(CoroutineStart::Undispatched, []() -> Task<> { co_return; }); });
    ends.start();
    EXPECT_TRUE(ends.isCompleted());
    EXPECT_EQ(record::runningHere(), JobId());
}

TEST(LastSteps, S010_WhoeverWaitsForTheLastChildGoesOnBeforeTheParentEnds) {
    for (const int waiting : {0, 1, 2})
        runTest([waiting](CoroutineScope scope) -> Task<> {
            std::vector<std::string> story;
            const CompletableJob parent = newJob(scope.job());
            const Deferred<int> child = scope.async(parent, []() -> Task<int> {
                co_await delay(1s);
                co_return 7;
            });
            parent.invokeOnCompletion([&story] { story.push_back("parent"); });
            for (int i = 0; i < waiting; ++i)
                scope.launch(Dispatchers::Unconfined(), [&]() -> Task<> {
                    const int result = co_await child.await();
                    EXPECT_TRUE(parent.children().empty());
                    EXPECT_FALSE(parent.isCompleted());
                    story.push_back("result " + std::to_string(result));
                });
            parent.complete();
            co_await parent.join();
            std::vector<std::string> expected(static_cast<std::size_t>(waiting), "result 7");
            expected.push_back("parent");
            EXPECT_EQ(story, expected);
        });
}

/// What a handler refers to is most often in the frame of whoever called runBlocking.
TEST(LastSteps, S010_CompletionHandlersRunBeforeTheBlockedThreadGoesOn) {
    std::atomic<bool> returned{false};
    bool inTime = false, reported = false;
    const UncaughtHere report(
        [&](const CoroutineContext&, const std::exception_ptr&) { reported = !returned; });
    auto body = [&](CoroutineScope scope) -> Task<> {
        auto onAnotherThread = [](CoroutineScope) -> Task<> { co_await delay(10ms); };
        co_await withContext(Dispatchers::Default(), onAnotherThread);
        scope.job().invokeOnCompletion([&] {
            const auto deadline = std::chrono::steady_clock::now() + 100ms;
            while (!returned && std::chrono::steady_clock::now() < deadline)
                std::this_thread::yield();
            inTime = !returned;
            throw Boom("in a handler");
        });
        scope.launch(Dispatchers::Default(), []() -> Task<> { co_await delay(10ms); });
    };
    runBlocking(Dispatchers::Default(), body);
    returned = true;
    EXPECT_TRUE(inTime);
    EXPECT_TRUE(reported);

    returned = inTime = reported = false;
    runTest(body);
    returned = true;
    EXPECT_TRUE(inTime);
    EXPECT_TRUE(reported);
}

} // namespace
} // namespace coroscope::test
