// SPDX-License-Identifier: Apache-2.0
// A visit of the shop computes recommendations in a scope of its own. The fault: the scope goes out of sight
// at the end of the visit, which cancels nothing.
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

Task<> visit() {
    const CoroutineScope scope(Dispatchers::Default() + SupervisorJob() + CoroutineName("visit"));
    const auto begun = newCompletableDeferred<void>();
    scope.launch(CoroutineName("recommend"), [begun] { return recommend(begun); });
    co_await begun.await();
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
