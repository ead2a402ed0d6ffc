// SPDX-License-Identifier: Apache-2.0
// A program that prints its own jobs, as DebugProbes does, whenever it gets SIGUSR1; then "end of dump".
#include <coroscope/coroscope.h>
#include <coroscope/runtime/DebugProbes.h>

#include <chrono>
#include <iostream>
#include <mutex>
#include <thread>

#include <csignal>

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

std::mutex lock;
Job root;

Task<> leaf() {
    co_await delay(1h);
}

Task<> cleanup() {
    auto body = [] { return leaf(); };
    co_await withContext(NonCancellable(), body);
}

Task<> cancelled() {
    std::exception_ptr error;
    try {
        co_await delay(1h);
    } catch (...) {
        error = std::current_exception();
    }
    co_await cleanup();
    std::rethrow_exception(error);
}

Task<> limited() {
    auto body = [] { return leaf(); };
    co_await withTimeout(1h, body);
}

Task<> supervised(CoroutineScope scope) {
    scope.launch(CoroutineName("below"), [] { return leaf(); });
    co_await delay(1h);
}

Task<> visitor() {
    auto body = [](CoroutineScope scope) { return supervised(scope); };
    co_await supervisorScope(body);
}

Task<> run(CoroutineScope scope) {
    {
        const std::lock_guard guard(lock);
        root = scope.job();
    }
    scope.launch(CoroutineName("plain"), [] { return leaf(); });
    scope.launch([] { return leaf(); });
    scope.launch(CoroutineName("limited"), [] { return limited(); });
    scope.launch(CoroutineName("visitor"), [] { return visitor(); });
    const auto lazy = scope.launch(CoroutineName("lazy"), CoroutineStart::Lazy, [] { return leaf(); });
    const auto deferred = scope.async(CoroutineName("deferred"), [] { return leaf(); });
    const Job job = scope.launch(CoroutineName("cancelled"), [] { return cancelled(); });
    const Job plain = SupervisorJob(scope.job());
    co_await yield();
    co_await delay(1ms);
    job.cancel("enough");
    co_await delay(1h);
}

} // namespace

int main() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    std::thread runner([] { runBlocking([](CoroutineScope scope) -> Task<> { return run(scope); }); });
    runner.detach();
    for (int number = 0;;) {
        if (::sigwait(&wanted, &number) != 0)
            return 1;
        DebugProbes::dumpCoroutines(std::cout);
        const std::lock_guard guard(lock);
        std::cout << "hierarchy\n" << DebugProbes::jobToString(root) << "end of dump\n" << std::flush;
    }
}
