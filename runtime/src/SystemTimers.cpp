// SPDX-License-Identifier: Apache-2.0
// The machine's clock: a heap of timers and a thread that sleeps until the first is due.
#include "OwnThreads.h"

#include <coroscope/runtime/Dispatcher.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace coroscope {

namespace {

class SystemTimers final : public TimerSource {
public:
    SystemTimers() {
        threads_.start("coroscope-timer", [this] { work(); });
    }

    void schedule(TimerNode& node, std::chrono::nanoseconds after) override {
        const std::int64_t ahead = std::max<std::int64_t>(0, after.count());
        const std::int64_t present = now();
        bool first;
        {
            std::lock_guard lock(mutex_);
            node.due = present > INT64_MAX - ahead ? INT64_MAX : present + ahead;
            node.sequence = ++sequence_;
            heap_.push_back(&node);
            up(heap_.size() - 1);
            first = heap_.front() == &node;
        }
        if (first)
            earlier_.notify_one();
    }
    void dispose(TimerNode& node) noexcept override {
        std::lock_guard lock(mutex_);
        if (node.place != TimerNode::notScheduled)
            remove(node.place);
    }
    std::int64_t now() const noexcept override {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

    void stop() noexcept {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        earlier_.notify_all();
        threads_.join();
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            if (heap_.empty()) {
                earlier_.wait(lock);
                continue;
            }
            TimerNode& first = *heap_.front();
            if (first.due > now()) {
                // A time point beyond what the system call takes would return at once.
                const std::int64_t until = std::min(first.due, now() + std::int64_t{3'600'000'000'000});
                earlier_.wait_until(lock,
                                    std::chrono::steady_clock::time_point(std::chrono::nanoseconds(until)));
                continue;
            }
            remove(0);
            if (first.claim()) {
                lock.unlock();
                first.fire(false);
                lock.lock();
            }
        }
    }

    static bool before(const TimerNode& a, const TimerNode& b) noexcept {
        return a.due != b.due ? a.due < b.due : a.sequence < b.sequence;
    }
    void put(std::size_t place, TimerNode* node) noexcept {
        heap_[place] = node;
        node->place = place;
    }
    void up(std::size_t place) noexcept {
        TimerNode* const node = heap_[place];
        for (std::size_t above; place > 0 && before(*node, *heap_[above = (place - 1) / 2]); place = above)
            put(place, heap_[above]);
        put(place, node);
    }
    void down(std::size_t place) noexcept {
        TimerNode* const node = heap_[place];
        for (;;) {
            std::size_t below = 2 * place + 1;
            if (below >= heap_.size())
                break;
            if (below + 1 < heap_.size() && before(*heap_[below + 1], *heap_[below]))
                ++below;
            if (!before(*heap_[below], *node))
                break;
            put(place, heap_[below]);
            place = below;
        }
        put(place, node);
    }
    void remove(std::size_t place) noexcept {
        heap_[place]->place = TimerNode::notScheduled;
        TimerNode* const last = heap_.back();
        heap_.pop_back();
        if (place == heap_.size())
            return;
        put(place, last);
        up(place);
        down(last->place);
    }

    std::mutex mutex_;
    std::condition_variable earlier_;
    std::vector<TimerNode*> heap_;
    std::uint64_t sequence_ = 0;
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
