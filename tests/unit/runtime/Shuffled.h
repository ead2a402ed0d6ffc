// SPDX-License-Identifier: Apache-2.0
// Random scheduling for tests of races: what is ready runs in any order on three threads that pause where
// they like.
#pragma once

#include "Story.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace coroscope::test {

/// How long each race is run: COROSCOPE_STRESS_SECONDS, else a fraction of a second; a minute with
/// COROSCOPE_LONG_TESTS.
inline std::chrono::duration<double> stressTime() {
    if (const char* seconds = std::getenv("COROSCOPE_STRESS_SECONDS"))
        return std::chrono::duration<double>(std::strtod(seconds, nullptr));
    return std::chrono::duration<double>(std::getenv("COROSCOPE_LONG_TESTS") ? 60.0 : 0.3);
}

/// COROSCOPE_STRESS_SEED, else another one each time. The threads are not in its power, so the same seed
/// makes the same choices, not the same order of everything.
inline std::uint64_t stressSeed() {
    if (const char* seed = std::getenv("COROSCOPE_STRESS_SEED"))
        return std::strtoull(seed, nullptr, 10);
    return std::random_device()();
}

class Random {
public:
    explicit Random(std::uint64_t seed)
        : engine_(seed) {}
    /// From 0 to n - 1.
    unsigned below(unsigned n) { return static_cast<unsigned>(engine_() % n); }
    bool oneIn(unsigned n) { return below(n) == 0; }
    /// Mostly nothing; else gives way, spins, or sleeps for some microseconds.
    void pause() {
        const unsigned what = below(32);
        if (what < 4) {
            std::this_thread::yield();
        } else if (what < 10) {
            for (unsigned i = 20 * below(50); i > 0; --i)
                std::atomic_signal_fence(std::memory_order_seq_cst); // keeps the loop
        } else if (what == 10) {
            std::this_thread::sleep_for(std::chrono::microseconds(below(40)));
        }
    }

private:
    std::mt19937_64 engine_;
};

class ShufflingDispatcher final : public Dispatcher {
public:
    explicit ShufflingDispatcher(std::uint64_t seed)
        : shuffle_(seed) {
        for (unsigned i = 0; i < 3; ++i)
            threads_.emplace_back([this, own = seed + 1 + i] { work(Random(own)); });
    }
    ~ShufflingDispatcher() override { stop(); }

    void dispatch(Runnable& work) noexcept override {
        {
            const std::lock_guard lock(mutex_);
            ready_.push_back(&work);
        }
        arrived_.notify_one();
    }
    std::string_view name() const noexcept override { return "Shuffling"; }

    /// Runs what is there, and joins the threads. Not on one of them.
    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        arrived_.notify_all();
        for (std::thread& thread : threads_)
            thread.join();
        threads_.clear();
    }

private:
    void work(Random random) {
        for (;;) {
            Runnable* next;
            {
                std::unique_lock lock(mutex_);
                arrived_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
                if (ready_.empty())
                    return;
                std::swap(ready_[shuffle_.below(static_cast<unsigned>(ready_.size()))], ready_.back());
                next = ready_.back();
                ready_.pop_back();
            }
            random.pause();
            next->run();
            random.pause();
        }
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<Runnable*> ready_;
    Random shuffle_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

/// Runs `round(CoroutineScope, Random&)`, a Task<>, again and again on random threads until the time is over
/// or something is wrong.
template <class F>
void race(F round) {
    const std::uint64_t seed = stressSeed();
    SCOPED_TRACE("COROSCOPE_STRESS_SEED=" + std::to_string(seed));
    const auto dispatcher = std::make_shared<ShufflingDispatcher>(seed);
    Random random(seed);
    const auto until = std::chrono::steady_clock::now() + stressTime();
    unsigned rounds = 0;
    do {
        runBlocking(dispatcher,
                    [&](CoroutineScope scope) -> Task<> { co_await round(std::move(scope), random); });
        ++rounds;
    } while (std::chrono::steady_clock::now() < until && !testing::Test::HasFailure());
    dispatcher->stop();
    std::cout << "COROSCOPE_STRESS_SEED=" << seed << ": " << rounds << " rounds\n";
}

} // namespace coroscope::test
