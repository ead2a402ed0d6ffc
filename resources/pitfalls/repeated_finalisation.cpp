// SPDX-License-Identifier: Apache-2.0
// A message is acknowledged when it was handled, and again in the cleanup, so that it is not forgotten. The
// fault: doing it twice is not the same as doing it once, and a cancellation that comes late makes it twice.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

int unacknowledged = 1;

Task<> acknowledge(int message) {
    --unacknowledged;
    std::printf("acknowledged message %d, left: %d\n", message, unacknowledged);
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
