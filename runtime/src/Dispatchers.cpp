// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Dispatchers.h>

#include "OwnThreads.h"
#include "RunnableQueue.h"

#include <coroscope/record/JobRecord.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace coroscope {

TimerSource::~TimerSource() = default;
Dispatcher::~Dispatcher() = default;

TimerSource& Dispatcher::timers() noexcept {
    return systemTimers();
}

unsigned defaultParallelism() noexcept {
    static const unsigned n = std::max(2u, std::thread::hardware_concurrency());
    return n;
}

namespace {

/// One queue for all workers.
class Pool final : public Dispatcher {
public:
    Pool() {
        for (unsigned i = 0; i < defaultParallelism(); ++i)
            threads_.start("coroscope-w" + std::to_string(i), [this] { work(); });
    }

    void dispatch(Runnable& work) noexcept override {
        bool wake;
        {
            std::lock_guard lock(mutex_);
            queue_.push(work);
            wake = idle_ > 0;
        }
        if (wake)
            arrived_.notify_one();
    }
    std::string_view name() const noexcept override { return "Default"; }

    void stop() noexcept {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        arrived_.notify_all();
        threads_.join();
    }

private:
    void work() noexcept {
        std::unique_lock lock(mutex_);
        bool woke = true;
        while (!stopping_) {
            if (Runnable* next = queue_.pop()) {
                lock.unlock();
                if (std::exchange(woke, false))
                    record::wokeUp();
                next->run();
                lock.lock();
            } else {
                ++idle_;
                arrived_.wait(lock);
                --idle_;
                woke = true;
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    detail::RunnableQueue queue_;
    unsigned idle_ = 0;
    bool stopping_ = false;
    detail::OwnThreads threads_;
};

class UnconfinedDispatcher final : public Dispatcher {
public:
    void dispatch(Runnable& work) noexcept override {
        thread_local detail::RunnableQueue queue;
        thread_local bool running = false;
        if (running) {
            queue.push(work);
            return;
        }
        running = true;
        work.run();
        while (Runnable* next = queue.pop())
            next->run();
        running = false;
    }
    std::string_view name() const noexcept override { return "Unconfined"; }
};

} // namespace

// The dispatchers are never destroyed: jobs refer to them until the very end of the process.

const DispatcherPtr& Dispatchers::Default() {
    static const DispatcherPtr* const dispatcher = [] {
        static Pool* const pool = new Pool;
        detail::OwnThreads::atProcessEnd([] { pool->stop(); });
        return new DispatcherPtr(pool, [](Dispatcher*) {});
    }();
    return *dispatcher;
}

const DispatcherPtr& Dispatchers::Unconfined() {
    static const auto* const dispatcher = new DispatcherPtr(new UnconfinedDispatcher, [](Dispatcher*) {});
    return *dispatcher;
}

} // namespace coroscope
