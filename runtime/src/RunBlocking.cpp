// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/RunBlocking.h>

#include "RunnableQueue.h"

#include <coroscope/record/JobRecord.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace coroscope::detail {

namespace {

/// Runs what is dispatched on the thread that waits in runUntilDone.
class EventLoop final : public Dispatcher {
public:
    void dispatch(Runnable& work) noexcept override {
        {
            std::lock_guard lock(mutex_);
            if (!closed_) {
                queue_.push(work);
                arrived_.notify_one();
                return;
            }
        }
        // The loop is over and somebody outlived it.
        Dispatchers::Default()->dispatch(work);
    }
    std::string_view name() const noexcept override { return "runBlocking"; }

    /// Runs work until `done` says so; it is asked under the lock.
    template <class Done>
    void run(Done done) {
        std::unique_lock lock(mutex_);
        bool woke = true;
        while (!done()) {
            if (Runnable* work = queue_.pop()) {
                lock.unlock();
                if (std::exchange(woke, false))
                    record::wokeUp();
                work->run();
                lock.lock();
            } else {
                arrived_.wait(lock);
                woke = true;
            }
        }
    }
    void wake(bool& flag) {
        std::lock_guard lock(mutex_);
        flag = true;
        arrived_.notify_all();
    }
    void close() {
        RunnableQueue rest;
        {
            std::lock_guard lock(mutex_);
            closed_ = true;
            std::swap(rest, queue_);
        }
        while (Runnable* work = rest.pop())
            Dispatchers::Default()->dispatch(*work);
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    RunnableQueue queue_;
    bool closed_ = false;
};

thread_local std::shared_ptr<EventLoop> loopHere;

} // namespace

BlockingLoop::BlockingLoop(const CoroutineContext& context, std::source_location where)
    : context_(context)
    , previous_(loopHere)
    , where_(where) {
    if (!loopHere)
        loopHere = std::make_shared<EventLoop>();
    loop_ = loopHere;
}

BlockingLoop::~BlockingLoop() {
    if (!previous_) {
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
            .elements = context_.elements()};
}

void BlockingLoop::runUntilDone(JobNode& job) {
    auto loop = std::static_pointer_cast<EventLoop>(loop_);
    bool done = false;
    auto wake = [loop, &done] { loop->wake(done); };
    job.addHandler(*new HandlerOf<decltype(wake)>(wake), false);
    loop->run([&done] { return done; });
}

} // namespace coroscope::detail
