// SPDX-License-Identifier: Apache-2.0
// An upload is told to stop. Mended: runCatching of this library, which throws a cancellation on and never
// stores it.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

/// The network is lost after the first part.
Task<> send(int part) {
    if (part > 1)
        co_await delay(1h);
    std::printf("sent part %d\n", part);
}

Task<> upload() {
    for (int part = 1; part <= 3; ++part) {
        const auto sent = co_await runCatching(send(part));
        if (sent.isFailure())
            std::printf("part %d will be sent later: %s\n", part, describe(sent.exceptionOrNull()).c_str());
    }
    std::puts("upload finished");
}

Task<> program(CoroutineScope scope) {
    const Job job = scope.launch(CoroutineName("upload"), [] { return upload(); });
    co_await yield(); // it comes to part 2
    co_await job.cancelAndJoin("the page was left");
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
