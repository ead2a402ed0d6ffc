// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/TestScheduler.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace coroscope {

namespace {

class TestDispatcher final : public Dispatcher {
public:
    explicit TestDispatcher(std::shared_ptr<TestScheduler> scheduler) noexcept
        : scheduler_(std::move(scheduler)) {}
    void dispatch(Runnable& work) noexcept override { scheduler_->enqueue(work); }
    TimerSource& timers() noexcept override { return *scheduler_; }
    std::string_view name() const noexcept override { return "TestDispatcher"; }

private:
    const std::shared_ptr<TestScheduler> scheduler_;
};

} // namespace

TestScheduler::TestScheduler() = default;
TestScheduler::~TestScheduler() = default;

DispatcherPtr TestScheduler::dispatcher() {
    return std::make_shared<TestDispatcher>(shared_from_this());
}

void TestScheduler::enqueue(Runnable& work) noexcept {
    std::lock_guard lock(mutex_);
    queue_.emplace(Key{now_, sequence_++}, &work);
    arrived_.notify_all();
}

void TestScheduler::schedule(TimerNode& node, std::chrono::nanoseconds after) {
    std::lock_guard lock(mutex_);
    const std::int64_t ahead = std::max<std::int64_t>(0, after.count());
    node.due = now_ > std::numeric_limits<std::int64_t>::max() - ahead
                   ? std::numeric_limits<std::int64_t>::max()
                   : now_ + ahead;
    const std::uint64_t number = sequence_++;
    node.part = static_cast<std::uint32_t>(number);
    node.place = static_cast<std::uint32_t>(number >> 32);
    queue_.emplace(Key{node.due, number}, &node);
    arrived_.notify_all();
}

void TestScheduler::dispose(TimerNode& node) noexcept {
    std::lock_guard lock(mutex_);
    if (node.place != TimerNode::notScheduled) {
        queue_.erase(Key{node.due, std::uint64_t{node.place} << 32 | node.part});
        node.place = TimerNode::notScheduled;
    }
}

std::int64_t TestScheduler::now() const noexcept {
    std::lock_guard lock(mutex_);
    return now_;
}

bool TestScheduler::runOne(std::int64_t limit) {
    std::unique_lock lock(mutex_);
    while (!queue_.empty() && queue_.begin()->first.first <= limit) {
        const auto first = queue_.extract(queue_.begin());
        now_ = std::max(now_, first.key().first);
        if (Runnable* const* work = std::get_if<Runnable*>(&first.mapped())) {
            lock.unlock();
            (*work)->run();
            return true;
        }
        TimerNode& timer = *std::get<TimerNode*>(first.mapped());
        timer.place = TimerNode::notScheduled;
        if (timer.claim()) {
            lock.unlock();
            timer.fire(true);
            return true;
        }
    }
    return false;
}

void TestScheduler::advanceTimeBy(std::chrono::nanoseconds time) {
    if (time.count() < 0)
        throw std::invalid_argument("Time only goes forward");
    constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    const std::int64_t present = now();
    const std::int64_t target = present > never - time.count() ? never : present + time.count();
    while (runOne(target - 1)) {
    }
    std::lock_guard lock(mutex_);
    now_ = std::max(now_, target);
}

void TestScheduler::advanceUntilIdle() {
    while (runOne(std::numeric_limits<std::int64_t>::max())) {
    }
}

void TestScheduler::runCurrent() {
    const std::int64_t present = now();
    while (runOne(present)) {
    }
}

bool TestScheduler::waitForWork(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    const bool found = arrived_.wait_until(lock, until, [this] { return woken_ || !queue_.empty(); });
    woken_ = false;
    return found;
}

void TestScheduler::wake() noexcept {
    std::lock_guard lock(mutex_);
    woken_ = true;
    arrived_.notify_all();
}

} // namespace coroscope
