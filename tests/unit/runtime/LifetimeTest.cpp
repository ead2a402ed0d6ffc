// SPDX-License-Identifier: Apache-2.0
// What keeps a job, its scope and its context, when they end in an order that nobody expects.
// AddressSanitizer and ThreadSanitizer see what the expectations do not.
#include "Story.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

CoroutineExceptionHandler tellingTo(std::vector<std::string>& told) {
    return CoroutineExceptionHandler([&told](const CoroutineContext&, const std::exception_ptr& e) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& failure) {
            told.push_back(failure.what());
        }
    });
}

TEST(Lifetime, ABodysScopeMayBeLetGoOfByAnotherThreadWhileTheBodyRuns) {
    for (int i = 0; i < 200; ++i) {
        runBlocking([]() -> Task<> {
            std::thread other;
            const Job job = GlobalScope.launch([&other](CoroutineScope scope) -> Task<> {
                auto moved = std::make_unique<CoroutineScope>(std::move(scope));
                other = std::thread([moved = std::move(moved)]() mutable { moved.reset(); });
                co_return;
            });
            co_await job.join();
            other.join();
        });
    }
}

TEST(Lifetime, ABodysScopeMayOutliveItsJob) {
    std::optional<CoroutineScope> kept;
    std::thread::id ran;
    const auto one = newSingleThreadContext("one");
    std::thread::id ofOne;
    {
        runBlocking([&]() -> Task<> {
            const Job job = GlobalScope.launch(one, [&](CoroutineScope scope) -> Task<> {
                ofOne = std::this_thread::get_id();
                kept.emplace(std::move(scope));
                co_return;
            });
            co_await job.join();
        });
        EXPECT_FALSE(kept->isActive());
        // It still knows where its coroutines run.
        runBlocking([&]() -> Task<> {
            const Job late = kept->launch(CoroutineStart::Atomic, [&ran]() -> Task<> {
                ran = std::this_thread::get_id();
                co_return;
            });
            co_await late.join();
            EXPECT_TRUE(late.isCancelled());
        });
    }
    EXPECT_EQ(ran, ofOne);
    kept.reset();
    one->close();
}

TEST(Lifetime, AScopeFromInsideMayOutliveItsJob) {
    runBlocking([]() -> Task<> {
        std::optional<CoroutineScope> kept;
        {
            const Job job =
                GlobalScope.launch([&kept]() -> Task<> { kept.emplace(co_await currentScope()); });
            co_await job.join();
        }
        const Job late = kept->launch([]() -> Task<> { co_return; });
        co_await late.join();
        EXPECT_TRUE(late.isCancelled());
        EXPECT_TRUE(kept->context().dispatcher());
    });
}

TEST(Lifetime, AJobThatEndedStillHasTheNameItGotFromItsParent) {
    Job child;
    runBlocking(CoroutineName("orders"), [&child](CoroutineScope scope) -> Task<> {
        child = scope.launch([]() -> Task<> { co_return; });
        co_return;
    });
    EXPECT_TRUE(child.toString().starts_with("\"orders#")) << child.toString();
}

TEST(Lifetime, AHandlerThatComesTooLateAndThrowsIsToldToTheHandlerOfTheContext) {
    std::vector<std::string> told;
    Job child;
    runBlocking([&]() -> Task<> {
        const CoroutineScope above(tellingTo(told));
        const Job parent = above.launch([&child](CoroutineScope scope) -> Task<> {
            child = scope.launch([]() -> Task<> { co_return; });
            co_return;
        });
        co_await parent.join();
    });
    child.invokeOnCompletion([] { throw Boom("too late"); });
    EXPECT_EQ(told, std::vector<std::string>{"too late"});
}

TEST(Lifetime, TheLastChildsEndMayRunCodeThatAsksForTheCurrentJob) {
    runBlocking([]() -> Task<> {
        Job late;
        const Job parent = GlobalScope.launch([](CoroutineScope scope) -> Task<> {
            scope.launch([]() -> Task<> { co_await yield(); });
            co_return;
        });
        parent.invokeOnCompletion([&late] { // by the child's thread
            late = GlobalScope.launch([]() -> Task<> { co_return; });
            (void)DebugProbes::currentJobName();
        });
        co_await parent.join();
        co_await late.join();
        EXPECT_TRUE(late.isCompleted());
    });
}

TEST(Lifetime, AHandleMayBeReplacedWhileSomebodyWaitsForItsJob) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        Deferred<std::string> current = scope.async([]() -> Task<std::string> {
            co_await yield();
            co_await yield();
            co_return "the first";
        });
        const Job replaces = scope.launch([&current]() -> Task<> {
            current = {};
            co_return;
        });
        EXPECT_EQ(co_await current.await(), "the first");
        co_await replaces.join();
    });
}

TEST(Lifetime, ALazyJobMayLetGoOfTheHandleThatStartsIt) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        Deferred<int> current;
        current = scope.async(Dispatchers::Unconfined(), CoroutineStart::Lazy, [&current]() -> Task<int> {
            current = {};
            co_return 5;
        });
        EXPECT_EQ(co_await current.await(), 5);
        Job job = scope.launch([]() -> Task<> { co_await delay(24h); });
        job.invokeOnCompletion([&job] { job = {}; });
        co_await yield();
        co_await job.cancelAndJoin();
        EXPECT_FALSE(job);
    });
}

TEST(Lifetime, ChildrenThatNobodyKnowsAndThatNeverBeganGoWithWhatTheyHold) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        const auto held = std::make_shared<int>(5);
        std::vector<std::string> order;
        Job known;
        const Job parent = scope.launch([&](CoroutineScope inner) -> Task<> {
            const auto tells = [&order](const char* what) {
                return std::shared_ptr<void>(nullptr, [&order, what](void*) { order.push_back(what); });
            };
            (void)inner.launch(CoroutineStart::Lazy,
                               [held, t = tells("first")](CoroutineScope) -> Task<> { co_return; });
            known = inner.launch(CoroutineStart::Lazy, [held](CoroutineScope) -> Task<> { co_return; });
            known.invokeOnCompletion([&order] { order.push_back("known"); });
            (void)inner.launch(CoroutineStart::Lazy,
                               [held, t = tells("last")](CoroutineScope) -> Task<> { co_return; });
            co_return;
        });
        parent.invokeOnCompletion([&order] { order.push_back("parent"); });
        co_await yield();
        EXPECT_EQ(parent.children().size(), 3u);
        EXPECT_EQ(held.use_count(), 4);
        parent.cancel("enough");
        EXPECT_TRUE(parent.isCompleted()); // in the call: nothing of it has code that would have to see it
        EXPECT_TRUE(known.isCancelled());
        EXPECT_EQ(held.use_count(), 1);
        EXPECT_EQ(order, (std::vector<std::string>{"first", "known", "last", "parent"}));
    });
}

TEST(Lifetime, AHandleToAChildThatNeverBeganMayBeDroppedWhileItsParentIsCancelled) {
    for (int i = 0; i < 300; ++i) {
        const CompletableJob parent = newJob();
        const CoroutineScope scope{CoroutineContext(parent)};
        std::vector<Job> handles;
        for (int k = 0; k < 20; ++k)
            handles.push_back(scope.launch(CoroutineStart::Lazy, []() -> Task<> { co_return; }));
        std::thread other([handles = std::move(handles)]() mutable {
            while (!handles.empty())
                handles.pop_back();
        });
        parent.cancel("enough");
        EXPECT_TRUE(parent.isCompleted());
        other.join();
    }
}

TEST(Lifetime, ElementsOfAParentThatHasEndedAreNotUsed) {
    for (int i = 0; i < 200; ++i) {
        std::vector<Job> kept;
        {
            const auto two = newFixedThreadPoolContext(2, "two");
            runBlocking(two, [&kept](CoroutineScope scope) -> Task<> {
                for (int k = 0; k < 4; ++k)
                    kept.push_back(scope.launch([](CoroutineScope inner) -> Task<> {
                        for (int n = 0; n < 4; ++n)
                            inner.launch([]() -> Task<> { co_await yield(); });
                        co_return;
                    }));
                co_return;
            });
            two->close();
        }
        for (const Job& job : kept) {
            EXPECT_TRUE(job.toString().find("Completed") != std::string::npos);
            job.cancel("too late");
        }
    }
}

// Channels whose last handle goes while somebody waits, or has been served and did not run yet.

TEST(Lifetime, AChannelLastsAsLongAsSomebodyWaitsInIt) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        const auto mark = std::make_shared<int>(0);
        std::optional<Channel<int>> channel;
        channel.emplace(ChannelCapacity::Rendezvous, BufferOverflow::Suspend, [mark](int&) { ++*mark; });
        const Job receives = scope.launch([&channel]() -> Task<> {
            const int n = co_await channel->receive();
            ADD_FAILURE() << "received " << n;
        });
        const Job receivesToo = scope.launch([&channel]() -> Task<> {
            const auto n = co_await channel->next();
            ADD_FAILURE() << "received " << *n;
        });
        co_await yield();
        channel.reset();
        EXPECT_EQ(mark.use_count(), 2);
        co_await receives.cancelAndJoin();
        EXPECT_EQ(mark.use_count(), 2);
        co_await receivesToo.cancelAndJoin();
        EXPECT_EQ(mark.use_count(), 1);

        channel.emplace(ChannelCapacity::Rendezvous, BufferOverflow::Suspend, [mark](int&) { ++*mark; });
        const Job sends = scope.launch([&channel]() -> Task<> { co_await channel->send(1); });
        co_await yield();
        channel.reset();
        EXPECT_EQ(mark.use_count(), 2);
        co_await sends.cancelAndJoin();
        EXPECT_EQ(mark.use_count(), 1);
        EXPECT_EQ(*mark, 1) << "the element was not told as undelivered";
    });
}

TEST(Lifetime, WhoeverWasServedMayFindTheChannelGone) {
    for (const bool cancels : {false, true}) {
        for (const bool tells : {false, true}) {
            runBlocking([cancels, tells](CoroutineScope scope) -> Task<> {
                const auto mark = std::make_shared<int>(0);
                Channel<int>::OnUndeliveredElement tell;
                if (tells)
                    tell = [mark](int&) { ++*mark; };
                std::optional<Channel<int>> channel;
                channel.emplace(ChannelCapacity::Rendezvous, BufferOverflow::Suspend, std::move(tell));
                tell = nullptr;
                int received = 0;
                const Job receives = scope.launch([&]() -> Task<> {
                    const int n = co_await channel->receive();
                    received = n;
                });
                co_await yield();
                EXPECT_TRUE(channel->trySend(7).isSuccess());
                channel.reset();
                if (cancels)
                    receives.cancel();
                co_await receives.join();
                EXPECT_EQ(received, cancels ? 0 : 7);
                EXPECT_EQ(*mark, cancels && tells ? 1 : 0);
                EXPECT_EQ(mark.use_count(), 1) << "the channel is still there";

                channel.emplace();
                const Job sends = scope.launch([&channel]() -> Task<> { co_await channel->send(8); });
                co_await yield();
                EXPECT_EQ(channel->tryReceive().getOrNull(), 8);
                channel.reset();
                if (cancels)
                    sends.cancel();
                co_await sends.join();
            });
        }
    }
}

TEST(Lifetime, AChannelThatIsClosedAndGoneIsToldToThoseWhoWaited) {
    runBlocking([](CoroutineScope scope) -> Task<> {
        std::optional<Channel<int>> channel;
        channel.emplace();
        std::string told;
        const Job receives = scope.launch([&]() -> Task<> {
            try {
                co_await channel->receive();
            } catch (const Boom& e) {
                told = e.what();
            }
        });
        co_await yield();
        channel->close(std::make_exception_ptr(Boom("enough")));
        channel.reset();
        co_await receives.join();
        EXPECT_EQ(told, "enough");
    });
}

} // namespace
} // namespace coroscope::test
