// SPDX-License-Identifier: Apache-2.0
// A picture is computed in rounds, and is told to stop in the first one. The fault: nothing in it suspends or
// asks, so the cancel is never seen and all rounds are computed.
#include "Pitfalls.h"

#include <atomic>
#include <cstdio>
#include <utility>

using namespace coroscope;

namespace {

std::atomic<bool> told{false};
std::atomic<long> drawn{0};

/// One round of computing. The first one lasts until the cancel has come.
void draw(const CompletableDeferred<void>& begun) {
    begun.complete();
    while (!told) {
    }
    ++drawn;
}

Task<> render(CompletableDeferred<void> begun) {
    for (long round = 1; round <= 1000 || pitfalls::staying; ++round)
        draw(begun);
    co_return;
}

Task<> program(CoroutineScope scope) {
    const auto begun = newCompletableDeferred<void>();
    const Job job =
        scope.launch(Dispatchers::Default() + CoroutineName("render"), [begun] { return render(begun); });
    co_await begun.await();
    job.cancel("the window is closed");
    told = true;
    co_await pitfalls::stay();
    co_await job.join();
    std::printf("told to stop in round 1, drew %ld\n", drawn.load());
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
