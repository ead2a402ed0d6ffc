// SPDX-License-Identifier: Apache-2.0
// A message is acknowledged when it was handled, and again in the cleanup, so that it is not forgotten.
// Mended: the acknowledgement is of this message; a second one finds that it was given and changes nothing.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <set>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

std::set<int> unacknowledged{7};

Task<> acknowledge(int message) {
    if (unacknowledged.erase(message) != 0)
        std::printf("acknowledged message %d, left: %zu\n", message, unacknowledged.size());
    co_return;
}

Task<> handle(int message) {
    co_await acknowledge(message);
    co_await delay(1h); // writes the audit trail
}

Task<> program(CoroutineScope scope) {
    const Job job =
        scope.launch(CoroutineName("consumer"), [] { return withCleanup(handle(7), acknowledge(7)); });
    co_await yield();
    co_await job.cancelAndJoin("the partition was moved");
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
