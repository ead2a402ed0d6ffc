// SPDX-License-Identifier: Apache-2.0
// Who gets which exception.
#include "Story.h"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

TEST(Exceptions, S036_TheFirstFailureWinsAndTheOthersAreSuppressed) {
    runTest([](CoroutineScope) -> Task<> {
        std::exception_ptr handled;
        auto body = [&handled](CoroutineScope supervisor) -> Task<> {
            const CoroutineExceptionHandler handler(
                [&handled](const CoroutineContext&, std::exception_ptr e) { handled = e; });
            const Job job = supervisor.launch(handler, [](CoroutineScope inner) -> Task<> {
                inner.launch([](CoroutineScope) -> Task<> {
                    try {
                        co_await awaitCancellation();
                    } catch (const CancellationException&) {
                        throw Boom("second");
                    }
                });
                inner.launch([](CoroutineScope) -> Task<> {
                    co_await yield();
                    throw Boom("first");
                });
                co_return;
            });
            co_await job.join();
        };
        co_await supervisorScope(body);
        EXPECT_EQ(messageOf(handled), "first");
        const auto rest = suppressedExceptions(handled);
        EXPECT_EQ(rest.size(), 1u);
        EXPECT_EQ(messageOf(rest.at(0)), "second");
    });
}

TEST(Exceptions, S037_SuppressedOnesLiveAsLongAsTheExceptionAndGoWithIt) {
    struct Counted : std::exception {
        std::shared_ptr<int> alive = std::make_shared<int>(1);
    };
    std::weak_ptr<int> watched;
    {
        auto e = std::make_exception_ptr(Boom("main"));
        {
            Counted c;
            watched = c.alive;
            addSuppressed(e, std::make_exception_ptr(c));
        }
        try {
            std::rethrow_exception(e);
        } catch (const Boom&) {
            EXPECT_EQ(suppressedExceptions(std::current_exception()).size(), 1u);
        }
        EXPECT_FALSE(watched.expired());
    }
    EXPECT_TRUE(watched.expired());
}

TEST(Exceptions, S037_AnExceptionIsNeverItsOwnSuppressed) {
    const auto e = std::make_exception_ptr(Boom("x"));
    addSuppressed(e, e);
    EXPECT_TRUE(suppressedExceptions(e).empty());
    const auto other = std::make_exception_ptr(Boom("y"));
    addSuppressed(e, other);
    addSuppressed(e, other);
    EXPECT_EQ(suppressedExceptions(e).size(), 1u);
}

/// In one scope the one came first, in another scope the other.
TEST(Exceptions, S037_TwoThatMeetTwiceMakeNoCircle) {
    const auto first = std::make_exception_ptr(Boom("first"));
    const auto second = std::make_exception_ptr(Boom("second"));
    const auto third = std::make_exception_ptr(Boom("third"));
    addSuppressed(first, second);
    addSuppressed(second, third);
    addSuppressed(third, first);
    addSuppressed(second, first);
    EXPECT_THAT(describe(first), testing::EndsWith("Boom: third"));
    EXPECT_TRUE(suppressedExceptions(third).empty());
    EXPECT_EQ(suppressedExceptions(second).size(), 1u);
}

TEST(Exceptions, KindsAreToldWithoutThrowing) {
    const auto timeout = std::make_exception_ptr(TimeoutCancellationException("late"));
    EXPECT_TRUE(cancellationIn(timeout));
    EXPECT_TRUE(timeoutIn(timeout));
    EXPECT_STREQ(standardExceptionIn(timeout)->what(), "late");
    const auto number = std::make_exception_ptr(7);
    EXPECT_FALSE(cancellationIn(number));
    EXPECT_FALSE(standardExceptionIn(number));
    EXPECT_EQ(typeName(number), "int");
    EXPECT_FALSE(cancellationIn(nullptr));
    EXPECT_EQ(describe(std::make_exception_ptr(Boom("x"))), "coroscope::test::Boom: x");
}

TEST(Exceptions, S039_TheHandlerIsCalledOnceWithTheRootsContext) {
    runTest([](CoroutineScope scope) -> Task<> {
        int calls = 0;
        std::string name;
        const CoroutineExceptionHandler handler([&](const CoroutineContext& context, std::exception_ptr e) {
            ++calls;
            name = context.name().value_or("");
            EXPECT_EQ(messageOf(e), "x");
            EXPECT_FALSE(context.job().isCompleted());
        });
        const CoroutineScope own(scope.context() + SupervisorJob() + handler);
        const Job root = own.launch(CoroutineName("root"), [](CoroutineScope inner) -> Task<> {
            inner.launch(CoroutineName("nested"), []() -> Task<> {
                throw Boom("x");
                co_return;
            });
            co_return;
        });
        co_await root.join();
        EXPECT_EQ(calls, 1);
        EXPECT_EQ(name, "root");
    });
}

TEST(Exceptions, S041_AsyncNeverCallsTheHandler) {
    runTest([](CoroutineScope) -> Task<> {
        int calls = 0;
        auto body = [&calls](CoroutineScope supervisor) -> Task<> {
            const CoroutineExceptionHandler handler(
                [&calls](const CoroutineContext&, std::exception_ptr) { ++calls; });
            const Deferred<int> d = supervisor.async(handler, []() -> Task<int> {
                throw Boom("x");
                co_return 1;
            });
            co_await d.join();
            EXPECT_EQ(messageOf(d.getCompletionExceptionOrNull()), "x");
            EXPECT_THROW(static_cast<void>(d.getCompleted()), Boom);
        };
        co_await supervisorScope(body);
        EXPECT_EQ(calls, 0);
    });
}

TEST(Exceptions, S043_AHandlerThatThrowsIsReportedWithTheOriginalAttached) {
    std::vector<std::exception_ptr> reported;
    const UncaughtHere uncaught(
        [&](const CoroutineContext&, std::exception_ptr e) { reported.push_back(e); });
    runTest([](CoroutineScope scope) -> Task<> {
        const CoroutineExceptionHandler handler(
            [](const CoroutineContext&, std::exception_ptr) { throw Boom("in the handler"); });
        const CoroutineScope own(scope.context() + SupervisorJob() + handler);
        const Job job = own.launch([]() -> Task<> {
            throw Boom("original");
            co_return;
        });
        co_await job.join();
    });
    ASSERT_EQ(reported.size(), 1u);
    EXPECT_EQ(messageOf(reported[0]), "in the handler");
    EXPECT_EQ(messageOf(suppressedExceptions(reported[0]).at(0)), "original");
}

TEST(Exceptions, S044_WithoutAHandlerStandardErrorIsToldAndTheProcessGoesOn) {
    testing::internal::CaptureStderr();
    runTest([](CoroutineScope scope) -> Task<> {
        const CoroutineScope own(scope.context() + SupervisorJob());
        const Job job = own.launch(CoroutineName("lonely"), []() -> Task<> {
            throw Boom("nobody cares");
            co_return;
        });
        co_await job.join();
        EXPECT_EQ(job.state(), JobState::Failed);
    });
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("nobody cares"), std::string::npos) << text;
    EXPECT_NE(text.find("lonely"), std::string::npos) << text;
}

TEST(Exceptions, S042_ACancellationNeverReachesTheHandler) {
    int calls = 0;
    const UncaughtHere uncaught([&](const CoroutineContext&, std::exception_ptr) { ++calls; });
    runTest([](CoroutineScope scope) -> Task<> {
        const CoroutineScope own(scope.context() + SupervisorJob());
        const Job job = own.launch([]() -> Task<> {
            throw CancellationException("quiet");
            co_return;
        });
        co_await job.join();
        EXPECT_EQ(job.state(), JobState::Cancelled);
    });
    EXPECT_EQ(calls, 0);
}

} // namespace
} // namespace coroscope::test
