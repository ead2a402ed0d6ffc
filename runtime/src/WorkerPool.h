// SPDX-License-Identifier: Apache-2.0
// The threads behind Default, IO and the fixed pools.
#pragma once

#include "OwnThreads.h"
#include "RunnableQueue.h"
#include "WorkDeque.h"

#include <coroscope/runtime/detail/Lock.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::detail {

/// A fixed number of *processors*, each with a deque of tasks, and threads that take a processor to work on
/// them. A task may also be handed in as one that blocks: it runs on a thread without a processor, and for
/// those there are as many threads as it takes. So computing is never wider than the processors, blocking
/// does not hold it up, and both share the threads.
///
/// A thread takes from its processor's deque, newest first, now and then from the queue of what came from
/// elsewhere, and seldom the oldest of the deque; when that is empty from the queue; then it searches: it
/// takes the older half of what another processor has. At most one thread searches. While others are busy but
/// have at most one task each, it naps instead of taking that one, which its owner will most likely come to
/// at once; whoever puts in a second task wakes it, and a task that still lies there after a nap is taken:
/// its owner is computing, or blocked.
///
/// No wakeup is lost. A thread that goes to rest first says so (idle_, search_) and then looks for tasks
/// again; who puts in a task first does that and then looks whether somebody rests. With a full fence in
/// between at least one sees the other. For the queue all four are seq_cst; for the deques, which is what
/// happens often, the one that goes to rest makes the fence of both (AsymmetricFence), unless another one
/// searches, or has no other worker to expect anything of.
class WorkerPool : public std::enable_shared_from_this<WorkerPool> {
public:
    /// `name`: threads are called NAME0, NAME1, ... Starts none. Lives in a shared_ptr, which the threads
    /// have too.
    WorkerPool(unsigned processors, std::string name);
    ~WorkerPool() { ownThreads_.join(); }

    /// To be run on a processor. `fair`: after what is ready, instead of before. False: the pool is closed.
    bool submit(Runnable& work, bool fair) noexcept;
    /// `count` of them, from elsewhere, when the pool did not close before. They find a thread, if need be a
    /// new one. Leaves `work` empty.
    void submitAll(RunnableQueue& work, std::size_t count) noexcept;
    /// To be run on a thread that it may block. How many run at once is for the caller to limit.
    void submitBlocking(Runnable& work) noexcept;
    /// Takes no more work, and joins the threads after what they are running. What is queued is left.
    void stop() noexcept;
    /// Takes no more work; runs what is queued; then its threads end. Does not wait.
    void close() noexcept;

    unsigned processors() const noexcept { return static_cast<unsigned>(processors_.size()); }

private:
    struct Processor {
        WorkDeque deque;
        std::atomic<std::uint32_t> turn{0}; ///< goes on with every task
        std::uint32_t seenTurn = 0;         ///< by whoever searches
    };
    struct Worker {
        explicit Worker(WorkerPool& p) noexcept
            : pool(p) {}
        /// Lives on its thread, which may end as soon as it is awake, before the one who wakes it is through.
        ~Worker() {
            while (wakers.load(std::memory_order_acquire) != 0)
                std::this_thread::yield();
        }
        Worker(const Worker&) = delete;
        Worker& operator=(const Worker&) = delete;
        /// Step one of waking it without the lock; under it.
        void wake() noexcept {
            woken = true;
            wakers.fetch_add(1, std::memory_order_relaxed);
        }
        /// Step two; release: the last that is done to it.
        void notify() noexcept {
            arrived.notify_one();
            wakers.fetch_sub(1, std::memory_order_release);
        }
        WorkerPool& pool;
        Processor* processor = nullptr;
        bool searching = false;
        bool woken = false; ///< under the pool's mutex
        std::condition_variable arrived;
        std::atomic<unsigned> wakers{0}; ///< between wake and notify
    };
    enum class Search : std::uint32_t { Nobody, Going, Napping };

    void work(Processor* processor, bool searching);
    [[gnu::noinline]] bool submitToQueue(Runnable& work, const Worker* self) noexcept;
    Runnable* find(Worker& self);
    [[gnu::noinline]] Runnable* search(Worker& self);
    [[gnu::noinline]] Runnable* fromQueue() noexcept;
    [[gnu::noinline]] void found(Worker& self) noexcept;
    template <class Alone>
    void arrived(const Alone& alone) noexcept;
    bool rest(Worker& self);
    bool nap(Worker& self, std::chrono::microseconds time);
    [[gnu::noinline]] void wakeOne() noexcept;
    [[gnu::noinline]] void wakeNapper() noexcept;
    void startThread(Processor* processor, bool searching) noexcept;
    Processor* takeIdleLocked() noexcept;
    bool workWaits() const noexcept;
    bool workWaitsForSure() const noexcept;
    Runnable* blockingWork() noexcept;

    static thread_local Worker* here;

    const std::string name_;
    std::deque<Processor> processors_;

    Lock queueLock_;
    RunnableQueue queue_; ///< what came from elsewhere, and what gave way
    std::atomic<std::size_t> queued_{0};

    std::atomic<std::uint32_t> idle_; ///< processors without a thread
    std::atomic<Search> search_{Search::Nobody};
    std::atomic<bool> closed_{false};

    std::mutex mutex_; ///< for what follows
    std::vector<Processor*> idleProcessors_;
    std::vector<Worker*> resting_;
    Worker* napper_ = nullptr;
    RunnableQueue blocking_;
    std::size_t threads_ = 0;
    unsigned named_ = 0;
    bool stopping_ = false;
    OwnThreads ownThreads_;
};

} // namespace coroscope::detail
