// SPDX-License-Identifier: Apache-2.0
// A program whose stacks are known: it says which lines they must name, then "ready", and waits to be killed.
// Compiled with debug information and with all the inlining that the compiler can do.
#include <coroscope/coroscope.h>

#include <atomic>
#include <chrono>
#include <cstdio>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

void say(const char* what, int line) {
    std::printf("%s %d\n", what, line);
    std::fflush(stdout);
}

Task<> leaf() {
    say("leaf", __LINE__ + 1);
    co_await delay(1h);
}

Task<> middle() {
    say("middle", __LINE__ + 1);
    co_await leaf();
}

Task<> body() {
    say("body", __LINE__ + 1);
    co_await middle();
}

[[gnu::always_inline]] inline Job launchCreated(const CoroutineScope& scope) {
    say("helper", __LINE__ + 1);
    return scope.launch(CoroutineName("created"), []() -> Task<> { co_await delay(1h); });
}

[[gnu::noinline]] Job startCreated(const CoroutineScope& scope) {
    say("start", __LINE__ + 1);
    Job job = launchCreated(scope);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return job;
}

std::atomic<bool> on{true};

[[gnu::noinline]] void spin() {
    while (on.load(std::memory_order_relaxed)) {
    }
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

Task<> spinner() {
    say("spinning", __LINE__ + 1);
    spin();
    co_await yield();
}

Task<> run(CoroutineScope scope) {
    const Job created = startCreated(scope);
    const Job waiting = scope.launch(CoroutineName("chain"), [] { return body(); });
    const Job running = scope.launch(CoroutineContext(Dispatchers::Default()) + CoroutineName("spinner"),
                                     [] { return spinner(); });
    co_await delay(200ms);
    std::puts("ready");
    std::fflush(stdout);
    co_await delay(1h);
}

} // namespace

int main(int count, char**) {
    on = count < 10; // or the compiler knows that it never changes
    runBlocking([](CoroutineScope scope) -> Task<> { return run(scope); });
}
