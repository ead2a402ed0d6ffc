// SPDX-License-Identifier: Apache-2.0
// Races, many times over: to be run under ThreadSanitizer too.
#include "Story.h"

#include <array>
#include <atomic>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 2'000;

void spin(unsigned turns) {
    for (; turns > 0; --turns)
        std::atomic_signal_fence(std::memory_order_seq_cst); // keeps the loop
}

/// May decide one suspension at a time, from any thread.
class Source {
public:
    void enroll(detail::Suspension& waits) {
        const std::lock_guard lock(mutex_);
        waits_ = &waits;
    }
    void forget() noexcept {
        const std::lock_guard lock(mutex_);
        waits_ = nullptr;
    }
    void decide() {
        spin(++turns_ * 2'654'435'761u % 2'000); // so that some come early and some do not
        detail::JobNode* job = nullptr;
        auto what = detail::Suspension::Claim::Lost;
        {
            const std::lock_guard lock(mutex_);
            detail::Suspension* const waits = std::exchange(waits_, nullptr);
            if (!waits) {
                std::this_thread::yield();
                return;
            }
            job = &waits->job();
            what = waits->claim();
        }
        ++decided[static_cast<std::size_t>(what)];
        if (what == detail::Suspension::Claim::Won)
            job->resumeLater();
    }
    std::array<int, 3> decided{}; ///< by Claim

private:
    std::mutex mutex_;
    detail::Suspension* waits_ = nullptr;
    unsigned turns_ = 0;
};

/// co_await either(a, b): goes on when one of them decides it.
class Either final : public detail::Suspension {
public:
    Either(Source& a, Source& b)
        : a_(a)
        , b_(b) {}
    void attach(detail::PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<>) {
        detail::PromiseBase& leaf = *leaf_;
        begin(leaf);
        a_.enroll(*this);
        b_.enroll(*this);
        return suspend(leaf, WaitKind::Callback, 0);
    }
    void await_resume() {
        if (wasCancelled())
            leaf_->job->throwCancellation(*leaf_);
        unregister();
    }
    void unregister() noexcept override {
        a_.forget();
        b_.forget();
    }

private:
    Source& a_;
    Source& b_;
};

TEST(Stress, ASuspensionIsDecidedOnceByOneOfTwoSourcesOrTheCanceller) {
    Source a, b;
    std::atomic<bool> over{false};
    std::thread first([&] {
        while (!over)
            a.decide();
    });
    std::thread second([&] {
        while (!over)
            b.decide();
    });
    std::atomic<int> begun{0}, resumed{0}, cancelled{0};
    const auto one = newFixedThreadPoolContext(1, "one");
    runBlocking([&](CoroutineScope scope) -> Task<> {
        const auto until = std::chrono::steady_clock::now() + 1s;
        for (unsigned i = 0; std::chrono::steady_clock::now() < until; ++i) {
            const Job job = scope.launch(one, [&](CoroutineScope) -> Task<> {
                for (;;) {
                    ++begun;
                    try {
                        co_await Either(a, b);
                    } catch (const CancellationException&) {
                        ++cancelled;
                        throw;
                    }
                    ++resumed;
                }
            });
            for (const int before = resumed; resumed - before < static_cast<int>(i % 8);)
                std::this_thread::yield();
            spin(i % 100 * 20);
            job.cancel("race");
            co_await job.join();
        }
    });
    over = true;
    first.join();
    second.join();
    const int won = a.decided[2] + b.decided[2];
    const int early = a.decided[1] + b.decided[1];
    EXPECT_EQ(won + early, resumed);
    EXPECT_EQ(resumed + cancelled, begun);
    EXPECT_GT(resumed, 0);
    EXPECT_GT(cancelled, 0);
    std::cout << won << " won, " << early << " early, " << a.decided[0] + b.decided[0] << " lost, "
              << cancelled << " cancelled\n";
}

TEST(Stress, ACancelRacesAResume) {
    std::atomic<int> values{0}, cancellations{0};
    runBlocking(Dispatchers::Default(), [&](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < rounds; ++i) {
            const auto gate = newCompletableDeferred<int>();
            const Job waiter = scope.launch([&, gate](CoroutineScope) -> Task<> {
                try {
                    const int n = co_await gate.await();
                    values += n;
                } catch (const CancellationException&) {
                    ++cancellations;
                    throw;
                }
            });
            const Job resumer = scope.launch([gate](CoroutineScope) -> Task<> {
                gate.complete(1);
                co_return;
            });
            if (i % 3 == 0)
                co_await yield();
            waiter.cancel("race");
            co_await waiter.join();
            co_await resumer.join();
            EXPECT_TRUE(waiter.isCompleted());
        }
    });
    EXPECT_LE(values + cancellations, rounds);
    EXPECT_GT(values + cancellations, 0);
}

TEST(Stress, ACancelRacesATimer) {
    runBlocking(Dispatchers::Default(), [](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < rounds / 4; ++i) {
            const Job sleeper = scope.launch([]() -> Task<> { co_await delay(50us); });
            co_await delay(std::chrono::microseconds(40 + i % 20));
            sleeper.cancel("race");
            co_await sleeper.join();
            EXPECT_TRUE(sleeper.isCompleted());
        }
    });
}

TEST(Stress, TimersExpireInCompanyWhileTheirJobsAreCancelled) {
    for (int round = 0; round < rounds; round += 20) {
        std::atomic<int> ended{0};
        runBlocking(Dispatchers::Default(), [&](CoroutineScope scope) -> Task<> {
            std::vector<Job> sleepers;
            for (int i = 0; i < 300; ++i) {
                sleepers.push_back(scope.launch([i]() -> Task<> {
                    auto sleeps = [i]() -> Task<> { co_await delay(std::chrono::microseconds(i % 400)); };
                    co_await withTimeoutOrNull(std::chrono::microseconds(200), sleeps);
                }));
                sleepers.back().invokeOnCompletion([&ended] { ++ended; });
            }
            co_await delay(150us);
            for (std::size_t i = 0; i < sleepers.size(); i += 3)
                sleepers[i].cancel();
        });
        ASSERT_EQ(ended, 300);
    }
}

TEST(Stress, LaunchingRacesCancelling) {
    std::atomic<int> begun{0}, ended{0};
    for (int i = 0; i < rounds / 20; ++i) {
        const CoroutineScope scope{CoroutineContext(Dispatchers::Default())};
        std::thread launches([&] {
            for (int k = 0; k < 50; ++k) {
                const Job job = scope.launch([&](CoroutineScope inner) -> Task<> {
                    ++begun;
                    inner.launch([]() -> Task<> { co_await delay(1h); });
                    co_await delay(1h);
                });
                job.invokeOnCompletion([&ended] { ++ended; });
            }
        });
        std::thread cancels([&] { scope.cancel("race"); });
        launches.join();
        cancels.join();
        const Job all = scope.job();
        runBlocking([all](CoroutineScope) -> Task<> { co_await all.join(); });
        EXPECT_TRUE(all.children().empty());
    }
    // A child of a job that has ended is cancelled, but nobody waits for it: let those end.
    runBlocking(Dispatchers::Default(), [&ended](CoroutineScope) -> Task<> {
        while (ended < rounds / 20 * 50)
            co_await yield();
    });
    EXPECT_EQ(ended, rounds / 20 * 50);
    EXPECT_LE(begun, ended);
}

/// Jobs hop between the dispatchers, and threads that are none of theirs launch: nobody is lost, none runs
/// twice.
TEST(Stress, JobsHopBetweenThePoolsAndNoneIsLost) {
    const auto fixed = newFixedThreadPoolContext(3, "hop");
    const DispatcherPtr view = Dispatchers::Default()->limitedParallelism(1);
    const DispatcherPtr wide = Dispatchers::IO()->limitedParallelism(5);
    const std::vector<DispatcherPtr> all = {Dispatchers::Default(), Dispatchers::IO(), fixed, view, wide};
    std::atomic<int> hops{0};
    int inView = 0; // not atomic: a view of one keeps it in order
    const CoroutineScope scope{CoroutineContext(Dispatchers::Default())};
    std::vector<std::thread> launchers;
    for (unsigned t = 0; t < 3; ++t)
        launchers.emplace_back([&, t] {
            for (unsigned i = 0; i < 60; ++i)
                scope.launch(all[(t + i) % all.size()], [&, t, i](CoroutineScope inner) -> Task<> {
                    for (unsigned k = 0; k < all.size(); ++k) {
                        auto there = [&]() -> Task<> {
                            ++hops;
                            co_await yield();
                        };
                        co_await withContext(all[(t + i + k) % all.size()], there);
                    }
                    inner.launch(view, [&]() -> Task<> {
                        ++inView;
                        co_return;
                    });
                });
        });
    for (std::thread& launcher : launchers)
        launcher.join();
    runBlocking([&](CoroutineScope) -> Task<> {
        const std::vector<Job> jobs = scope.job().children();
        co_await joinAll(jobs);
    });
    scope.cancel();
    EXPECT_EQ(hops, 3 * 60 * 5);
    EXPECT_EQ(inView, 3 * 60);
    fixed->close();
}

std::string& traceId() {
    thread_local std::string id;
    return id;
}

/// A trace id is there after every hop, in every child, and threads that are given back have none.
TEST(Stress, S109_ATraceIdIsThereAfterEveryHop) {
    const auto fixed = newFixedThreadPoolContext(3, "trace");
    const std::vector<DispatcherPtr> all = {Dispatchers::Default(), Dispatchers::IO(), fixed,
                                            Dispatchers::Default()->limitedParallelism(1),
                                            Dispatchers::Unconfined()};
    std::atomic<int> hops{0}, wrong{0};
    const auto check = [&](const std::string& expected) {
        ++hops;
        wrong += traceId() != expected;
    };
    runBlocking(Dispatchers::Default(), [&](CoroutineScope scope) -> Task<> {
        for (unsigned j = 0; j < 40; ++j) {
            const std::string id = j % 4 == 3 ? std::string() : "trace-" + std::to_string(j);
            const CoroutineContext context = j % 4 == 3 ? CoroutineContext() : asContextElement(traceId, id);
            scope.launch(context, [&, j, id](CoroutineScope own) -> Task<> {
                for (unsigned i = 0; i < 40; ++i) {
                    check(id);
                    auto there = [&]() -> Task<> {
                        check(id);
                        if (i % 3 == 0)
                            co_await delay(10us);
                        else
                            co_await yield();
                        check(id);
                        auto nested = [&]() -> Task<> {
                            check("nested");
                            co_await yield();
                            check("nested");
                        };
                        co_await withContext(asContextElement(traceId, "nested"), nested);
                        check(id);
                    };
                    co_await withContext(all[(i + j) % all.size()], there);
                    check(id);
                    const CoroutineStart how =
                        i % 2 == 0 ? CoroutineStart::Undispatched : CoroutineStart::Default;
                    const Job child = own.launch(how, [&]() -> Task<> {
                        check(id);
                        co_await yield();
                        check(id);
                    });
                    co_await child.join();
                }
            });
        }
        co_return;
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(hops, 40 * 40 * 9);
    EXPECT_EQ(traceId(), "");
    fixed->close();
}

/// Threads that come and go with their pools, again and again.
TEST(Stress, PoolsComeAndGo) {
    for (int round = 0; round < 100; ++round) {
        const auto pool = newFixedThreadPoolContext(1 + round % 3, "brief");
        std::atomic<int> ran{0};
        runBlocking(pool, [&](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < 20; ++i)
                scope.launch([&]() -> Task<> {
                    ++ran;
                    co_return;
                });
            co_return;
        });
        EXPECT_EQ(ran, 20);
        if (round % 2 == 0)
            pool->close();
    }
}

TEST(Stress, JoiningRacesCompletion) {
    runBlocking(Dispatchers::Default(), [](CoroutineScope scope) -> Task<> {
        std::atomic<int> joined{0};
        for (int i = 0; i < rounds / 2; ++i) {
            const Job job = scope.launch([]() -> Task<> { co_return; });
            std::vector<Job> waiters;
            for (int k = 0; k < 3; ++k) {
                waiters.push_back(scope.launch([&joined, job](CoroutineScope) -> Task<> {
                    co_await job.join();
                    ++joined;
                }));
            }
            co_await joinAll(waiters);
        }
        EXPECT_EQ(joined, rounds / 2 * 3);
    });
}

TEST(Stress, FailuresOfManyChildrenMeet) {
    for (int i = 0; i < rounds / 20; ++i) {
        const auto body = [](CoroutineScope) -> Task<> {
            auto inner = [](CoroutineScope scope) -> Task<> {
                for (int k = 0; k < 20; ++k) {
                    scope.launch([k](CoroutineScope) -> Task<> {
                        if (k % 5 == 4)
                            throw Boom("meets others");
                        co_await delay(1h);
                    });
                }
                co_await awaitCancellation();
            };
            co_await coroutineScope(inner);
        };
        EXPECT_THROW(runBlocking(Dispatchers::Default(), body), Boom);
    }
}

TEST(Stress, HandlesComeAndGoOnManyThreads) {
    const CompletableJob job = newJob();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&job] {
            for (int i = 0; i < rounds; ++i) {
                const Job copy = job;
                const Job child = newJob(copy);
                child.cancel();
                EXPECT_TRUE(copy.isActive());
            }
        });
    }
    for (std::thread& t : threads)
        t.join();
    EXPECT_TRUE(job.children().empty());
    EXPECT_TRUE(job.complete());
}

TEST(Stress, AContinuationIsResumedFromAThreadWhileItsJobIsCancelledFromAnother) {
    for (int i = 0; i < rounds / 10; ++i) {
        std::optional<CancellableContinuation<int>> kept;
        runBlocking([&kept](CoroutineScope scope) -> Task<> {
            const Job job = scope.launch(CoroutineStart::Undispatched, [&kept](CoroutineScope) -> Task<> {
                const int n = co_await suspendCancellableCoroutine<int>(
                    [&kept](CancellableContinuation<int> c) { kept = c; });
                EXPECT_EQ(n, 1);
            });
            std::thread resumes([c = *kept] { c.resume(1); });
            std::thread cancels([job] { job.cancel("race"); });
            co_await job.join();
            resumes.join();
            cancels.join();
        });
    }
}

} // namespace
} // namespace coroscope::test
