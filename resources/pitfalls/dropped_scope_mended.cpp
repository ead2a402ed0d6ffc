// SPDX-License-Identifier: Apache-2.0
// A visit of the shop computes recommendations in a scope of its own. Mended: whoever makes a scope cancels
// it, on every way out; and waits for its end where that matters.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> recommend(CompletableDeferred<void> begun) {
    const pitfalls::AtWork here;
    begun.complete();
    for (;;)
        co_await delay(1h);
}

Task<> computeFor(CoroutineScope scope) {
    const auto begun = newCompletableDeferred<void>();
    scope.launch(CoroutineName("recommend"), [begun] { return recommend(begun); });
    co_await begun.await();
}

Task<> endOf(CoroutineScope scope) {
    const Job job = scope.job();
    co_await job.cancelAndJoin("the visit is over");
}

Task<> visit() {
    const CoroutineScope scope(Dispatchers::Default() + SupervisorJob() + CoroutineName("visit"));
    co_await withCleanup(computeFor(scope), endOf(scope));
}

Task<> program() {
    co_await visit();
    std::printf("the visit is over, still at work for it: %d\n", pitfalls::atWork.load());
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([] { return program(); });
}
