// SPDX-License-Identifier: Apache-2.0
// What the runtime's own work costs, record on, beside Asio's awaitables in the same run. Other languages
// have the same workloads in peers/; run starts them. Usage: bench_peers [--quick] [PART OF A FIGURE'S
// NAME]...
#include "AsioPeer.h"
#include "Figure.h"

#include <coroscope/coroscope.h>
#include <coroscope/record/Record.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <malloc.h>

namespace {

/// All that this program takes from the heap, to tell what a launch takes.
std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const p = std::malloc(size))
        return p;
    throw std::bad_alloc();
}

} // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

namespace coroscope::bench {
namespace {

using namespace std::chrono_literals;

/// Keeps the compiler from making a loop of calls into nothing.
[[gnu::noinline]] Task<int> returnsAtOnce(int n) {
    co_return n;
}

double call(std::size_t n) {
    return runBlocking([n]() -> Task<double> {
        const auto from = std::chrono::steady_clock::now();
        int sum = 0;
        for (std::size_t i = 0; i < n; ++i)
            sum += co_await returnsAtOnce(1);
        if (static_cast<std::size_t>(sum) != n)
            fail("calls got lost");
        co_return secondsSince(from) * 1e9 / static_cast<double>(n);
    });
}

/// Two jobs that give way to each other.
double yields(std::size_t n) {
    return runBlocking([n](CoroutineScope scope) -> Task<double> {
        const auto turns = [n]() -> Task<> {
            for (std::size_t i = 0; i < n / 2; ++i)
                co_await yield();
        };
        const auto from = std::chrono::steady_clock::now();
        const Job first = scope.launch(turns);
        const Job second = scope.launch(turns);
        co_await first.join();
        co_await second.join();
        co_return secondsSince(from) * 1e9 / static_cast<double>(n);
    });
}

/// `n` children of one scope that do nothing, and their end.
Task<double> spawnAndJoin(std::size_t n) {
    const auto from = std::chrono::steady_clock::now();
    auto body = [n](CoroutineScope scope) -> Task<> {
        for (std::size_t i = 0; i < n; ++i)
            (void)scope.launch([]() -> Task<> { co_return; });
        co_return;
    };
    co_await coroutineScope(body);
    co_return secondsSince(from) * 1e9 / static_cast<double>(n);
}

/// Ten children each, down to `leaves` of them, whose numbers are added up.
Task<std::int64_t> skynet(CoroutineScope scope, std::int64_t number, std::int64_t leaves) {
    if (leaves == 1)
        co_return number;
    std::vector<Deferred<std::int64_t>> children;
    children.reserve(10);
    for (std::int64_t i = 0; i < 10; ++i)
        children.push_back(scope.async([number, i, leaves](CoroutineScope inner) -> Task<std::int64_t> {
            return skynet(std::move(inner), number + i * leaves / 10, leaves / 10);
        }));
    std::int64_t sum = 0;
    for (const Deferred<std::int64_t>& child : children) {
        const std::int64_t part = co_await child.await();
        sum += part;
    }
    co_return sum;
}
Task<double> skynetPerLeaf(CoroutineScope scope, std::int64_t leaves) {
    const auto from = std::chrono::steady_clock::now();
    const std::int64_t sum = co_await skynet(std::move(scope), 0, leaves);
    if (sum != leaves * (leaves - 1) / 2)
        fail("the leaves do not add up");
    co_return secondsSince(from) * 1e9 / static_cast<double>(leaves);
}

Task<> waits() {
    co_await suspendCancellableCoroutine<void>([](const CancellableContinuation<void>&) {});
}

/// A job with a hundredth of the jobs below it, each with a hundred of them: all suspended, then cancelled.
double cancelThrow(std::size_t n) {
    return runBlocking([n](CoroutineScope scope) -> Task<double> {
        const Job root = scope.launch([n](CoroutineScope top) -> Task<> {
            for (std::size_t i = 0; i < n / 100; ++i)
                (void)top.launch([](CoroutineScope group) -> Task<> {
                    for (int k = 0; k < 99; ++k)
                        (void)group.launch([]() -> Task<> { return waits(); });
                    return waits();
                });
            co_await waits();
        });
        for (int i = 0; i < 4; ++i)
            co_await yield();
        const auto from = std::chrono::steady_clock::now();
        root.cancel("enough");
        co_await root.join();
        co_return secondsSince(from) * 1e9 / static_cast<double>(n);
    });
}

/// Jobs that never began: no body that would have to see an exception.
double cancelUnstarted(std::size_t n) {
    return runBlocking([n](CoroutineScope scope) -> Task<double> {
        const CompletableJob root = newJob(scope.job());
        const CoroutineScope below = scope + root;
        for (std::size_t i = 0; i < n; ++i)
            (void)below.launch(CoroutineStart::Lazy, []() -> Task<> { co_return; });
        const auto from = std::chrono::steady_clock::now();
        root.cancel("enough");
        co_await root.join();
        co_return secondsSince(from) * 1e9 / static_cast<double>(n);
    });
}

/// `n` jobs that sleep for a millisecond at the same time.
double sleeps(std::size_t n) {
    return runBlocking([n]() -> Task<double> {
        const auto from = std::chrono::steady_clock::now();
        auto body = [n](CoroutineScope scope) -> Task<> {
            for (std::size_t i = 0; i < n; ++i)
                (void)scope.launch(
                    [i]() -> Task<> { co_await delay(1ms + std::chrono::microseconds(i % 64)); });
            co_return;
        };
        co_await coroutineScope(body);
        co_return secondsSince(from) * 1e9 / static_cast<double>(n);
    });
}

/// A job sends, another receives; nothing lies in between, so both wait for each other again and again.
double messages(std::size_t n) {
    return runBlocking([n](CoroutineScope scope) -> Task<double> {
        const Channel<std::size_t> channel;
        const auto from = std::chrono::steady_clock::now();
        scope.launch([&channel, n]() -> Task<> {
            for (std::size_t i = 0; i < n; ++i)
                co_await channel.send(i);
            channel.close();
        });
        std::size_t received = 0;
        for (;; ++received) {
            const std::optional<std::size_t> message = co_await channel.next();
            if (!message)
                break;
        }
        if (received != n)
            fail("messages got lost");
        co_return secondsSince(from) * 1e9 / static_cast<double>(n);
    });
}

/// Two jobs want the same mutex, and the one that has it always lets the other one run into it.
double locks(std::size_t n) {
    return runBlocking([n](CoroutineScope scope) -> Task<double> {
        Mutex mutex;
        const auto turns = [&mutex, n]() -> Task<> {
            for (std::size_t i = 0; i < n / 2; ++i) {
                co_await mutex.lock();
                co_await yield();
                mutex.unlock();
            }
        };
        const auto from = std::chrono::steady_clock::now();
        const Job first = scope.launch(turns);
        const Job second = scope.launch(turns);
        co_await first.join();
        co_await second.join();
        co_return secondsSince(from) * 1e9 / static_cast<double>(n);
    });
}

double bytesPerJob(std::size_t n) {
    return runBlocking([n](CoroutineScope scope) -> Task<double> {
        const double before = ownMemory();
        const Job root = scope.launch(CoroutineStart::Undispatched, [n](CoroutineScope top) -> Task<> {
            for (std::size_t i = 0; i < n; ++i)
                (void)top.launch(CoroutineStart::Undispatched, []() -> Task<> { co_await delay(24h); });
            co_await waits();
        });
        const double bytes = (ownMemory() - before) / static_cast<double>(n);
        root.cancel();
        co_await root.join();
        co_return bytes;
    });
}

double allocationsEach(std::size_t n, const std::function<void(std::size_t)>& work) {
    work(n); // what is kept for the next ones
    const std::uint64_t before = allocations.load();
    work(n);
    return static_cast<double>(allocations.load() - before) / static_cast<double>(n);
}

/// Those whose names contain one of them; all, if it is empty.
std::vector<std::string_view> only;
bool wanted(std::string_view figure) noexcept {
    return only.empty() || std::any_of(only.begin(), only.end(), [figure](std::string_view part) {
               return figure.find(part) != std::string_view::npos;
           });
}

/// Ours and the peer's in turn, so that both see the same machine.
void compare(const char* figure, double goal, const std::function<double()>& ours,
             const std::function<double()>& peer) {
    if (!wanted(figure))
        return;
    std::vector<double> own, other;
    const int turns = isQuick ? 1 : 5;
    (void)ours(); // memory is touched, threads are there
    for (int i = 0; i < turns; ++i) {
        own.push_back(ours());
        if (peer)
            other.push_back(peer());
    }
    if (peer)
        print(figure, median(own), "ns", goal, "Asio awaitable", median(other));
    else
        print(figure, median(own), "ns", goal);
}

/// How much more than the peer's, where that is the goal.
void compareRatio(const char* figure, double goal, const std::function<double()>& ours,
                  const std::function<double()>& peer) {
    if (!wanted(figure))
        return;
    std::vector<double> ratios, other;
    for (int i = 0; i < (isQuick ? 1 : 5); ++i) {
        const double own = ours();
        other.push_back(peer());
        ratios.push_back(own / other.back());
    }
    print(figure, median(ratios), "ratio", goal, "Asio awaitable, ns", median(other));
}

void measure() {
    const std::size_t thousand = isQuick ? 100 : 1000;
    const std::size_t million = isQuick ? 10'000 : 1'000'000;
    const auto two = newFixedThreadPoolContext(2, "two");
    const auto onTwo = [&two](auto body) { return runBlocking(two, std::move(body)); };
    const auto one = newFixedThreadPoolContext(1, "one", PoolOrder::NewestFirst);
    if (!record::start())
        fail("the record is not on");

    // First: memory that was used before would be used again.
    if (wanted("runtime.bytes_per_job")) {
        const double bytes = bytesPerJob(million);
        ::malloc_trim(0);
        print("runtime.bytes_per_job", bytes, "bytes", 250, "Asio awaitable", asioPeer::bytesPerJob(million));
    }
    compare(
        "runtime.call_ns", 8, [&] { return call(10 * million); }, [&] { return asioPeer::call(million); });
    compare(
        "runtime.yield_ns", 10, [&] { return yields(million); }, [&] { return asioPeer::yields(million); });
    compare(
        "runtime.spawn_join_1t_ns", 100,
        [&] { return runBlocking([=]() -> Task<double> { return spawnAndJoin(million); }); },
        [&] { return asioPeer::spawnAndJoin(million, 1); });
    compare(
        "runtime.spawn_join_2t_ns", 150,
        [&] { return onTwo([=]() -> Task<double> { return spawnAndJoin(million); }); },
        [&] { return asioPeer::spawnAndJoin(million, 2); });
    const auto leaves = static_cast<std::int64_t>(million);
    const auto skynetHere = [leaves](CoroutineScope s) -> Task<double> {
        return skynetPerLeaf(std::move(s), leaves);
    };
    compare(
        "runtime.skynet_1t_ns", 100, [&] { return runBlocking(one, skynetHere); },
        [&] { return asioPeer::skynet(leaves); });
    compare("runtime.skynet_loop_ns", noGoal, [&] { return runBlocking(skynetHere); }, nullptr);
    compare("runtime.skynet_2t_ns", 60, [&] { return onTwo(skynetHere); }, nullptr);
    compareRatio(
        "runtime.cancel_throw", 1.3, [&] { return cancelThrow(100 * thousand); },
        [&] { return asioPeer::cancel(100 * thousand); });
    compare("runtime.cancel_unstarted_ns", 100, [&] { return cancelUnstarted(100 * thousand); }, nullptr);
    compare(
        "runtime.timer_ns", 500, [&] { return sleeps(100 * thousand); },
        [&] { return asioPeer::sleeps(100 * thousand); });
    compare(
        "runtime.channel_ns", 25, [&] { return messages(million); },
        [&] { return asioPeer::messages(million); });
    compare(
        "runtime.mutex_ns", noGoal, [&] { return locks(million); }, [&] { return asioPeer::locks(million); });
    if (!wanted("runtime.allocations"))
        return;
    print("runtime.allocations_per_launch",
          allocationsEach(
              million / 10,
              [](std::size_t n) { runBlocking([n]() -> Task<> { (void)co_await spawnAndJoin(n); }); }),
          "", 0.01);
    print("runtime.allocations_per_call", allocationsEach(million / 10, [](std::size_t n) { (void)call(n); }),
          "", 0.01);
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    const int first = coroscope::bench::quick(count, arguments) ? 2 : 1;
    coroscope::bench::only.assign(arguments + first, arguments + count);
    coroscope::bench::measure();
}
