// SPDX-License-Identifier: Apache-2.0
// A connection has a loop that tries again what did not go through. Mended: no Job in the context. The loop
// is a child of the connection and ends with it.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> retry(CompletableDeferred<void> begun) {
    const pitfalls::AtWork here;
    begun.complete();
    for (;;)
        co_await delay(1h);
}

Task<> serve(CoroutineScope scope, CompletableDeferred<void> begun) {
    scope.launch(CoroutineName("retry"), [begun] { return retry(begun); });
    co_await delay(1h); // until the peer hangs up
}

Task<> program(CoroutineScope scope) {
    const auto begun = newCompletableDeferred<void>();
    const Job connection = scope.launch(CoroutineName("connection"),
                                        [begun](CoroutineScope own) { return serve(std::move(own), begun); });
    co_await begun.await();
    co_await connection.cancelAndJoin("the peer has hung up");
    std::printf("the connection has ended, still at work for it: %d\n", pitfalls::atWork.load());
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
