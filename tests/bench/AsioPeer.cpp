// SPDX-License-Identifier: Apache-2.0
#include "AsioPeer.h"

#include "Figure.h"

#include <asio.hpp>
#include <asio/experimental/channel.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::bench::asioPeer {

namespace {

using asio::awaitable;
using asio::co_spawn;
using asio::detached;
using asio::use_awaitable;

[[gnu::noinline]] awaitable<int> returnsAtOnce(int n) {
    co_return n;
}

awaitable<void> calls(std::size_t n) {
    int sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += co_await returnsAtOnce(1);
    if (static_cast<std::size_t>(sum) != n)
        fail("calls got lost");
}

awaitable<void> turns(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        co_await asio::post(co_await asio::this_coro::executor, use_awaitable);
}

/// Spawned with this, a coroutine begins in its turn and not within the call, as a launched job does.
auto inTurn(asio::io_context& context) {
    return asio::require(context.get_executor(), asio::execution::blocking.never);
}

awaitable<void> nothing() {
    co_return;
}

awaitable<void> spawns(asio::io_context& context, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        co_spawn(inTurn(context), nothing(), detached);
    co_return;
}

awaitable<void> sleepsOnce(std::chrono::microseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(use_awaitable);
}

awaitable<void> node(asio::io_context& context, std::int64_t number, std::int64_t leaves, std::int64_t& sum,
                     int& left, asio::steady_timer& done);

/// One thread: counting needs no atomics, and the last child wakes the parent's timer.
awaitable<std::int64_t> sumOf(asio::io_context& context, std::int64_t number, std::int64_t leaves) {
    if (leaves == 1)
        co_return number;
    std::int64_t sum = 0;
    int left = 10;
    std::error_code woken;
    asio::steady_timer done(context, asio::steady_timer::time_point::max());
    for (std::int64_t i = 0; i < 10; ++i)
        co_spawn(inTurn(context), node(context, number + i * leaves / 10, leaves / 10, sum, left, done),
                 detached);
    while (left > 0)
        co_await done.async_wait(asio::redirect_error(use_awaitable, woken));
    co_return sum;
}

awaitable<void> node(asio::io_context& context, std::int64_t number, std::int64_t leaves, std::int64_t& sum,
                     int& left, asio::steady_timer& done) {
    const std::int64_t part = co_await sumOf(context, number, leaves);
    sum += part;
    if (--left == 0)
        done.cancel();
}

using Messages = asio::experimental::channel<void(std::error_code, std::size_t)>;
using Place = asio::experimental::channel<void(std::error_code, bool)>;

awaitable<void> sends(Messages& channel, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        co_await channel.async_send(std::error_code(), i, use_awaitable);
}
awaitable<void> receives(Messages& channel, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        if (co_await channel.async_receive(use_awaitable) != i)
            fail("messages got lost");
}

awaitable<void> locksAndUnlocks(Place& place, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        co_await place.async_send(std::error_code(), true, use_awaitable);
        co_await asio::post(co_await asio::this_coro::executor, use_awaitable);
        place.try_receive([](std::error_code, bool) {});
    }
}

awaitable<void> waitsForEver(asio::steady_timer& timer) {
    co_await timer.async_wait(use_awaitable);
}

/// `n` coroutines that wait, each with its own timer and its own way of being cancelled.
class Waiting {
public:
    explicit Waiting(std::size_t n)
        : signals_(n) {
        for (std::size_t i = 0; i < n; ++i) {
            auto sleeper = []() -> awaitable<void> {
                asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(24));
                co_await waitsForEver(timer);
            };
            co_spawn(context_, sleeper(),
                     asio::bind_cancellation_slot(signals_[i].slot(), [](const std::exception_ptr&) {}));
        }
        context_.poll();
    }
    void cancel() {
        for (asio::cancellation_signal& signal : signals_)
            signal.emit(asio::cancellation_type::terminal);
        context_.run();
    }

private:
    asio::io_context context_{1};
    std::vector<asio::cancellation_signal> signals_;
};

double each(std::chrono::steady_clock::time_point from, std::size_t n) {
    return secondsSince(from) * 1e9 / static_cast<double>(n);
}

} // namespace

double call(std::size_t n) {
    asio::io_context context{1};
    const auto from = std::chrono::steady_clock::now();
    co_spawn(context, calls(n), detached);
    context.run();
    return each(from, n);
}

double yields(std::size_t n) {
    asio::io_context context{1};
    const auto from = std::chrono::steady_clock::now();
    co_spawn(context, turns(n / 2), detached);
    co_spawn(context, turns(n / 2), detached);
    context.run();
    return each(from, n);
}

double spawnAndJoin(std::size_t n, unsigned threads) {
    asio::io_context context{static_cast<int>(threads)};
    const auto from = std::chrono::steady_clock::now();
    co_spawn(context, spawns(context, n), detached);
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i)
        others.emplace_back([&context] { context.run(); });
    context.run();
    for (std::thread& thread : others)
        thread.join();
    return each(from, n);
}

double skynet(std::int64_t leaves) {
    asio::io_context context{1};
    std::int64_t sum = 0;
    const auto from = std::chrono::steady_clock::now();
    auto root = [&]() -> awaitable<void> { sum = co_await sumOf(context, 0, leaves); };
    co_spawn(context, root(), detached);
    context.run();
    if (sum != leaves * (leaves - 1) / 2)
        fail("the leaves do not add up");
    return each(from, static_cast<std::size_t>(leaves));
}

double cancel(std::size_t n) {
    Waiting all(n);
    const auto from = std::chrono::steady_clock::now();
    all.cancel();
    return each(from, n);
}

double sleeps(std::size_t n) {
    asio::io_context context{1};
    const auto from = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < n; ++i)
        co_spawn(context, sleepsOnce(std::chrono::microseconds(1000 + i % 64)), detached);
    context.run();
    return each(from, n);
}

double messages(std::size_t n) {
    asio::io_context context{1};
    Messages channel(context);
    const auto from = std::chrono::steady_clock::now();
    co_spawn(context, receives(channel, n), detached);
    co_spawn(context, sends(channel, n), detached);
    context.run();
    return each(from, n);
}

double locks(std::size_t n) {
    asio::io_context context{1};
    Place place(context, 1);
    const auto from = std::chrono::steady_clock::now();
    co_spawn(context, locksAndUnlocks(place, n / 2), detached);
    co_spawn(context, locksAndUnlocks(place, n / 2), detached);
    context.run();
    return each(from, n);
}

double bytesPerJob(std::size_t n) {
    const double before = ownMemory();
    const Waiting all(n);
    return (ownMemory() - before) / static_cast<double>(n);
}

} // namespace coroscope::bench::asioPeer
