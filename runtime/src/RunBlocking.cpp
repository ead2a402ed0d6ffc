// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/RunBlocking.h>

#include "RunnableQueue.h"

#include <coroscope/record/JobRecord.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace coroscope::detail {

namespace {

/// Runs what is dispatched on the thread that waits in it. What that thread itself dispatches needs no lock.
class EventLoop final : public Dispatcher {
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
                arrived_.notify_one();
                return;
            }
        }
        // The loop is over and somebody outlived it.
        Dispatchers::Default()->dispatch(work);
    }
    std::string_view name() const noexcept override { return "runBlocking"; }

    /// Runs work until `done`, which wake() sets.
    void run(const std::atomic<bool>& done) {
        bool woke = true;
        while (!done.load(std::memory_order_acquire)) {
            takeOver();
            if (Runnable* work = own_.pop()) {
                if (std::exchange(woke, false))
                    record::wokeUp();
                work->run();
            } else {
                std::unique_lock lock(mutex_);
                arrived_.wait(lock,
                              [&] { return done.load(std::memory_order_relaxed) || !foreign_.empty(); });
                woke = true;
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
            std::lock_guard lock(mutex_);
            closed_ = true;
        }
        takeOver();
        while (Runnable* work = own_.pop())
            Dispatchers::Default()->dispatch(*work);
    }

    /// The loop of this thread, or null.
    static thread_local EventLoop* here;

private:
    /// What others dispatched comes before what this thread dispatches from now on.
    void takeOver() noexcept {
        if (!waits_.load(std::memory_order_acquire))
            return;
        std::lock_guard lock(mutex_);
        waits_.store(false, std::memory_order_relaxed);
        while (Runnable* work = foreign_.pop())
            own_.push(*work);
    }

    RunnableQueue own_; ///< only for the thread of the loop
    std::mutex mutex_;  ///< for what follows
    std::condition_variable arrived_;
    RunnableQueue foreign_;
    std::atomic<bool> waits_{false}; ///< there is something in foreign_
    bool closed_ = false;
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
    return {.kind = JobKind::RunBlocking,
            .traits = Traits::scoped | Traits::handlesException,
            .where = where_,
            .parent = parent && !(parent->traits() & Traits::nonCancellable) ? parent : nullptr,
            .elements = inherited({}, context_.elements(), true)};
}

void BlockingLoop::runUntilDone(JobNode& job) {
    auto loop = std::static_pointer_cast<EventLoop>(loop_);
    std::atomic<bool> done{false};
    auto wake = [loop, &done] { loop->wake(done); };
    job.addHandler(*new HandlerOf<decltype(wake)>(wake), false);
    loop->run(done);
}

} // namespace coroscope::detail
