// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Mutex.h>

#include <coroscope/record/Record.h>

#include <mutex>
#include <stdexcept>

namespace coroscope {

void Mutex::throwLockedTwice() {
    throw std::logic_error("This mutex is already locked by the specified owner");
}

bool Mutex::tryLock(const void* owner) {
    const detail::JobNode* const job = detail::JobNode::current();
    return tryLockFor(job ? job->id() : JobId(), owner);
}

bool Mutex::enqueue(detail::LockWaiter& waiter, bool takes) noexcept {
    const JobId job = waiter.suspension->job().id();
    const std::lock_guard guard(lock_);
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    while (!(state & waitersBit)) {
        if (state == 0 && !takes)
            return true;
        const std::uint64_t wanted = state == 0 ? lockedBy(job) : state | waitersBit;
        if (!state_.compare_exchange_weak(state, wanted, std::memory_order_acquire,
                                          std::memory_order_relaxed))
            continue;
        if (state == 0) {
            owner_.store(waiter.owner, std::memory_order_relaxed);
            resource_.owner(job);
            return true;
        }
        break;
    }
    // From here on, until nobody waits any more, state_ changes only under the lock.
    if (!resource_.id())
        resource_.begin({.kind = WaitKind::Mutex,
                         .capacity = 1,
                         .site = record::internSite(where_),
                         .name = record::internText(name_)});
    resource_.owner(holder(state));
    queue_.push(waiter);
    resource_.waiting(queue_.size());
    return false;
}

void Mutex::unlock(const void* owner) {
    if (!(state_.load(std::memory_order_relaxed) & lockedBit))
        throw std::logic_error("This mutex is not locked");
    if (owner && owner_.load(std::memory_order_relaxed) != owner)
        throw std::logic_error("This mutex is locked by another owner than the specified one");
    if (owner_.load(std::memory_order_relaxed))
        owner_.store(nullptr, std::memory_order_relaxed);
    do {
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        if (!(state & waitersBit)) {
            // Before it is free: the next holder's store comes after this one. The mutex may go with it.
            resource_.owner({});
            if (state_.compare_exchange_strong(state, 0, std::memory_order_release,
                                               std::memory_order_relaxed))
                return;
        }
    } while (!handOver());
}

/// The next one holds it before it is told, so that nobody comes in between. All is written before its
/// suspension is decided: one that is decided early may unlock at once. False: nobody waits, and it is still
/// locked.
bool Mutex::handOver() noexcept {
    detail::Chosen next;
    {
        const std::lock_guard guard(lock_);
        const std::uint64_t mine = state_.load(std::memory_order_relaxed) & ~waitersBit;
        while (detail::Waiter* const first = queue_.pop()) {
            auto& waiter = static_cast<detail::LockWaiter&>(*first);
            const JobId job = waiter.suspension->job().id();
            owner_.store(waiter.owner, std::memory_order_relaxed);
            resource_.owner(job);
            resource_.waiting(queue_.size());
            state_.store(lockedBy(job) | waitersBit, std::memory_order_release);
            next = detail::choose(waiter);
            if (next)
                break;
        }
        if (!next) {
            owner_.store(nullptr, std::memory_order_relaxed);
            state_.store(mine, std::memory_order_relaxed);
            return false;
        }
    }
    if (next.job)
        next.job->resumeLater();
    return true;
}

void Mutex::withdraw(detail::LockWaiter& waiter) noexcept {
    const std::lock_guard guard(lock_);
    if (!waiter.linked)
        return;
    queue_.remove(waiter);
    resource_.waiting(queue_.size());
    if (queue_.empty())
        state_.store(state_.load(std::memory_order_relaxed) & ~waitersBit, std::memory_order_relaxed);
}

namespace detail {

bool LockAwaiter::await_suspend(std::coroutine_handle<>) {
    PromiseBase& leaf = *leaf_;
    begin(leaf);
    suspension = this;
    if (mutex_.enqueue(*this, true))
        return false;
    queued_ = true;
    if (suspend(leaf, WaitKind::Mutex, mutex_.resourceId()))
        return true;
    mutex_.waitForUnlocker();
    return false;
}

void LockAwaiter::await_resume() {
    if (!queued_)
        return;
    JobNode& job = *leaf_->job;
    if (wasCancelled())
        job.throwCancellation(*leaf_);
    if (job.isCancelled()) {
        mutex_.unlock(owner);
        job.throwCancellation(*leaf_);
    }
}

void LockAwaiter::unregister() noexcept {
    mutex_.withdraw(*this);
}

} // namespace detail

} // namespace coroscope
