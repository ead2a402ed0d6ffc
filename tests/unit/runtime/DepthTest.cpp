// SPDX-License-Identifier: Apache-2.0
// Trees so deep or wide that recursion would overflow the stack.
#include "Story.h"

#include <vector>

namespace coroscope::test {
namespace {

#ifdef COROSCOPE_SANITIZED
constexpr int many = 20'000;
#else
constexpr int many = 300'000;
#endif

TEST(Depth, ADeepChainOfJobsIsCancelledAndEnds) {
    std::vector<CompletableJob> chain{newJob()};
    for (int i = 1; i < many; ++i)
        chain.push_back(newJob(chain.back()));
    chain.front().cancel("all of you");
    EXPECT_EQ(chain.front().state(), JobState::Cancelled);
    EXPECT_EQ(chain.back().state(), JobState::Cancelled);
}

TEST(Depth, AFailureClimbsADeepChain) {
    std::vector<CompletableJob> chain{newJob()};
    for (int i = 1; i < many; ++i)
        chain.push_back(newJob(chain.back()));
    chain.back().completeExceptionally(std::make_exception_ptr(Boom("from below")));
    EXPECT_EQ(chain.front().state(), JobState::Failed);
}

TEST(Depth, ADeepChainCompletesFromBelow) {
    std::vector<CompletableJob> chain{newJob()};
    for (int i = 1; i < many; ++i)
        chain.push_back(newJob(chain.back()));
    for (const CompletableJob& job : chain)
        job.complete();
    EXPECT_EQ(chain.front().state(), JobState::Completed);
}

TEST(Depth, AWideScopeOfSuspendedChildrenIsCancelled) {
    runTest([](CoroutineScope) -> Task<> {
        int stopped = 0;
        auto body = [&stopped](CoroutineScope scope) -> Task<> {
            for (int i = 0; i < many; ++i) {
                scope.launch([&stopped](CoroutineScope) -> Task<> {
                    try {
                        co_await awaitCancellation();
                    } catch (const CancellationException&) {
                        ++stopped;
                        throw;
                    }
                });
            }
            co_await yield();
            scope.cancel("enough");
        };
        try {
            co_await coroutineScope(body);
        } catch (const CancellationException&) {
        }
        EXPECT_EQ(stopped, many);
    });
}

Task<int> one() {
    co_return 1;
}

TEST(Depth, AMillionAwaitsInARowDoNotGrowTheStack) {
    runTest([](CoroutineScope) -> Task<> {
        int sum = 0;
        for (int i = 0; i < 1'000'000; ++i)
            sum += co_await one();
        EXPECT_EQ(sum, 1'000'000);
    });
}

} // namespace
} // namespace coroscope::test
