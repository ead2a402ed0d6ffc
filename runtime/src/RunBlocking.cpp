// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/RunBlocking.h>

#include "RunnableQueue.h"
#include "TimerQueue.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/runtime/detail/InPlace.h>
#include <coroscope/runtime/detail/Lock.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>

namespace coroscope::detail {

namespace {

/// Runs what is dispatched on the thread that waits in it, and keeps the time for it. What that thread itself
/// dispatches needs no lock.
class EventLoop final : public Dispatcher, private TimerSource {
public:
    void dispatch(Runnable& work) noexcept override {
        if (here == this) {
            takeOver();
            own_.push(work);
            return;
        }
        {
            std::lock_guard lock(mutex_);
            if (!closed_) {
                foreign_.push(work);
                waits_.store(true, std::memory_order_release);
                wakeLocked();
                return;
            }
        }
        // The loop is over and somebody outlived it.
        Dispatchers::Default()->dispatch(work);
    }
    TimerSource& timers() noexcept override { return *this; }
    TimerSource& alarms() noexcept override { return systemTimers(); }
    std::string_view name() const noexcept override { return "runBlocking"; }

    /// Runs work until `done`, which wake() sets.
    void run(const std::atomic<bool>& done) {
        const bool inPlace = isInPlace();
        record::wokeUp();
        for (std::uint32_t turn = 0; !done.load(std::memory_order_acquire); ++turn) {
            takeOver();
            if (turn % lookAtTimersEvery == 0 || own_.empty())
                fireDue();
            if (inPlace && runNextInPlace())
                continue;
            if (Runnable* work = own_.pop()) {
                work->run();
            } else {
                sleep(done);
                record::wokeUp();
            }
        }
    }
    void wake(std::atomic<bool>& done) {
        std::lock_guard lock(mutex_);
        done.store(true, std::memory_order_release);
        arrived_.notify_all();
    }
    /// By its thread, which is not in it any more.
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        {
            const std::lock_guard lock(timersLock_);
            timersTaken_ = true;
            timers_.moveTo(systemTimers());
        }
        takeOver();
        while (Runnable* work = own_.pop())
            Dispatchers::Default()->dispatch(*work);
    }

    /// The loop of this thread, or null.
    static thread_local EventLoop* here;

private:
    /// So many tasks in a row may run before a timer that is due has its turn.
    static constexpr std::uint32_t lookAtTimersEvery = 8;

    void schedule(TimerNode& node, std::chrono::nanoseconds after) override {
        std::int64_t next;
        {
            std::unique_lock lock(timersLock_);
            if (!timersTaken_) {
                timers_.add(node, after);
                next = timers_.next();
                next_.store(next, std::memory_order_relaxed);
            } else {
                lock.unlock();
                systemTimers().schedule(node, after);
                return;
            }
        }
        if (here == this)
            return;
        // Who is about to sleep has seen it, or sleeps by now.
        const std::lock_guard lock(mutex_);
        if (next < wakesAt_)
            wakeLocked();
    }
    void dispose(TimerNode& node) noexcept override {
        {
            const std::lock_guard lock(timersLock_);
            if (!timersTaken_) {
                timers_.remove(node);
                next_.store(timers_.next(), std::memory_order_relaxed);
                return;
            }
        }
        systemTimers().dispose(node);
    }
    std::int64_t now() const noexcept override { return TimerQueue::now(); }

    /// What others dispatched comes before what this thread dispatches from now on.
    void takeOver() noexcept {
        if (!waits_.load(std::memory_order_acquire))
            return;
        std::lock_guard lock(mutex_);
        waits_.store(false, std::memory_order_relaxed);
        own_.append(foreign_);
    }
    void fireDue() noexcept {
        const std::int64_t next = next_.load(std::memory_order_relaxed);
        if (next == TimerQueue::never || next > TimerQueue::now())
            return;
        std::array<TimerNode*, 64> room;
        for (;;) {
            std::span<TimerNode*> due;
            {
                const std::lock_guard lock(timersLock_);
                due = timers_.takeDue(room);
                next_.store(timers_.next(), std::memory_order_relaxed);
            }
            TimerQueue::fire(due);
            if (due.size() < room.size())
                return;
        }
    }
    void sleep(const std::atomic<bool>& done) {
        std::unique_lock lock(mutex_);
        if (done.load(std::memory_order_relaxed) || !foreign_.empty())
            return;
        {
            const std::lock_guard timersLock(timersLock_);
            wakesAt_ = timers_.next();
        }
        if (wakesAt_ == TimerQueue::never)
            arrived_.wait(lock);
        else
            arrived_.wait_until(lock, TimerQueue::timePoint(wakesAt_));
        wakesAt_ = 0;
    }
    /// Only if the thread sleeps.
    void wakeLocked() noexcept {
        if (wakesAt_ != 0)
            arrived_.notify_one();
    }

    RunnableQueue own_; ///< only for the thread of the loop
    std::mutex mutex_;  ///< for what follows
    std::condition_variable arrived_;
    RunnableQueue foreign_;
    std::atomic<bool> waits_{false}; ///< there is something in foreign_
    bool closed_ = false;
    std::int64_t wakesAt_ = 0; ///< 0 while it does not sleep

    Lock timersLock_; ///< for what follows; may be taken while mutex_ is held
    TimerQueue timers_;
    bool timersTaken_ = false;                          ///< by systemTimers()
    std::atomic<std::int64_t> next_{TimerQueue::never}; ///< timers_.next(), for a look without the lock
};

thread_local EventLoop* EventLoop::here = nullptr;
thread_local std::shared_ptr<EventLoop> loopHere;

} // namespace

BlockingLoop::BlockingLoop(const CoroutineContext& context, std::source_location where)
    : context_(context)
    , previous_(loopHere)
    , where_(where) {
    if (!loopHere) {
        loopHere = std::make_shared<EventLoop>();
        EventLoop::here = loopHere.get();
    }
    loop_ = loopHere;
}

BlockingLoop::~BlockingLoop() {
    if (!previous_) {
        EventLoop::here = nullptr;
        loopHere.reset();
        static_cast<EventLoop&>(*loop_).close();
    }
}

JobNode::Origin BlockingLoop::origin() {
    if (!context_.dispatcher())
        context_ = CoroutineContext(loop_) + context_;
    JobNode* const parent = HandleAccess::node(context_.job());
    JobNode::Origin origin{.kind = JobKind::RunBlocking,
                           .traits = Traits::scoped | Traits::handlesException,
                           .where = where_,
                           .parent =
                               parent && !(parent->traits() & Traits::nonCancellable) ? parent : nullptr};
    origin.give(inherited(nullptr, context_.elements().get(), true));
    return origin;
}

void BlockingLoop::runUntilDone(JobNode& job) {
    auto loop = std::static_pointer_cast<EventLoop>(loop_);
    std::atomic<bool> done{false};
    auto wake = [loop, &done] { loop->wake(done); };
    auto* const handler = new HandlerOf<decltype(wake)>(wake);
    handler->last = true;
    job.addHandler(*handler, false);
    loop->run(done);
}

} // namespace coroscope::detail
