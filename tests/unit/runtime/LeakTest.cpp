// SPDX-License-Identifier: Apache-2.0
// No path leaves anything behind: jobs are counted in the record, and memory (frames, jobs, handlers, all) by
// an operator new of this program's own.
//
// The runtime keeps blocks for reuse, so that a run may find some or need new ones. What is lost in each run,
// though, is never found again: then no batch of runs ends with as many allocations alive as the one before,
// as a batch takes more blocks than are made at a time.
#include "Story.h"

#include <coroscope/gtest/NoJobsLeft.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

std::atomic<std::int64_t> living{0};
thread_local void (*beforeAllocation)() = nullptr;

void* allocate(std::size_t size, std::size_t alignment) {
    if (beforeAllocation)
        std::exchange(beforeAllocation, nullptr)();
    void* const p = alignment == 0
                        ? std::malloc(size)
                        : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (!p)
        throw std::bad_alloc();
    living.fetch_add(1, std::memory_order_relaxed);
    return p;
}

void deallocate(void* p) noexcept {
    if (!p)
        return;
    living.fetch_sub(1, std::memory_order_relaxed);
    std::free(p);
}

} // namespace

void* operator new(std::size_t size) {
    return allocate(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
    deallocate(p);
}
void operator delete(void* p, std::size_t) noexcept {
    deallocate(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    deallocate(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    deallocate(p);
}

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

constexpr int batch = 200; // more than the 64 blocks that are made at a time

/// True if a batch of runs leaves nothing. What ends on other threads gets time.
template <class F>
bool leavesNothing(F run) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    for (int turn = 0; turn < 50 && std::chrono::steady_clock::now() < deadline; ++turn) {
        const std::int64_t before = living;
        {
            const NoJobsLeft watch(20s);
            for (int i = 0; i < batch; ++i)
                run();
        }
        // A job is off the record a little before its memory is.
        for (int wait = 0; wait < 20 && living > before; ++wait)
            std::this_thread::sleep_for(1ms);
        if (living <= before)
            return true;
    }
    return false;
}

template <class F>
void expectNoLeak(F run) {
    EXPECT_TRUE(leavesNothing(run));
}

CoroutineContext quiet() {
    return CoroutineExceptionHandler([](const CoroutineContext&, const std::exception_ptr&) {});
}

/// With a frame for each level, something that a frame holds, and something to be awaited.
Task<int> deep(int levels) {
    const auto held = std::make_unique<int>(levels);
    if (levels > 0)
        co_return co_await deep(levels - 1) + *held;
    co_await yield();
    co_return 0;
}

Task<> cleanup() {
    co_await deep(2);
}

TEST(Leak, TheCountFindsWhatIsLost) {
    static std::vector<std::unique_ptr<int>> lost;
    lost.reserve(100 * batch);
    EXPECT_FALSE(leavesNothing([] { lost.push_back(std::make_unique<int>(1)); }));
    static std::vector<CompletableJob> held;
    held.reserve(100 * batch);
    EXPECT_FALSE(leavesNothing([] {
        held.push_back(newJob());
        held.back().complete();
    })) << "blocks are not counted";
    lost.clear();
    held.clear();
}

TEST(Leak, NormalEnd) {
    expectNoLeak([] {
        runBlocking([](CoroutineScope scope) -> Task<> {
            scope.launch([](CoroutineScope own) -> Task<> {
                const int n = co_await deep(5);
                own.launch([n](CoroutineScope) -> Task<> { co_await deep(n % 3); });
            });
            const auto text = scope.async([](CoroutineScope) -> Task<std::string> {
                co_await yield();
                co_return std::string(100, 'x');
            });
            const std::string got = co_await text.await();
            EXPECT_EQ(got.size(), 100u);
            auto elsewhere = [](CoroutineScope) -> Task<int> { return deep(3); };
            co_await withContext(Dispatchers::Default(), elsewhere);
            co_await coroutineScope(elsewhere);
            co_await supervisorScope(elsewhere);
        });
    });
}

TEST(Leak, Failure) {
    expectNoLeak([] {
        bool failed = false;
        try {
            runBlocking([](CoroutineScope scope) -> Task<> {
                for (int i = 0; i < 3; ++i)
                    scope.launch([i](CoroutineScope) -> Task<> {
                        co_await deep(2);
                        throw Boom(std::to_string(i));
                    });
                scope.launch([](CoroutineScope) -> Task<> { co_await awaitCancellation(); });
                co_await awaitCancellation();
            });
        } catch (const Boom&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
        // Below a supervisor: one that goes to the handler, one that nobody asks for.
        runBlocking(quiet(), [](CoroutineScope) -> Task<> {
            auto body = [](CoroutineScope scope) -> Task<> {
                scope.launch([](CoroutineScope) -> Task<> {
                    co_await yield();
                    throw Boom("handled");
                });
                static_cast<void>(scope.async([](CoroutineScope) -> Task<int> {
                    co_await yield();
                    throw Boom("lost");
                }));
                co_return;
            };
            co_await supervisorScope(body);
        });
    });
}

TEST(Leak, CancelledBeforeItsStart) {
    expectNoLeak([] {
        runBlocking([](CoroutineScope scope) -> Task<> {
            const auto held = std::make_shared<int>(1);
            const Job queued = scope.launch([held](CoroutineScope) -> Task<> { co_await deep(2); });
            const Job lazy =
                scope.launch(CoroutineStart::Lazy, [held](CoroutineScope) -> Task<> { co_await deep(2); });
            const Job atomic =
                scope.launch(CoroutineStart::Atomic, [held](CoroutineScope) -> Task<> { co_await deep(2); });
            queued.cancel("early");
            lazy.cancel("early");
            atomic.cancel("early");
            co_return;
        });
        // Lazy, and never started nor cancelled: dropped.
        const CoroutineScope scope{CoroutineContext(Dispatchers::Default())};
        const auto held = std::make_shared<int>(1);
        scope.launch(CoroutineStart::Lazy, [held](CoroutineScope) -> Task<> { co_await deep(2); });
        scope.cancel();
        // A task that nobody awaits.
        {
            const Task<int> never = deep(3);
        }
    });
}

TEST(Leak, CancelledWhileSuspended) {
    expectNoLeak([] {
        runBlocking([](CoroutineScope scope) -> Task<> {
            const Channel<int> channel;
            Mutex mutex;
            Semaphore semaphore(1);
            const auto never = newCompletableDeferred<int>();
            co_await mutex.lock();
            co_await semaphore.acquire();
            std::vector<Job> jobs;
            const auto add = [&](auto body) { jobs.push_back(scope.launch(body)); };
            add([](CoroutineScope) -> Task<> { co_await delay(1h); });
            add([](CoroutineScope) -> Task<> { co_await awaitCancellation(); });
            add([&](CoroutineScope) -> Task<> { co_await channel.send(1); });
            add([&](CoroutineScope) -> Task<> { co_await channel.receive(); });
            add([&](CoroutineScope) -> Task<> { co_await channel.receive(); });
            add([&](CoroutineScope) -> Task<> { co_await mutex.lock(); });
            add([&](CoroutineScope) -> Task<> { co_await semaphore.acquire(); });
            add([&](CoroutineScope) -> Task<> { co_await never.await(); });
            add([&](CoroutineScope) -> Task<> { co_await never.join(); });
            add([&](CoroutineScope) -> Task<> {
                auto got = [](int) {};
                auto locked = [] {};
                co_await select(never.onAwait(got), mutex.onLock(locked), onTimeout(1h, locked));
            });
            add([](CoroutineScope) -> Task<> {
                auto block = [](std::stop_token stop) {
                    while (!stop.stop_requested())
                        std::this_thread::yield();
                };
                co_await runInterruptible(Dispatchers::IO(), block);
            });
            add([](CoroutineScope) -> Task<> { co_await withCleanup(awaitCancellation(), cleanup()); });
            co_await yield();
            co_await yield();
            for (const Job& job : jobs)
                job.cancel("enough");
            co_await joinAll(jobs);
            never.cancel();
            mutex.unlock();
        });
    });
}

TEST(Leak, Timeouts) {
    expectNoLeak([] {
        runTest([](CoroutineScope) -> Task<> {
            auto late = [](CoroutineScope) -> Task<int> {
                co_await delay(1h);
                co_return 1;
            };
            auto inTime = [](CoroutineScope) -> Task<int> { return deep(2); };
            const auto nothing = co_await withTimeoutOrNull(1ms, late);
            EXPECT_FALSE(nothing);
            const auto zero = co_await withTimeoutOrNull(0ms, late);
            EXPECT_FALSE(zero);
            const int n = co_await withTimeout(1h, inTime);
            EXPECT_EQ(n, 3);
            bool timedOut = false;
            try {
                co_await withTimeout(1ms, late);
            } catch (const TimeoutCancellationException&) {
                timedOut = true;
            }
            EXPECT_TRUE(timedOut);
        });
    });
}

TEST(Leak, ScopesAndJobsThatAreDropped) {
    expectNoLeak([] {
        const auto held = std::make_shared<int>(1);
        {
            // Dropped with work in it, which ends by itself.
            const CoroutineScope scope{CoroutineContext(Dispatchers::Default()) + quiet()};
            scope.launch([held](CoroutineScope) -> Task<> { co_await deep(2); });
        }
        {
            // Jobs that nobody will ever complete, with all that may hang on one.
            std::stop_source source;
            const CompletableJob job = newJob();
            job.invokeOnCompletion([held] {});
            job.invokeOnCancelling([held, job = std::weak_ptr<int>(held)] {});
            cancelOnStop(job, source.get_token());
            const StopOnCancel stop(job);
            const CompletableJob child = newJob(job);
            child.complete();
            const auto deferred = newCompletableDeferred<int>();
        }
        while (held.use_count() > 1)
            std::this_thread::yield();
    });
}

TEST(Leak, RejectedDispatch) {
    expectNoLeak([] {
        const auto pool = newSingleThreadContext("brief");
        runBlocking(quiet(), [pool](CoroutineScope scope) -> Task<> {
            const auto gate = newCompletableDeferred<void>();
            const Job suspended = scope.launch(pool, [gate](CoroutineScope) -> Task<> {
                try {
                    co_await gate.await();
                } catch (const CancellationException&) {
                }
                co_await withContext(NonCancellable(), [](CoroutineScope) -> Task<int> { return deep(1); });
            });
            while (!suspended.isActive())
                co_await yield();
            pool->close();
            gate.complete();
            co_await suspended.join();
            const Job late = scope.launch(pool, [](CoroutineScope) -> Task<> { co_await deep(2); });
            co_await late.join();
            EXPECT_TRUE(late.isCancelled());
        });
    });
}

TEST(Leak, ChannelsWithElementsLeft) {
    expectNoLeak([] {
        runBlocking([](CoroutineScope scope) -> Task<> {
            std::vector<Job> senders;
            for (const int capacity : {0, 1, 2, ChannelCapacity::Unlimited, ChannelCapacity::Conflated}) {
                const Channel<std::unique_ptr<int>> channel(capacity);
                for (int i = 0; i < 3; ++i)
                    senders.push_back(scope.launch([channel, i](CoroutineScope) -> Task<> {
                        co_await channel.send(std::make_unique<int>(i));
                    }));
                co_await yield();
                channel.close();
                static_cast<void>(channel.trySend(std::make_unique<int>(9)));
            }
            // Those that nobody receives from keep their senders.
            for (const Job& sender : senders)
                sender.cancel("enough");
            co_return;
        });
    });
}

TEST(Leak, ProducersThatAreAbandoned) {
    expectNoLeak([] {
        runBlocking([](CoroutineScope scope) -> Task<> {
            auto body = [](ProducerScope<std::unique_ptr<int>> to) -> Task<> {
                for (int i = 0;; ++i)
                    co_await to.send(std::make_unique<int>(i));
            };
            auto inner = [body](CoroutineScope own) -> Task<> {
                const auto cancelled = produce<std::unique_ptr<int>>(own, body);
                const auto first = co_await cancelled.receive();
                EXPECT_EQ(*first, 0);
                cancelled.cancel();
                {
                    // Nobody has its channel any more; it goes with its scope.
                    const auto dropped = produce<std::unique_ptr<int>>(own, body, 3);
                    const auto one = co_await dropped.receive();
                    EXPECT_EQ(*one, 0);
                }
                own.job().cancelChildren("abandoned");
            };
            co_await coroutineScope(inner);
            static_cast<void>(scope);
        });
    });
}

TEST(Leak, LosersOfASelect) {
    expectNoLeak([] {
        runBlocking([](CoroutineScope scope) -> Task<> {
            const Channel<std::unique_ptr<int>> empty, full(1), other;
            co_await full.send(std::make_unique<int>(1));
            const auto never = newCompletableDeferred<int>();
            Mutex mutex;
            co_await mutex.lock();
            auto got = [](std::unique_ptr<int>) {};
            auto number = [](int) {};
            auto nothing = [] {};
            co_await select(empty.onReceive(got), never.onAwait(number), mutex.onLock(nothing),
                            other.onSend(std::make_unique<int>(2), nothing), full.onReceive(got),
                            onTimeout(1h, nothing));
            scope.launch(
                [empty](CoroutineScope) -> Task<> { co_await empty.send(std::make_unique<int>(3)); });
            co_await select(empty.onReceive(got), never.onAwait(number), mutex.onLock(nothing),
                            other.onSend(std::make_unique<int>(4), nothing), onTimeout(1h, nothing));
            never.cancel();
        });
    });
}

std::string& traceId() {
    thread_local std::string id;
    return id;
}

TEST(Leak, ThreadBoundElements) {
    expectNoLeak([] {
        const std::string id(100, 'x');
        runBlocking(asContextElement(traceId, id), [](CoroutineScope scope) -> Task<> {
            scope.launch(Dispatchers::Default(), [](CoroutineScope) -> Task<> { co_await deep(2); });
            auto body = [](CoroutineScope) -> Task<> {
                co_await yield();
                throw Boom("inside");
            };
            bool failed = false;
            try {
                co_await withContext(asContextElement(traceId, std::string(200, 'y')), body);
            } catch (const Boom&) {
                failed = true;
            }
            EXPECT_TRUE(failed);
        });
    });
}

std::weak_ptr<Dispatcher> viewInUse;
std::atomic<bool> goOn{false};

/// What keeps a view is the jobs in it. Here they end while a thread that has brought one of them is still in
/// the view, where it makes a runner.
TEST(View, MayGoWhileWorkIsBroughtToIt) {
    std::optional<CancellableContinuation<void>> resumes;
    std::atomic<int> begun{0}, ended{0};
    {
        const DispatcherPtr view = Dispatchers::IO()->limitedParallelism(2);
        viewInUse = view;
        GlobalScope.launch(view, [&]() -> Task<> {
            co_await suspendCancellableCoroutine<void>([&](CancellableContinuation<void> c) {
                resumes = std::move(c);
                ++begun;
            });
            ++ended;
        });
        GlobalScope.launch(view, [&]() -> Task<> {
            ++begun;
            while (!goOn)
                std::this_thread::yield();
            ++ended;
            co_return;
        });
        while (begun < 2)
            std::this_thread::yield();
        std::this_thread::sleep_for(20ms); // the second one has the only runner
    }
    beforeAllocation = [] {
        goOn = true;
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (viewInUse.use_count() > 1 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(1ms);
        std::this_thread::sleep_for(20ms);
    };
    resumes->resume();
    beforeAllocation = nullptr;
    goOn = true;
    while (ended < 2)
        std::this_thread::yield();
}

} // namespace
} // namespace coroscope::test
