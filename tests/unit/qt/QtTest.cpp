// SPDX-License-Identifier: Apache-2.0
// On real event loops.
#include <coroscope/coroscope.h>
#include <coroscope/qt/ObjectScope.h>

#include <QCoreApplication>
#include <QObject>
#include <QTimer>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace coroscope {
namespace {

using namespace std::chrono_literals;

/// A program with an event loop that ends when the job does, or after a long while.
class Program {
public:
    void runUntilDone(const Job& job) {
        std::atomic<bool> inTime{false};
        job.invokeOnCompletion([&] {
            inTime = true;
            QMetaObject::invokeMethod(&application_, &QCoreApplication::quit, Qt::QueuedConnection);
        });
        QTimer::singleShot(60s, &application_, &QCoreApplication::quit);
        QCoreApplication::exec();
        EXPECT_TRUE(inTime);
    }

private:
    int count_ = 1;
    char name_[8] = "qt_test";
    char* arguments_[2] = {name_, nullptr};
    QCoreApplication application_{count_, arguments_};
};

TEST(Qt, S069_AnImmediateMainSkipsDispatchOnItsOwnThreadOnly) {
    Program program;
    const CoroutineScope scope{CoroutineContext(Dispatchers::MainImmediate())};
    const std::thread::id main = std::this_thread::get_id();
    std::vector<std::string> order;
    const Job job = scope.launch([&](CoroutineScope inner) -> Task<> {
        order.emplace_back("at once");
        inner.launch(Dispatchers::Main(), [&]() -> Task<> {
            order.emplace_back("dispatched");
            co_return;
        });
        auto elsewhere = [&]() -> Task<> {
            EXPECT_NE(std::this_thread::get_id(), main);
            auto back = [&]() -> Task<> {
                EXPECT_EQ(std::this_thread::get_id(), main);
                co_return;
            };
            co_await withContext(Dispatchers::MainImmediate(), back);
        };
        co_await withContext(Dispatchers::Default(), elsewhere);
        EXPECT_EQ(std::this_thread::get_id(), main);
        order.emplace_back("back");
    });
    EXPECT_EQ(order, std::vector<std::string>{"at once"});
    program.runUntilDone(job);
    EXPECT_EQ(order, (std::vector<std::string>{"at once", "dispatched", "back"}));
}

TEST(Qt, MainDispatchesAndYieldLetsOtherEventsIn) {
    Program program;
    const CoroutineScope scope{CoroutineContext(Dispatchers::Main())};
    std::vector<std::string> order;
    const Job job = scope.launch([&]() -> Task<> {
        order.emplace_back("job");
        QMetaObject::invokeMethod(
            QCoreApplication::instance(), [&] { order.emplace_back("event"); }, Qt::QueuedConnection);
        co_await yield();
        order.emplace_back("job again");
        co_await delay(1ms);
        order.emplace_back("later");
    });
    EXPECT_TRUE(order.empty());
    program.runUntilDone(job);
    EXPECT_EQ(order, (std::vector<std::string>{"job", "event", "job again", "later"}));
}

TEST(Qt, WithoutAnApplicationMainRejects) {
    bool ran = false;
    const Job job = GlobalScope.launch(Dispatchers::Main(), [&]() -> Task<> {
        ran = true;
        co_return;
    });
    runBlocking([&](CoroutineScope) -> Task<> { co_await job.join(); });
    EXPECT_TRUE(job.isCancelled());
    EXPECT_FALSE(ran);
}

TEST(Qt, S070_WhatAnApplicationLeavesIsRejectedAndCleansUp) {
    const CoroutineScope scope{CoroutineContext(Dispatchers::Main())};
    const auto gate = newCompletableDeferred<int>();
    std::atomic<bool> cleaned{false};
    Job waits, queued;
    {
        Program program;
        waits = scope.launch([&]() -> Task<> {
            try {
                co_await gate.await();
            } catch (const CancellationException&) {
                cleaned = true;
                throw;
            }
        });
        program.runUntilDone(scope.launch([]() -> Task<> { co_await yield(); }));
        queued = GlobalScope.launch(Dispatchers::Main(), []() -> Task<> { co_return; });
        EXPECT_TRUE(queued.isActive());
    }
    gate.complete(1);
    runBlocking([&](CoroutineScope) -> Task<> {
        co_await waits.join();
        co_await queued.join();
    });
    EXPECT_TRUE(waits.isCancelled());
    EXPECT_TRUE(queued.isCancelled());
    EXPECT_TRUE(cleaned);
}

TEST(Qt, AnObjectsScopeEndsWithTheObject) {
    Program program;
    auto object = std::make_unique<QObject>();
    const CoroutineScope scope = scopeOf(*object);
    EXPECT_EQ(scope.job(), scopeOf(*object).job());
    bool cleaned = false;
    const Job waits = scope.launch([&]() -> Task<> {
        try {
            co_await delay(1h);
        } catch (const CancellationException&) {
            cleaned = true;
            throw;
        }
    });
    const Job fails = scope.launch(CoroutineContext(CoroutineExceptionHandler(
                                       [](const CoroutineContext&, const std::exception_ptr&) {})),
                                   []() -> Task<> {
                                       throw std::runtime_error("alone");
                                       co_return;
                                   });
    EXPECT_TRUE(fails.isCancelled());
    EXPECT_TRUE(waits.isActive());
    object.reset();
    // Within the destructor, because it is the application's thread.
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(waits.isCompleted());
    EXPECT_TRUE(scope.job().isCancelled());
}

} // namespace
} // namespace coroscope
