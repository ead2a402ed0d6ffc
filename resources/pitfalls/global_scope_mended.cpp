// SPDX-License-Identifier: Apache-2.0
// A request flushes its metrics now and then. Mended: it launches that in its own scope, and it ends with the
// request.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> flushMetrics(CompletableDeferred<void> begun) {
    const pitfalls::AtWork here;
    begun.complete();
    for (;;)
        co_await delay(1h);
}

Task<> handleRequest(CoroutineScope scope, CompletableDeferred<void> begun) {
    scope.launch(CoroutineName("flush"), [begun] { return flushMetrics(begun); });
    co_await delay(1h); // the answer takes its time
}

Task<> program(CoroutineScope scope) {
    const auto begun = newCompletableDeferred<void>();
    const Job request = scope.launch(CoroutineName("request"), [begun](CoroutineScope own) {
        return handleRequest(std::move(own), begun);
    });
    co_await begun.await();
    co_await request.cancelAndJoin("the client has gone");
    std::printf("the request has ended, still at work for it: %d\n", pitfalls::atWork.load());
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
