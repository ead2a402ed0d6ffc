// SPDX-License-Identifier: Apache-2.0
// Races around mutexes, semaphores, channels and select, many times over: to be run under ThreadSanitizer
// too. With --long a hundred times as many.
#include "Story.h"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;

int rounds = 2'000;

template <class F>
void onManyThreads(F body) {
    runBlocking(Dispatchers::Default(), [&body](CoroutineScope scope) -> Task<> { co_await body(scope); });
}

TEST(SyncStress, AMutexLetsOneInAtATimeAndNeverGetsLost) {
    Mutex mutex;
    int inside = 0;
    std::uint64_t counted = 0;
    std::atomic<std::uint64_t> cancelled{0};
    onManyThreads([&](CoroutineScope scope) -> Task<> {
        std::vector<Job> jobs;
        for (int j = 0; j < 8; ++j)
            jobs.push_back(scope.launch([&, j](CoroutineScope) -> Task<> {
                for (int i = 0; i < rounds; ++i) {
                    const auto locked = co_await mutex.withLock();
                    EXPECT_EQ(++inside, 1);
                    ++counted;
                    if ((i + j) % 16 == 0)
                        co_await yield();
                    --inside;
                }
            }));
        // Others come and are cancelled: while they wait, after the lock was handed to them, and while they
        // hold it.
        for (int i = 0; i < rounds; ++i) {
            const Job brief = scope.launch([&](CoroutineScope) -> Task<> {
                try {
                    co_await mutex.lock();
                } catch (const CancellationException&) {
                    ++cancelled;
                    throw;
                }
                EXPECT_EQ(++inside, 1);
                ++counted;
                --inside;
                mutex.unlock();
            });
            if (i % 3 != 0)
                co_await yield();
            brief.cancel("race");
        }
        co_await joinAll(jobs);
    });
    EXPECT_FALSE(mutex.isLocked());
    EXPECT_GE(counted, 8u * static_cast<unsigned>(rounds));
    EXPECT_LE(counted + cancelled, 9u * static_cast<unsigned>(rounds));
}

TEST(SyncStress, UnlockingRacesTheCancelOfTheOneWhoWaits) {
    onManyThreads([&](CoroutineScope scope) -> Task<> {
        Mutex mutex;
        for (int i = 0; i < rounds; ++i) {
            co_await mutex.lock();
            const Job first = scope.launch([&](CoroutineScope) -> Task<> {
                const auto locked = co_await mutex.withLock();
                EXPECT_TRUE(mutex.isLocked());
            });
            const Job second = scope.launch(
                [&](CoroutineScope) -> Task<> { const auto locked = co_await mutex.withLock(); });
            if (i % 2 != 0)
                co_await yield();
            const Job unlocks = scope.launch([&](CoroutineScope) -> Task<> {
                mutex.unlock();
                co_return;
            });
            first.cancel("race");
            co_await first.join();
            co_await second.join(); // gets it whoever had it before
            co_await unlocks.join();
            EXPECT_FALSE(mutex.isLocked());
        }
    });
}

/// What is guarded goes with the last one who unlocks, and with it what guards it.
template <class Guard, class Enter, class Leave>
void goesWithTheLast(Enter enter, Leave leave) {
    struct Guarded {
        Guard guard;
        int users = 3;
    };
    onManyThreads([&](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < rounds; ++i) {
            auto* const guarded = new Guarded{.guard = Guard(1)};
            std::vector<Job> jobs;
            for (int j = 0; j < 3; ++j)
                jobs.push_back(scope.launch([&, guarded, i, j](CoroutineScope) -> Task<> {
                    co_await enter(guarded->guard);
                    if ((i + j) % 4 == 0)
                        co_await yield();
                    const bool last = --guarded->users == 0;
                    leave(guarded->guard);
                    if (last)
                        delete guarded;
                }));
            co_await joinAll(jobs);
        }
    });
}

TEST(SyncStress, AMutexMayGoWhenTheLastOneHasUnlockedIt) {
    struct Free : Mutex {
        explicit Free(int) {}
    };
    goesWithTheLast<Free>([](Mutex& m) { return m.lock(); }, [](Mutex& m) { m.unlock(); });
}

TEST(SyncStress, ASemaphoreMayGoWhenTheLastOneHasReleasedIt) {
    goesWithTheLast<Semaphore>([](Semaphore& s) { return s.acquire(); }, [](Semaphore& s) { s.release(); });
}

TEST(SyncStress, PermitsAreNeitherLostNorMade) {
    Semaphore semaphore(3);
    std::atomic<int> inside{0};
    onManyThreads([&](CoroutineScope scope) -> Task<> {
        std::vector<Job> jobs;
        for (int j = 0; j < 8; ++j)
            jobs.push_back(scope.launch([&, j](CoroutineScope) -> Task<> {
                for (int i = 0; i < rounds; ++i) {
                    const auto permit = co_await semaphore.withPermit();
                    EXPECT_LE(++inside, 3);
                    if ((i + j) % 8 == 0)
                        co_await yield();
                    --inside;
                }
            }));
        for (int i = 0; i < rounds; ++i) {
            const Job brief = scope.launch(
                [&](CoroutineScope) -> Task<> { const auto permit = co_await semaphore.withPermit(); });
            if (i % 3 != 0)
                co_await yield();
            brief.cancel("race");
        }
        co_await joinAll(jobs);
    });
    EXPECT_EQ(semaphore.availablePermits(), 3u);
}

/// Every element comes out exactly once, whichever way.
class Ledger {
public:
    void note(int element) {
        const std::lock_guard guard(lock_);
        EXPECT_TRUE(seen_.insert(element).second) << element << " twice";
    }
    std::size_t size() {
        const std::lock_guard guard(lock_);
        return seen_.size();
    }

private:
    std::mutex lock_;
    std::set<int> seen_;
};

TEST(SyncStress, EachElementIsReceivedOrToldAsUndeliveredOnce) {
    for (const int capacity : {0, 1, 4, ChannelCapacity::Unlimited}) {
        Ledger ledger;
        const Channel<int> channel(capacity, BufferOverflow::Suspend, [&](int& n) { ledger.note(n); });
        // A sender that is cancelled once its element was taken does not know, so all elements count.
        std::atomic<int> next{0};
        onManyThreads([&](CoroutineScope scope) -> Task<> {
            std::vector<Job> senders, receivers;
            for (int j = 0; j < 4; ++j) {
                senders.push_back(scope.launch([&](CoroutineScope) -> Task<> {
                    for (int i = 0; i < rounds; ++i) {
                        const Job one = scope.launch([&, n = next++](CoroutineScope) -> Task<> {
                            try {
                                co_await channel.send(n);
                            } catch (const ClosedSendChannelException&) {
                            }
                        });
                        // Not before it has begun: else there is nothing to be delivered.
                        if (i % 4 == 0) {
                            co_await yield();
                            one.cancel("race");
                        }
                        co_await one.join();
                    }
                }));
                receivers.push_back(scope.launch([&](CoroutineScope) -> Task<> {
                    for (int turn = 0;; ++turn) {
                        const Job one = scope.launch([&](CoroutineScope) -> Task<> {
                            const auto got = co_await channel.receiveCatching();
                            if (got.isSuccess())
                                ledger.note(*got.getOrNull());
                        });
                        if (turn % 3 == 0)
                            one.cancel("race");
                        co_await one.join();
                        if (channel.isClosedForReceive())
                            break;
                    }
                }));
            }
            const Job disturber = scope.launch([&](CoroutineScope) -> Task<> {
                for (int i = 0; i < rounds; ++i) {
                    const Job one = scope.launch(CoroutineStart::Undispatched, [&](CoroutineScope) -> Task<> {
                        const int n = co_await channel.receive();
                        ledger.note(n);
                    });
                    co_await yield();
                    one.cancel("race");
                    co_await one.join();
                }
            });
            co_await joinAll(senders);
            co_await disturber.join();
            channel.close();
            co_await joinAll(receivers);
        });
        // Those whose sender was cancelled before it began were never sent.
        EXPECT_LE(ledger.size(), static_cast<std::size_t>(next));
        EXPECT_GE(ledger.size(), static_cast<std::size_t>(next) * 3 / 4) << "capacity " << capacity;
    }
}

TEST(SyncStress, ClosingRacesSendingAndCancellingDropsWhatIsLeft) {
    for (int i = 0; i < rounds; ++i) {
        Ledger ledger;
        std::atomic<int> sent{0}, refused{0}, cancelled{0};
        const Channel<int> channel(i % 3, BufferOverflow::Suspend, [&](int& n) { ledger.note(n); });
        onManyThreads([&](CoroutineScope scope) -> Task<> {
            for (int n = 0; n < 6; ++n)
                scope.launch([&, n](CoroutineScope) -> Task<> {
                    try {
                        co_await channel.send(n);
                        ++sent;
                    } catch (const ClosedSendChannelException&) {
                        ++refused;
                    } catch (const CancellationException&) {
                        ++cancelled;
                    }
                });
            scope.launch([&](CoroutineScope) -> Task<> {
                for (int n = 0; n < 2; ++n) {
                    const auto got = co_await channel.receiveCatching();
                    if (got.isSuccess())
                        ledger.note(*got.getOrNull());
                }
            });
            scope.launch([&, i](CoroutineScope) -> Task<> {
                if (i % 2 == 0)
                    co_await yield();
                channel.close();
                co_await yield();
                channel.cancel();
            });
            co_return;
        });
        EXPECT_EQ(sent + refused + cancelled, 6);
        EXPECT_EQ(ledger.size(), 6u) << "received, dropped by cancel, or refused";
    }
}

TEST(SyncStress, SelectsMeetAndEachElementGoesOneWay) {
    Ledger ledger;
    const Channel<int> a(0, BufferOverflow::Suspend, [](int&) {}), b(0, BufferOverflow::Suspend, [](int&) {});
    std::atomic<int> sent{0};
    onManyThreads([&](CoroutineScope scope) -> Task<> {
        std::vector<Job> jobs;
        for (int j = 0; j < 4; ++j)
            jobs.push_back(scope.launch([&, j](CoroutineScope) -> Task<> {
                auto counts = [&] { ++sent; };
                auto notes = [&](int n) { ledger.note(n); };
                auto nothing = [] {};
                for (int i = 0; i < rounds; ++i) {
                    const int element = j * rounds + i;
                    // The same two channels in both orders and both directions; the time limit keeps the last
                    // one from waiting for ever.
                    if (j % 2 == 0)
                        co_await select(a.onSend(element, counts), b.onReceive(notes),
                                        onTimeout(200us, nothing));
                    else
                        co_await select(b.onSend(element, counts), a.onReceive(notes),
                                        onTimeout(200us, nothing));
                }
            }));
        co_await joinAll(jobs);
    });
    EXPECT_EQ(ledger.size(), static_cast<std::size_t>(sent));
    EXPECT_GT(sent, 0);
}

TEST(SyncStress, ASelectIsCancelledWhileItIsChosen) {
    Ledger ledger;
    Mutex mutex;
    const Channel<int> channel(0, BufferOverflow::Suspend, [&](int& n) { ledger.note(n); });
    std::atomic<int> sent{0};
    onManyThreads([&](CoroutineScope scope) -> Task<> {
        for (int i = 0; i < rounds; ++i) {
            co_await mutex.lock();
            auto selects = [&](CoroutineScope) -> Task<> {
                auto notes = [&](int n) { ledger.note(n); };
                auto unlocks = [&] { mutex.unlock(); };
                co_await select(mutex.onLock(unlocks), channel.onReceive(notes));
            };
            const Job one = scope.launch(CoroutineStart::Undispatched, selects);
            const Job sender = scope.launch([&, i](CoroutineScope) -> Task<> {
                if (channel.trySend(i).isSuccess())
                    ++sent;
                co_return;
            });
            const Job unlocker = scope.launch([&](CoroutineScope) -> Task<> {
                mutex.unlock();
                co_return;
            });
            if (i % 2 == 0)
                one.cancel("race");
            co_await one.join();
            co_await sender.join();
            co_await unlocker.join();
            EXPECT_FALSE(mutex.isLocked());
        }
    });
    EXPECT_EQ(ledger.size(), static_cast<std::size_t>(sent));
}

} // namespace
} // namespace coroscope::test

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]) == "--long")
            coroscope::test::rounds *= 100;
    return RUN_ALL_TESTS();
}
