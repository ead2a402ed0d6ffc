// SPDX-License-Identifier: Apache-2.0
// When a cancellation counts as swallowed, and when what looks like it is none.
#include "Incidents.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace coroscope::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Told = std::vector<std::string>;

Task<> workForEver() {
    for (;;)
        co_await delay(1s);
}
int throwNoPrice() {
    throw std::runtime_error("no price");
}
Task<> sayGoodbye() {
    co_await delay(10ms);
}
Task<> sayGoodbyeShielded() {
    auto body = [] { return sayGoodbye(); };
    co_await withContext(NonCancellable(), body);
}

/// Launches the body, lets it come to its first suspension, cancels it and waits for its end.
template <class F>
Told whenStopped(F body, JobState endsAs = JobState::Cancelled) {
    const Incidents incidents;
    runTest([&](CoroutineScope) -> Task<> {
        const CoroutineExceptionHandler ignore([](const CoroutineContext&, const std::exception_ptr&) {});
        const CoroutineContext here = co_await currentContext();
        const CoroutineScope owner(SupervisorJob() + here.withoutJob() + ignore);
        const Job job = owner.launch(CoroutineName("job"), body);
        co_await delay(100ms);
        co_await job.cancelAndJoin("enough");
        EXPECT_EQ(job.state(), endsAs);
        owner.cancel();
    });
    return incidents.told();
}

template <class F>
Told whenRun(F body) {
    const Incidents incidents;
    runTest([&](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch(CoroutineName("job"), body);
        co_await job.join();
    });
    return incidents.told();
}

// What is swallowed.

TEST(SwallowedCancellation, TheBodyCatchesItAndGoesOnToItsNextSuspension) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (const std::exception&) {
                    }
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"));
}

TEST(SwallowedCancellation, IsToldWithItsReasonItsPlaceAndTheStateOfTheJob) {
    const Incidents incidents;
    std::uint32_t line = 0;
    runTest([&](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch([&line](CoroutineScope) -> Task<> {
            try {
                co_await workForEver();
            } catch (...) {
            }
            line = std::source_location::current().line() + 1;
            co_await delay(1s);
        });
        co_await delay(1ms);
        co_await job.cancelAndJoin("enough");
    });
    ASSERT_EQ(incidents.incidents().size(), 1u);
    const OwnRecord::Incident incident = incidents.incidents()[0];
    EXPECT_EQ(incident.text, "coroscope::CancellationException\nenough");
    EXPECT_EQ(static_cast<JobState>(incident.head.state), JobState::Cancelling);
    EXPECT_TRUE(incident.head.flags & JobFlags::swallowedCancellation);
    const layout::Stack stack = incidents.record().stack(incident.head.suspendedAt);
    ASSERT_GE(stack.depth, 1u);
    EXPECT_EQ(incidents.record().site(stack.sites[0]).line, line);
}

TEST(SwallowedCancellation, AgainAndAgainIsToldOnce) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    for (int i = 0; i < 20; ++i) {
                        try {
                            co_await delay(1s);
                        } catch (const std::exception&) {
                        }
                    }
                }),
                ElementsAre("swallowed job"));
}

TEST(SwallowedCancellation, AlsoWhenItGoesOnInAScopeOrWithAJoinOrAnAwaitOrAYield) {
    auto swallowing = [](auto next) {
        return [next]() -> Task<> {
            try {
                co_await workForEver();
            } catch (...) {
            }
            co_await next();
        };
    };
    auto scope = []() -> Task<> {
        auto body = [](CoroutineScope) -> Task<> { co_return; };
        co_await coroutineScope(body);
    };
    auto giveWay = []() -> Task<> { co_await yield(); };
    auto callback = []() -> Task<> {
        auto block = [](const CancellableContinuation<void>&) {};
        co_await suspendCancellableCoroutine<void>(block);
    };
    auto await = []() -> Task<> {
        const auto never = newCompletableDeferred<int>();
        (void)co_await never.await();
    };
    EXPECT_THAT(whenStopped(swallowing(scope)), ElementsAre("swallowed job"));
    EXPECT_THAT(whenStopped(swallowing(giveWay)), ElementsAre("swallowed job"));
    EXPECT_THAT(whenStopped(swallowing(callback)), ElementsAre("swallowed job"));
    EXPECT_THAT(whenStopped(swallowing(await)), ElementsAre("swallowed job"));
}

TEST(SwallowedCancellation, ABodyThatReturnsInsteadIsAHint) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (const std::exception&) {
                    }
                }),
                ElementsAre("value job"));
}

TEST(SwallowedCancellation, ABodyThatThrowsSomethingElseInsteadIsAHint) {
    EXPECT_THAT(whenStopped(
                    []() -> Task<> {
                        try {
                            co_await workForEver();
                        } catch (const std::exception&) {
                            throw std::runtime_error("the connection broke");
                        }
                    },
                    JobState::Failed),
                ElementsAre("failure job"));
}

TEST(SwallowedCancellation, ByTheCallerOfATask) {
    auto inner = []() -> Task<> { co_await workForEver(); };
    EXPECT_THAT(whenStopped([inner]() -> Task<> {
                    try {
                        co_await inner();
                    } catch (...) {
                    }
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"));
}

TEST(SwallowedCancellation, ThatComesOutOfAScopeIsTheOuterJobsOwn) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        auto body = [](CoroutineScope) -> Task<> { co_await workForEver(); };
                        co_await coroutineScope(body);
                    } catch (...) {
                    }
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"))
        << "it went on its way through the scope, and no further";
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        auto body = [](CoroutineScope) -> Task<> { co_await workForEver(); };
                        (void)co_await withTimeoutOrNull(1h, body);
                    } catch (...) {
                    }
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"));
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        auto innermost = [](CoroutineScope) -> Task<> { co_await workForEver(); };
                        auto body = [&](CoroutineScope) -> Task<> { co_await supervisorScope(innermost); };
                        co_await withContext(CoroutineName("x"), body);
                    } catch (...) {
                    }
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"));
}

TEST(SwallowedCancellation, InsideAScopeIsTheScopesOwn) {
    const Told told = whenStopped([]() -> Task<> {
        auto body = [](CoroutineScope) -> Task<> {
            try {
                co_await workForEver();
            } catch (...) {
            }
            co_await delay(1s);
        };
        co_await withContext(CoroutineName("scope"), body);
    });
    EXPECT_THAT(told, ElementsAre("swallowed scope"));
}

TEST(SwallowedCancellation, OfATimeLimitInsideItsOwnBlock) {
    EXPECT_THAT(whenRun([]() -> Task<> {
                    auto body = [](CoroutineScope) -> Task<> {
                        try {
                            co_await workForEver();
                        } catch (...) {
                        }
                        co_await delay(1s);
                    };
                    (void)co_await withTimeoutOrNull(1s, body);
                }),
                ElementsAre("swallowed job"))
        << "the block does not stop when its time is over; it bears the name of its job";
}

TEST(SwallowedCancellation, OfADeferredThatIsAChild) {
    EXPECT_THAT(whenStopped([](CoroutineScope scope) -> Task<> {
                    const Deferred<int> child = scope.async(CoroutineName("child"), []() -> Task<int> {
                        co_await workForEver();
                        co_return 1;
                    });
                    try {
                        (void)co_await child.await();
                    } catch (const std::exception&) {
                    }
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"));
}

TEST(SwallowedCancellation, ByAskingAgainAndAgainWithoutEverStopping) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (...) {
                    }
                    for (int i = 0; i < 5; ++i) {
                        try {
                            co_await ensureActive();
                        } catch (...) {
                        }
                    }
                }),
                ElementsAre("swallowed job"));
}

TEST(SwallowedCancellation, AfterCleanupThatWasNotFollowedByARethrow) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (...) {
                    }
                    co_await sayGoodbyeShielded();
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"));
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (...) {
                    }
                    co_await sayGoodbyeShielded();
                }),
                ElementsAre("value job"))
        << "nothing ran on but the cleanup";
}

TEST(SwallowedCancellation, ByAnotherJobThatIsCancelledWithACopyOfIt) {
    EXPECT_THAT(whenStopped([](CoroutineScope scope) -> Task<> {
                    const Job child = scope.launch(CoroutineName("child"), [] { return workForEver(); });
                    try {
                        co_await workForEver();
                    } catch (const CancellationException& e) {
                        child.cancel(e);
                    }
                    co_await delay(1s);
                }),
                ElementsAre("swallowed job"))
        << "the copy that the child was given is not on its way through this job";
}

// What is none.

TEST(PassedOnCancellation, ThatIsNotCaughtAtAll) {
    EXPECT_THAT(whenStopped([] { return workForEver(); }), IsEmpty());
}

TEST(PassedOnCancellation, CaughtAndThrownOn) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (...) {
                        throw;
                    }
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, CaughtStoredCleanedUpRethrown) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    std::exception_ptr how;
                    try {
                        co_await workForEver();
                    } catch (...) {
                        how = std::current_exception();
                    }
                    co_await sayGoodbyeShielded();
                    std::rethrow_exception(how);
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, CleanupThatIsNotShieldedThrowsAgain) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    std::exception_ptr how;
                    try {
                        co_await workForEver();
                    } catch (...) {
                        how = std::current_exception();
                    }
                    try {
                        co_await sayGoodbye();
                    } catch (...) {
                    }
                    std::rethrow_exception(how);
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, KeptAsACopyOrInAMemberOrAResult) {
    struct Result {
        std::exception_ptr error;
    };
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    std::optional<CancellationException> copy;
                    try {
                        co_await workForEver();
                    } catch (const CancellationException& e) {
                        copy = e;
                    }
                    co_await sayGoodbyeShielded();
                    throw CancellationException(*copy);
                }),
                IsEmpty());
    auto caught = []() -> Task<Result> {
        Result result;
        try {
            co_await workForEver();
        } catch (...) {
            result.error = std::current_exception();
        }
        co_return result;
    };
    EXPECT_THAT(whenStopped([caught]() -> Task<> {
                    const Result result = co_await caught();
                    try {
                        co_await delay(1s);
                    } catch (...) {
                    }
                    if (result.error)
                        std::rethrow_exception(result.error);
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, KeptBeyondTheEndOfItsJobAndOnAnotherThread) {
    std::exception_ptr kept;
    EXPECT_THAT(whenStopped([&kept]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (...) {
                        kept = std::current_exception();
                    }
                }),
                IsEmpty())
        << "who has it may yet pass it on";
    std::thread([last = std::move(kept)]() mutable { last = nullptr; }).join();
}

TEST(PassedOnCancellation, NestedInAnother) {
    EXPECT_THAT(whenStopped(
                    []() -> Task<> {
                        try {
                            co_await workForEver();
                        } catch (...) {
                            std::throw_with_nested(std::runtime_error("while reading"));
                        }
                    },
                    JobState::Failed),
                IsEmpty());
}

TEST(PassedOnCancellation, UnderAnotherNameOrAsASecondOne) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (const CancellationException& e) {
                        throw CancellationException(std::string("closed: ") + e.what());
                    }
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, CaughtBroadlyAndThenAskedFor) {
    EXPECT_THAT(whenStopped([]() -> Task<> {
                    for (;;) {
                        try {
                            co_await workForEver();
                        } catch (const std::exception&) {
                        }
                        co_await ensureActive();
                    }
                }),
                IsEmpty());
    EXPECT_THAT(whenStopped([](CoroutineScope scope) -> Task<> {
                    try {
                        co_await workForEver();
                    } catch (const std::exception&) {
                        scope.ensureActive();
                    }
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, TheOwnOfATimeLimit) {
    EXPECT_THAT(whenRun([]() -> Task<> {
                    try {
                        auto body = [] { return workForEver(); };
                        co_await withTimeout(1s, body);
                    } catch (const TimeoutCancellationException&) {
                    }
                    co_await delay(1s);
                }),
                IsEmpty());
    EXPECT_THAT(whenRun([]() -> Task<> {
                    auto body = []() -> Task<int> {
                        try {
                            co_await workForEver();
                        } catch (const TimeoutCancellationException&) {
                        }
                        co_return 1;
                    };
                    (void)co_await withTimeoutOrNull(1s, body);
                }),
                IsEmpty())
        << "a block that returns when its time is over";
    EXPECT_THAT(whenRun([]() -> Task<> {
                    auto body = [] { return workForEver(); };
                    auto outer = [&]() -> Task<> { co_await withTimeout(1s, body); };
                    (void)co_await withTimeoutOrNull(1h, outer);
                    co_await delay(1s);
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, OfAnotherJobThatWasAwaited) {
    EXPECT_THAT(whenRun([](CoroutineScope scope) -> Task<> {
                    const Deferred<int> price = scope.async([]() -> Task<int> {
                        co_await workForEver();
                        co_return 1;
                    });
                    scope.launch([price](CoroutineScope) -> Task<> {
                        co_await delay(1s);
                        price.cancel("cheaper elsewhere");
                    });
                    try {
                        (void)co_await price.await();
                    } catch (const CancellationException&) {
                    }
                    co_await delay(1s);
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, OfAScopeThatWasStoppedFromWithin) {
    EXPECT_THAT(whenRun([]() -> Task<> {
                    try {
                        auto body = [](CoroutineScope scope) -> Task<> {
                            scope.cancel("won");
                            co_await workForEver();
                        };
                        co_await coroutineScope(body);
                    } catch (const CancellationException&) {
                    }
                    co_await delay(1s);
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, OfAScopeThatWasFailingAnyway) {
    EXPECT_THAT(whenRun([]() -> Task<> {
                    try {
                        auto body = [](CoroutineScope scope) -> Task<> {
                            const Deferred<int> child = scope.async([]() -> Task<int> {
                                co_await delay(1s);
                                co_return throwNoPrice();
                            });
                            try {
                                (void)co_await child.await();
                            } catch (const std::runtime_error&) {
                            }
                        };
                        co_await coroutineScope(body);
                    } catch (const std::runtime_error&) {
                    }
                    co_await delay(1s);
                }),
                IsEmpty())
        << "await throws the failure; the scope fails by it however it is caught";
}

TEST(PassedOnCancellation, OfAUsersOwnClassCannotBeCopiedAndIsExempt) {
    struct Shutdown : CancellationException {
        Shutdown()
            : CancellationException("shutdown") {}
    };
    EXPECT_THAT(whenRun([](CoroutineScope) -> Task<> {
                    const CompletableJob owner = newJob();
                    auto body = []() -> Task<> {
                        try {
                            co_await workForEver();
                        } catch (const Shutdown&) {
                        }
                        co_await delay(1s);
                    };
                    const CoroutineContext here = co_await currentContext();
                    const CoroutineScope scope(owner + here.withoutJob());
                    const Job job = scope.launch(body);
                    co_await delay(1s);
                    owner.completeExceptionally(std::make_exception_ptr(Shutdown()));
                    co_await job.join();
                }),
                IsEmpty());
}

TEST(PassedOnCancellation, WithItsReasonCauseAndSuppressedOnes) {
    const Incidents incidents;
    std::exception_ptr seen;
    runTest([&seen](CoroutineScope scope) -> Task<> {
        const Job job = scope.launch([](CoroutineScope) -> Task<> {
            std::exception_ptr how;
            try {
                co_await workForEver();
            } catch (const CancellationException& e) {
                EXPECT_STREQ(e.what(), "enough");
                EXPECT_TRUE(e.cause());
                how = std::current_exception();
            }
            addSuppressed(how, std::make_exception_ptr(std::runtime_error("close failed")));
            std::rethrow_exception(how);
        });
        co_await delay(1s);
        job.cancel(CancellationException("enough", std::make_exception_ptr(std::logic_error("why"))));
        co_await job.join();
        seen = job.getCancellationException();
    });
    EXPECT_STREQ(cancellationIn(seen)->what(), "enough");
    ASSERT_EQ(suppressedExceptions(seen).size(), 1u);
    EXPECT_STREQ(standardExceptionIn(suppressedExceptions(seen)[0])->what(), "close failed");
    EXPECT_THAT(incidents.told(), IsEmpty());
}

/// Half of the jobs pass their cancellation on, the others swallow it; copies go on other threads, also long
/// after their jobs have ended.
TEST(DeliveryStress, CopiesComeAndGoOnOtherThreads) {
    const Incidents incidents;
    constexpr int rounds = 20, jobs = 50;
    std::mutex lock;
    // Copies of the objects: ThreadSanitizer does not see how std::exception_ptr counts, which is in the
    // library.
    std::vector<std::unique_ptr<CancellationException>> kept;
    std::atomic<bool> stop{false};
    std::thread dropper([&] {
        while (!stop.load()) {
            std::vector<std::unique_ptr<CancellationException>> mine;
            {
                const std::lock_guard guard(lock);
                mine.swap(kept);
            }
        }
    });
    runBlocking(Dispatchers::Default(), [&](CoroutineScope) -> Task<> {
        for (int round = 0; round < rounds; ++round) {
            const CoroutineScope scope(Dispatchers::Default() + SupervisorJob());
            for (int i = 0; i < jobs; ++i)
                scope.launch(CoroutineName(i % 2 ? "swallows" : "passes on"), [&, i]() -> Task<> {
                    std::exception_ptr how;
                    try {
                        co_await workForEver();
                    } catch (const CancellationException& e) {
                        if (i % 2 == 0) {
                            how = std::current_exception();
                            const std::lock_guard guard(lock);
                            kept.push_back(std::make_unique<CancellationException>(e));
                        }
                    }
                    try {
                        co_await delay(1s);
                    } catch (...) {
                    }
                    if (how)
                        std::rethrow_exception(how);
                });
            co_await yield();
            scope.cancel("enough");
            const Job all = scope.job();
            co_await all.join();
        }
    });
    stop = true;
    dropper.join();
    // A job that was cancelled before it began has nothing to swallow.
    std::size_t swallowed = 0;
    for (const std::string& told : incidents.told()) {
        EXPECT_EQ(told, "swallowed swallows");
        ++swallowed;
    }
    EXPECT_GT(swallowed, 0u);
    EXPECT_LE(swallowed, static_cast<std::size_t>(rounds * jobs / 2));
}

} // namespace
} // namespace coroscope::test
