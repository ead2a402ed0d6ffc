// SPDX-License-Identifier: Apache-2.0
// Four events that have nothing to do with each other are stored at the same time. The fault: coroutineScope,
// in which they stand and fall together. One is malformed, and those that are still under way are given up.
#include "Pitfalls.h"

#include <cstdio>
#include <stdexcept>

using namespace coroscope;

namespace {

Task<> store(int event) {
    co_await yield(); // to the database and back
    if (event == 2)
        throw std::runtime_error("event 2 is malformed");
    std::printf("stored event %d\n", event);
}

Task<> storeAll() {
    auto batch = [](CoroutineScope scope) -> Task<> {
        for (int event = 1; event <= 4; ++event)
            scope.launch(CoroutineName("store"), [event] { return store(event); });
        co_return;
    };
    co_await coroutineScope(batch);
}

Task<> program() {
    const auto batch = co_await runCatching(storeAll());
    if (batch.isFailure())
        std::printf("the batch failed: %s\n", describe(batch.exceptionOrNull()).c_str());
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([] { return program(); });
}
