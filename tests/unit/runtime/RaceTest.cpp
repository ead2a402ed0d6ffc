// SPDX-License-Identifier: Apache-2.0
// The races that the runtime must win, each under random scheduling for as long as is asked for (Shuffled.h),
// under ThreadSanitizer too.
#include "OwnRecord.h"
#include "Shuffled.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Record.h>

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

/// Counts how often each of some things happened.
class Tally {
public:
    void note(int thing) {
        const std::lock_guard lock(mutex_);
        ++counts_[thing];
    }
    void expectEachOnce(int things) {
        const std::lock_guard lock(mutex_);
        EXPECT_EQ(counts_.size(), static_cast<std::size_t>(things));
        for (const auto& [thing, count] : counts_)
            EXPECT_EQ(count, 1) << "of " << thing;
    }

private:
    std::mutex mutex_;
    std::map<int, int> counts_;
};

/// Launches what runs at some time, beside all others.
template <class F>
void sometime(const CoroutineScope& scope, F what) {
    scope.launch([what](CoroutineScope) -> Task<> {
        what();
        co_return;
    });
}

/// Waits for what comes soon, on whatever thread.
template <class F>
Task<> until(F holds) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) {
            ADD_FAILURE() << "it never came";
            break;
        }
        co_await yield();
    }
}

TEST(Race, CancelAgainstComplete) {
    race([](CoroutineScope, Random& random) -> Task<> {
        const CompletableJob job = newJob();
        const auto deferred = newCompletableDeferred<int>();
        std::atomic<int> ended{0}, cancelling{0}, winners{0}, joined{0};
        std::atomic<bool> normally{false};
        job.invokeOnCompletion([&](const std::exception_ptr& cause) {
            normally = !cause;
            ++ended;
        });
        job.invokeOnCancelling([&] { ++cancelling; });
        const bool child = random.oneIn(2);
        auto all = [&](CoroutineScope scope) -> Task<> {
            if (child)
                scope.launch(job, [](CoroutineScope) -> Task<> { co_await yield(); });
            sometime(scope, [&] { job.cancel("race"); });
            sometime(scope, [&] { winners += job.complete(); });
            sometime(scope, [&] { winners += deferred.complete(1); });
            sometime(scope, [&] { deferred.cancel("race"); });
            sometime(scope, [&] { winners += deferred.complete(2); });
            for (int i = 0; i < 2; ++i)
                scope.launch([&](CoroutineScope) -> Task<> {
                    co_await job.join();
                    ++joined;
                });
            co_return;
        };
        co_await coroutineScope(all);
        EXPECT_TRUE(job.isCompleted());
        // Who finds a job that has ended does not wait for its handlers.
        co_await until([&] { return ended > 0 && cancelling > 0; });
        EXPECT_EQ(ended, 1);
        EXPECT_EQ(cancelling, 1);
        EXPECT_EQ(joined, 2);
        EXPECT_EQ(normally, !job.isCancelled());
        EXPECT_TRUE(deferred.isCompleted());
        EXPECT_LE(winners, 2);
        if (!job.isCancelled() && !deferred.isCancelled()) {
            EXPECT_EQ(winners, 2);
        }
    });
}

TEST(Race, CancelAgainstTheAttachOfAChild) {
    race([](CoroutineScope, Random& random) -> Task<> {
        const CompletableJob parent = random.oneIn(2) ? newJob() : SupervisorJob();
        const bool completes = random.oneIn(3);
        std::atomic<int> begun{0}, ended{0}, lateBirths{0};
        constexpr int children = 8;
        auto all = [&](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < children; ++i)
                sometime(scope, [&, scope] {
                    const Job child = scope.launch(parent, [&](CoroutineScope) -> Task<> {
                        ++begun;
                        co_await awaitCancellation();
                    });
                    child.invokeOnCompletion([&] { ++ended; });
                    // Attached or not: under a parent that has ended there is no child that goes on.
                    if (parent.isCompleted() && child.isActive())
                        ++lateBirths;
                });
            sometime(scope, [&] {
                if (completes)
                    parent.complete();
            });
            sometime(scope, [&] { parent.cancel("race"); });
            co_return;
        };
        co_await coroutineScope(all);
        co_await parent.join();
        EXPECT_TRUE(parent.children().empty());
        EXPECT_EQ(lateBirths, 0);
        // One that came after the end of its parent ends by itself, soon.
        co_await until([&] { return ended == children; });
        EXPECT_LE(begun, children);
    });
}

TEST(Race, CancelAgainstResume) {
    race([](CoroutineScope scope, Random& random) -> Task<> {
        std::optional<CancellableContinuation<int>> kept;
        std::atomic<int> values{0}, cancellations{0}, given{0}, twice{0};
        auto waits = [&](CoroutineScope) -> Task<> {
            bool cancelled = false;
            try {
                const int n = co_await suspendCancellableCoroutine<int>(
                    [&kept](CancellableContinuation<int> c) { kept = c; });
                values += n;
            } catch (const CancellationException&) {
                cancelled = true;
            }
            cancellations += cancelled;
        };
        const Job job = scope.launch(CoroutineStart::Undispatched, waits);
        auto all = [&](CoroutineScope racers) -> Task<> {
            const int resumers = 1 + static_cast<int>(random.below(2));
            for (int i = 0; i < resumers; ++i)
                sometime(racers, [&] {
                    try {
                        kept->resume(1);
                        ++given;
                    } catch (const std::logic_error&) {
                        ++twice;
                    }
                });
            sometime(racers, [&] { job.cancel("race"); });
            co_return;
        };
        co_await coroutineScope(all);
        co_await job.join();
        EXPECT_EQ(values + cancellations, 1);
        EXPECT_EQ(given, 1) << "resumes that were taken";
        EXPECT_LE(twice, 1);
        EXPECT_FALSE(kept->isActive());
    });
}

/// What was handed to a coroutine that was cancelled before it ran comes back: it is taken once or given back
/// once.
TEST(Race, PromptCancellation) {
    race([](CoroutineScope, Random& random) -> Task<> {
        Tally tally;
        const Channel<int> channel(static_cast<int>(random.below(3)), BufferOverflow::Suspend,
                                   [&](int& n) { tally.note(n); });
        constexpr int elements = 12;
        auto all = [&](CoroutineScope scope) -> Task<> {
            std::vector<Job> receivers, senders;
            for (int i = 0; i < elements; ++i) {
                receivers.push_back(scope.launch(CoroutineStart::Undispatched, [&](CoroutineScope) -> Task<> {
                    const auto got = co_await channel.receiveCatching();
                    if (got.isSuccess())
                        tally.note(*got.getOrNull());
                }));
                senders.push_back(
                    scope.launch([&, i](CoroutineScope) -> Task<> { co_await channel.send(i); }));
            }
            for (std::size_t i = 0; i < receivers.size(); ++i)
                if (random.oneIn(2))
                    sometime(scope, [one = receivers[i]] { one.cancel("race"); });
            // For those whose receiver was cancelled in time.
            scope.launch([&](CoroutineScope) -> Task<> {
                for (;;) {
                    const auto got = co_await channel.receiveCatching();
                    if (!got.isSuccess())
                        break;
                    tally.note(*got.getOrNull());
                }
            });
            co_await joinAll(senders);
            channel.close();
        };
        co_await coroutineScope(all);
        tally.expectEachOnce(elements);
    });
}

TEST(Race, ACallbacksResourceIsTakenOrClosedOnce) {
    race([](CoroutineScope scope, Random&) -> Task<> {
        std::optional<CancellableContinuation<int>> kept;
        std::atomic<int> taken{0}, closed{0};
        auto opens = [&](CoroutineScope) -> Task<> {
            const int resource =
                co_await suspendCancellableCoroutine<int>([&](CancellableContinuation<int> c) {
                    c.invokeOnCancellation([&](const std::exception_ptr&) { ++closed; });
                    kept = c;
                });
            taken += resource;
        };
        const Job job = scope.launch(CoroutineStart::Undispatched, opens);
        auto all = [&](CoroutineScope racers) -> Task<> {
            sometime(racers, [&] { kept->resume(1); });
            sometime(racers, [&] { job.cancel("race"); });
            co_return;
        };
        co_await coroutineScope(all);
        co_await job.join();
        EXPECT_EQ(taken + closed, 1);
    });
}

class Inside {
public:
    explicit Inside(int& count)
        : count_(count) {
        EXPECT_EQ(++count_, 1);
    }
    ~Inside() { --count_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    int& count_; ///< no lock but the one that is tested
};

TEST(Race, HandOverOfLocks) {
    race([](CoroutineScope, Random& random) -> Task<> {
        Mutex mutex;
        Semaphore semaphore(2);
        int inside = 0;
        std::atomic<int> permits{0}, passed{0}, cancelled{0};
        constexpr int jobs = 10;
        auto all = [&](CoroutineScope scope) -> Task<> {
            std::vector<Job> lockers;
            for (int i = 0; i < jobs; ++i)
                lockers.push_back(scope.launch([&, pauses = random.oneIn(2)](CoroutineScope) -> Task<> {
                    try {
                        const auto permit = co_await semaphore.withPermit();
                        EXPECT_LE(++permits, 2);
                        --permits;
                        const auto locked = co_await mutex.withLock();
                        const Inside here(inside);
                        if (pauses)
                            co_await yield();
                        ++passed;
                    } catch (const CancellationException&) {
                        ++cancelled;
                    }
                }));
            for (const Job& job : lockers)
                if (random.oneIn(3))
                    sometime(scope, [job] { job.cancel("race"); });
            co_return;
        };
        co_await coroutineScope(all);
        EXPECT_FALSE(mutex.isLocked());
        EXPECT_EQ(semaphore.availablePermits(), 2u);
        EXPECT_LE(passed + cancelled, jobs);
    });
}

TEST(Race, ChannelCloseAgainstSend) {
    race([](CoroutineScope, Random& random) -> Task<> {
        Tally tally;
        static constexpr int capacities[] = {0, 1, 3, ChannelCapacity::Unlimited, ChannelCapacity::Conflated};
        const Channel<int> channel(capacities[random.below(5)], BufferOverflow::Suspend,
                                   [&](int& n) { tally.note(n); });
        constexpr int elements = 9;
        const bool cancels = random.oneIn(3);
        const unsigned receivers = random.below(3);
        auto all = [&](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < elements; ++i)
                scope.launch([&, i](CoroutineScope) -> Task<> {
                    try {
                        co_await channel.send(i);
                    } catch (const ClosedSendChannelException&) {
                    } catch (const CancellationException&) { // it was the channel that was cancelled
                    }
                });
            for (unsigned i = 0; i < receivers; ++i)
                scope.launch([&](CoroutineScope) -> Task<> {
                    for (;;) {
                        const auto got = co_await channel.receiveCatching();
                        if (!got.isSuccess())
                            break;
                        tally.note(*got.getOrNull());
                    }
                });
            sometime(scope, [&] { channel.close(); });
            if (cancels)
                sometime(scope, [&] { channel.cancel(); });
            if (receivers == 0) {
                // Nobody else lets go those who wait to send.
                const std::vector<Job> jobs = scope.job().children();
                while (!channel.isClosedForSend())
                    co_await yield();
                channel.cancel();
                co_await joinAll(jobs);
            }
        };
        co_await coroutineScope(all);
        channel.cancel();
        tally.expectEachOnce(elements);
    });
}

TEST(Race, AStopAgainstTheEndOfItsJob) {
    race([](CoroutineScope, Random& random) -> Task<> {
        std::stop_source source;
        const CompletableJob job = newJob();
        std::optional<StopOnCancel> token(std::in_place, job);
        const CompletableJob other = newJob();
        cancelOnStop(other, token->token());
        const bool disposes = random.oneIn(3);
        auto all = [&](CoroutineScope scope) -> Task<> {
            sometime(scope, [&] {
                DisposableHandle handle = cancelOnStop(job, source.get_token());
                if (disposes)
                    handle.dispose();
            });
            sometime(scope, [&] { source.request_stop(); });
            sometime(scope, [&] { job.complete(); });
            // Jobs without any other owner come and go while the stop is under way.
            for (int i = 0; i < 3; ++i)
                sometime(scope, [&] { cancelOnStop(newJob(), source.get_token()); });
            sometime(scope, [&] { token.reset(); });
            co_return;
        };
        co_await coroutineScope(all);
        EXPECT_TRUE(job.isCompleted());
        if (other.isCancelled()) {
            EXPECT_TRUE(job.isCancelled());
        }
        other.cancel();
    });
}

std::string& traceId() {
    thread_local std::string id;
    return id;
}

TEST(Race, S109_ATraceIdStaysWithItsJob) {
    race([](CoroutineScope, Random&) -> Task<> {
        std::atomic<int> wrong{0};
        auto all = [&](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < 4; ++i)
                scope.launch(asContextElement(traceId, std::to_string(i)),
                             [&, i](CoroutineScope own) -> Task<> {
                                 const auto check = [&wrong, i] { wrong += traceId() != std::to_string(i); };
                                 check();
                                 co_await yield();
                                 check();
                                 own.launch([check](CoroutineScope) -> Task<> {
                                     check();
                                     co_await yield();
                                     check();
                                 });
                                 auto other = [&wrong](CoroutineScope) -> Task<> {
                                     wrong += traceId() != "other";
                                     co_await yield();
                                     wrong += traceId() != "other";
                                 };
                                 co_await withContext(asContextElement(traceId, "other"), other);
                                 check();
                             });
            scope.launch([&wrong](CoroutineScope) -> Task<> {
                wrong += !traceId().empty();
                co_await yield();
                wrong += !traceId().empty();
            });
            co_return;
        };
        co_await coroutineScope(all);
        EXPECT_EQ(wrong, 0);
    });
}

/// Slots are used again as soon as their jobs have ended. Who reads one meanwhile gets a row of the job he
/// asked for, or none.
TEST(Race, ReadingAnEndedJobsSlotAgainstItsReuse) {
    ASSERT_TRUE(record::start()) << record::stoppedBecause();
    const OwnRecord own;
    std::mutex mutex;
    std::vector<std::pair<JobId, std::uint64_t>> known; // with the number of its name
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> found{0}, gone{0}, wrong{0};
    std::thread reader([&] {
        Random random(stressSeed());
        while (!done) {
            std::pair<JobId, std::uint64_t> one;
            {
                const std::lock_guard lock(mutex);
                if (known.empty())
                    continue;
                one = known[random.below(static_cast<unsigned>(known.size()))];
            }
            random.pause();
            const auto row = own.read(one.first);
            if (!row)
                ++gone;
            else if (row->name != "job " + std::to_string(one.second))
                ++wrong;
            else
                ++found;
        }
    });
    std::atomic<std::uint64_t> next{0};
    race([&](CoroutineScope, Random& random) -> Task<> {
        auto all = [&](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < 20; ++i) {
                // Few names: they are kept for ever.
                const std::uint64_t number = next++ % 97;
                const Job job = scope.launch(CoroutineName("job " + std::to_string(number)),
                                             [yields = random.oneIn(2)](CoroutineScope) -> Task<> {
                                                 if (yields)
                                                     co_await yield();
                                             });
                const JobId id = job.id();
                if (id.value == 0)
                    continue; // it has ended already
                const std::lock_guard lock(mutex);
                if (known.size() < 200)
                    known.emplace_back(id, number);
                else
                    known[random.below(200)] = {id, number};
            }
            co_return;
        };
        co_await coroutineScope(all);
    });
    done = true;
    reader.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_GT(found + gone, 0u);
}

} // namespace
} // namespace coroscope::test
