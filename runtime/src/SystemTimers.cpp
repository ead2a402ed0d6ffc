// SPDX-License-Identifier: Apache-2.0
// The machine's clock: a thread that sleeps until the first timer is due.
#include "Handover.h"
#include "OwnThreads.h"
#include "TimerQueue.h"

#include <coroscope/runtime/Dispatcher.h>

#include <array>
#include <condition_variable>
#include <mutex>

namespace coroscope {

namespace {

class SystemTimers final : public TimerSource {
public:
    SystemTimers() {
        threads_.start("coroscope-timer", [this] { work(); });
    }

    void schedule(TimerNode& node, std::chrono::nanoseconds after) override {
        bool earlier;
        {
            std::lock_guard lock(mutex_);
            heap_.add(node, after);
            earlier = heap_.next() < wakesAt_;
            if (earlier)
                wakesAt_ = heap_.next();
        }
        if (earlier)
            earlier_.notify_one();
    }
    void dispose(TimerNode& node) noexcept override {
        std::lock_guard lock(mutex_);
        heap_.remove(node);
    }
    std::int64_t now() const noexcept override { return detail::TimerQueue::now(); }

    void stop() noexcept {
        if (threads_.areElsewhere())
            return;
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        earlier_.notify_all();
        threads_.join();
    }

private:
    void work() {
        std::array<TimerNode*, 256> room;
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            const auto due = heap_.takeDue(room);
            if (!due.empty()) {
                // Nobody need wake this thread: it looks again.
                wakesAt_ = 0;
                lock.unlock();
                {
                    const detail::Handover handover;
                    detail::TimerQueue::fire(due);
                }
                lock.lock();
                continue;
            }
            wakesAt_ = heap_.next();
            if (heap_.empty()) {
                earlier_.wait(lock);
                continue;
            }
            earlier_.wait_until(lock, detail::TimerQueue::timePoint(wakesAt_));
        }
    }

    std::mutex mutex_;
    std::condition_variable earlier_;
    detail::TimerQueue heap_;
    std::int64_t wakesAt_ = 0; ///< what is due earlier than this must wake the thread
    bool stopping_ = false;
    detail::OwnThreads threads_;
};

} // namespace

TimerSource& systemTimers() noexcept {
    // Never destroyed: jobs may wait for it until the very end of the process.
    static SystemTimers* const timers = [] {
        static SystemTimers* const t = new SystemTimers;
        detail::OwnThreads::atProcessEnd([] { t->stop(); });
        return t;
    }();
    return *timers;
}

} // namespace coroscope
