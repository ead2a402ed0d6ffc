// SPDX-License-Identifier: Apache-2.0
#include "WorkerPool.h"

#include "Handover.h"

#include <coroscope/record/AsymmetricFence.h>
#include <coroscope/record/JobRecord.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

namespace coroscope::detail {

namespace {

using namespace std::chrono_literals;

/// Every so many tasks the queue has its turn, though the deque is not empty.
constexpr std::uint32_t queueEvery = 61;
/// And the oldest in the deque. Most often that is a large branch of a tree: whoever begins them all has all
/// of their jobs alive at once.
constexpr std::uint32_t oldestEvery = 16 * queueEvery;
constexpr int roundsOfSearch = 8;
constexpr auto shortestNap = 50us;
constexpr auto longestNap = 5ms;
/// A thread that there are enough of without it ends after so long a rest.
constexpr auto keepAlive = 10s;

/// Some 100 ns, in which others put in another task or two.
void pause() noexcept {
    for (int i = 0; i < 4; ++i) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("isb");
#endif
    }
}

} // namespace

thread_local WorkerPool::Worker* WorkerPool::here = nullptr;

WorkerPool::WorkerPool(unsigned processors, std::string name)
    : name_(std::move(name))
    , processors_(processors)
    , idle_(processors) {
    for (auto p = processors_.rbegin(); p != processors_.rend(); ++p)
        idleProcessors_.push_back(&*p);
}

/// `alone`: it was put in by a thread that will come to it, and nothing else waits there. Only asked when it
/// matters: the answer takes a line of the cache from those who steal.
template <class Alone>
void WorkerPool::arrived(const Alone& alone) noexcept {
    record::AsymmetricFence::light();
    switch (search_.load(std::memory_order_seq_cst)) {
    case Search::Going:
        break;
    case Search::Napping:
        if (!alone())
            wakeNapper();
        break;
    case Search::Nobody:
        if (idle_.load(std::memory_order_seq_cst) != 0)
            wakeOne();
        break;
    }
}

bool WorkerPool::submit(Runnable& work, bool fair) noexcept {
    // What comes in just before it closes finds a thread, if need be a new one.
    if (closed_.load(std::memory_order_acquire))
        return false;
    Worker* const self = here && &here->pool == this && here->processor ? here : nullptr;
    if (!self || fair) [[unlikely]]
        return submitToQueue(work, self);
    self->processor->deque.push(work);
    arrived([self] { return self->processor->deque.size() < 2; });
    return true;
}

bool WorkerPool::submitToQueue(Runnable& work, const Worker* self) noexcept {
    if (Handover::keepBack(*this, work))
        return true;
    // The pool's own threads keep it; others may lose it as soon as the work has been run.
    const std::shared_ptr<WorkerPool> keep = self ? nullptr : shared_from_this();
    bool first;
    {
        std::lock_guard lock(queueLock_);
        queue_.push(work);
        first = queued_.fetch_add(1, std::memory_order_seq_cst) == 0;
    }
    arrived([first, self] { return first && self; });
    return true;
}

void WorkerPool::submitAll(RunnableQueue& work, std::size_t count) noexcept {
    {
        std::lock_guard lock(queueLock_);
        queue_.append(work);
        queued_.fetch_add(count, std::memory_order_seq_cst);
    }
    arrived([] { return false; });
}

void WorkerPool::submitBlocking(Runnable& work) noexcept {
    Worker* woken = nullptr;
    {
        std::lock_guard lock(mutex_);
        blocking_.push(work);
        if (!resting_.empty()) {
            woken = resting_.back();
            resting_.pop_back();
            woken->wake();
        }
    }
    if (woken)
        woken->notify();
    else
        startThread(nullptr, false);
}

void WorkerPool::stop() noexcept {
    if (ownThreads_.areElsewhere())
        return;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        closed_.store(true, std::memory_order_release);
        for (Worker* worker : resting_) {
            worker->woken = true;
            worker->arrived.notify_one();
        }
        resting_.clear();
        if (napper_) {
            napper_->woken = true;
            napper_->arrived.notify_one();
        }
    }
    ownThreads_.join();
}

void WorkerPool::close() noexcept {
    std::lock_guard lock(mutex_);
    closed_.store(true, std::memory_order_seq_cst);
    for (Worker* worker : resting_) {
        worker->woken = true;
        worker->arrived.notify_one();
    }
    resting_.clear();
}

WorkerPool::Processor* WorkerPool::takeIdleLocked() noexcept {
    if (idleProcessors_.empty())
        return nullptr;
    Processor* const processor = idleProcessors_.back();
    idleProcessors_.pop_back();
    idle_.fetch_sub(1, std::memory_order_seq_cst);
    return processor;
}

void WorkerPool::wakeOne() noexcept {
    Processor* processor;
    Worker* woken = nullptr;
    {
        std::lock_guard lock(mutex_);
        Search nobody = Search::Nobody;
        if (stopping_ || idleProcessors_.empty() ||
            !search_.compare_exchange_strong(nobody, Search::Going, std::memory_order_seq_cst))
            return;
        processor = takeIdleLocked();
        if (!resting_.empty()) {
            woken = resting_.back();
            resting_.pop_back();
            woken->processor = processor;
            woken->searching = true;
            woken->wake();
        }
    }
    if (woken)
        woken->notify();
    else
        startThread(processor, true);
}

void WorkerPool::wakeNapper() noexcept {
    std::lock_guard lock(mutex_);
    if (!napper_)
        return;
    search_.store(Search::Going, std::memory_order_seq_cst);
    napper_->woken = true;
    napper_->arrived.notify_one();
}

void WorkerPool::startThread(Processor* processor, bool searching) noexcept {
    std::string name;
    {
        std::lock_guard lock(mutex_);
        ++threads_;
        name = name_ + std::to_string(named_++);
    }
    try {
        ownThreads_.start(
            name, [self = shared_from_this(), processor, searching] { self->work(processor, searching); });
    } catch (const std::system_error&) {
        // No thread to be had: those that are there take the work when they come to it.
        std::lock_guard lock(mutex_);
        --threads_;
        if (processor) {
            idleProcessors_.push_back(processor);
            idle_.fetch_add(1, std::memory_order_seq_cst);
        }
        if (searching)
            search_.store(Search::Nobody, std::memory_order_seq_cst);
    }
}

bool WorkerPool::workWaits() const noexcept {
    return queued_.load(std::memory_order_seq_cst) != 0 ||
           std::any_of(processors_.begin(), processors_.end(),
                       [](const Processor& p) { return p.deque.size() > 0; });
}

/// The same, with what others have put in by now, though they made no fence.
bool WorkerPool::workWaitsForSure() const noexcept {
    record::AsymmetricFence::heavy();
    return workWaits();
}

Runnable* WorkerPool::blockingWork() noexcept {
    std::lock_guard lock(mutex_);
    return stopping_ ? nullptr : blocking_.pop();
}

Runnable* WorkerPool::fromQueue() noexcept {
    if (queued_.load(std::memory_order_seq_cst) == 0)
        return nullptr;
    std::lock_guard lock(queueLock_);
    Runnable* const work = queue_.pop();
    if (work)
        queued_.fetch_sub(1, std::memory_order_seq_cst);
    return work;
}

void WorkerPool::work(Processor* processor, bool searching) {
    Worker self(*this);
    self.processor = processor;
    self.searching = searching;
    here = &self;
    bool woke = true;
    do {
        for (Runnable* task; self.processor && (task = find(self)); woke = false) {
            if (woke)
                record::wokeUp();
            task->run();
        }
        // Blocking work wants no processor.
        if (self.processor)
            continue;
        for (Runnable* task; (task = blockingWork()); woke = false) {
            if (woke)
                record::wokeUp();
            task->run();
        }
    } while (woke = true, rest(self));
    here = nullptr;
}

Runnable* WorkerPool::find(Worker& self) {
    Processor& own = *self.processor;
    const std::uint32_t turn = own.turn.load(std::memory_order_relaxed) + 1;
    own.turn.store(turn, std::memory_order_relaxed);
    Runnable* task = nullptr;
    if (closed_.load(std::memory_order_relaxed)) [[unlikely]] {
        std::lock_guard lock(mutex_);
        if (stopping_)
            return nullptr;
    }
    if (turn % queueEvery == 0) [[unlikely]]
        task = turn % oldestEvery == 0 ? own.deque.popOldest() : fromQueue();
    if (!task)
        task = own.deque.pop();
    if (!task) [[unlikely]]
        task = fromQueue();
    if (!task) [[unlikely]]
        return search(self);
    if (self.searching) [[unlikely]]
        found(self);
    return task;
}

/// The search is over for this one. If there is more to be found, another one shall go on with it.
void WorkerPool::found(Worker& self) noexcept {
    self.searching = false;
    search_.store(Search::Nobody, std::memory_order_seq_cst);
    const std::uint32_t idle = idle_.load(std::memory_order_seq_cst);
    if (idle != 0 && (workWaits() || (idle + 1 < processors_.size() && workWaitsForSure())))
        wakeOne();
}

Runnable* WorkerPool::search(Worker& self) {
    if (!self.searching) {
        Search nobody = Search::Nobody;
        if (!search_.compare_exchange_strong(nobody, Search::Going, std::memory_order_seq_cst))
            return nullptr;
        self.searching = true;
    }
    for (Processor& p : processors_)
        p.seenTurn = p.turn.load(std::memory_order_relaxed) - 1;
    for (auto time = std::chrono::microseconds(shortestNap);;
         time = std::min<std::chrono::microseconds>(2 * time, longestNap)) {
        for (int round = 1; round <= roundsOfSearch; ++round) {
            for (Processor& p : processors_) {
                if (&p == self.processor)
                    continue;
                const std::int64_t tasks = p.deque.size();
                // A single task is its owner's, unless that one has not come on since.
                const std::uint32_t turn = p.turn.load(std::memory_order_relaxed);
                if (tasks == 0 || (tasks == 1 && turn != p.seenTurn))
                    continue;
                if (Runnable* const task =
                        p.deque.stealHalf(self.processor->deque, round == roundsOfSearch)) {
                    found(self);
                    return task;
                }
            }
            if (Runnable* const task = fromQueue()) {
                found(self);
                return task;
            }
            if (idle_.load(std::memory_order_relaxed) + 1 >= processors_.size())
                break; // nobody works who could put in more
            pause();
        }
        for (Processor& p : processors_)
            p.seenTurn = p.turn.load(std::memory_order_relaxed);
        if (!nap(self, time))
            return nullptr;
    }
}

/// False: there is nobody whose tasks could be taken, or blocking work to be done. The search goes on with
/// whoever is next, or ends in rest().
bool WorkerPool::nap(Worker& self, std::chrono::microseconds time) {
    std::unique_lock lock(mutex_);
    if (stopping_ || !blocking_.empty() || idle_.load(std::memory_order_relaxed) + 1 >= processors_.size())
        return false;
    self.woken = false;
    napper_ = &self;
    search_.store(Search::Napping, std::memory_order_seq_cst);
    // Who put in a second task before it could see this has done so by now. Or is just about to, as there was
    // no fence: then it is found after the nap.
    const bool more = queued_.load(std::memory_order_seq_cst) != 0 ||
                      std::any_of(processors_.begin(), processors_.end(),
                                  [](const Processor& p) { return p.deque.size() > 1; });
    if (!more)
        self.arrived.wait_for(lock, time, [&self] { return self.woken; });
    napper_ = nullptr;
    search_.store(Search::Going, std::memory_order_seq_cst);
    record::wokeUp();
    return true;
}

/// Gives the processor back and waits to be woken. False: the thread shall end.
bool WorkerPool::rest(Worker& self) {
    std::unique_lock lock(mutex_);
    if (self.processor) {
        idleProcessors_.push_back(std::exchange(self.processor, nullptr));
        idle_.fetch_add(1, std::memory_order_seq_cst);
    }
    if (std::exchange(self.searching, false))
        search_.store(Search::Nobody, std::memory_order_seq_cst);
    for (;;) {
        if (stopping_)
            return false;
        if (!blocking_.empty())
            return true;
        // Who put in a task before it could see this has done so by now. Where somebody searches he will see
        // it; where nobody else has a processor nobody is just about to, but for those who come from
        // elsewhere.
        const bool watched = search_.load(std::memory_order_seq_cst) != Search::Nobody ||
                             idle_.load(std::memory_order_relaxed) == processors_.size();
        Search nobody = Search::Nobody;
        if (!idleProcessors_.empty() && (workWaits() || (!watched && workWaitsForSure())) &&
            search_.compare_exchange_strong(nobody, Search::Going, std::memory_order_seq_cst)) {
            self.processor = takeIdleLocked();
            self.searching = true;
            return true;
        }
        if (closed_.load(std::memory_order_relaxed))
            return false;
        self.woken = false;
        resting_.push_back(&self);
        if (self.arrived.wait_for(lock, keepAlive, [&self] { return self.woken; }))
            return true;
        resting_.erase(std::find(resting_.begin(), resting_.end(), &self));
        if (threads_ > processors_.size()) {
            --threads_;
            return false;
        }
    }
}

} // namespace coroscope::detail
