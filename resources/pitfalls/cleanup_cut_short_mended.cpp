// SPDX-License-Identifier: Apache-2.0
// A connection that is cancelled has to say goodbye, which takes a moment. Mended: withCleanup runs it in
// NonCancellable, where it may suspend, and throws on what ended the work.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <utility>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

Task<> serve() {
    for (;;)
        co_await delay(1h);
}

Task<> sayGoodbye() {
    std::puts("saying goodbye");
    co_await yield(); // until the peer has answered
    std::puts("connection closed");
}

Task<> connection() {
    co_await withCleanup(serve(), sayGoodbye());
}

Task<> program(CoroutineScope scope) {
    const Job job = scope.launch(CoroutineName("connection"), [] { return connection(); });
    co_await yield();
    co_await job.cancelAndJoin("the server is shutting down");
    std::puts("server down");
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([](CoroutineScope scope) { return program(std::move(scope)); });
}
