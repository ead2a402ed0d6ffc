// SPDX-License-Identifier: Apache-2.0
// An upload is told to stop. The fault: a helper that turns whatever is thrown into a value, as runCatching
// does in Kotlin. The cancellation becomes a value as well, and the upload goes on.
#include "Pitfalls.h"

#include <chrono>
#include <cstdio>
#include <exception>
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

Task<std::exception_ptr> catching(Task<> work) {
    try {
        co_await std::move(work);
    } catch (...) {
        co_return std::current_exception();
    }
    co_return nullptr;
}

Task<> upload() {
    for (int part = 1; part <= 3; ++part) {
        const std::exception_ptr failure = co_await catching(send(part));
        if (failure)
            std::printf("part %d will be sent later: %s\n", part, describe(failure).c_str());
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
