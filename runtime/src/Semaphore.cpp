// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Semaphore.h>

#include <coroscope/record/Record.h>

#include <mutex>
#include <stdexcept>
#include <string>

namespace coroscope {

Semaphore::Semaphore(std::uint32_t permits, std::uint32_t acquiredPermits, std::string name,
                     std::source_location where)
    : state_((std::uint64_t{permits} - acquiredPermits) * onePermit)
    , permits_(permits)
    , name_(std::move(name))
    , where_(where) {
    if (permits == 0)
        throw std::invalid_argument("Semaphore should have at least 1 permit");
    if (acquiredPermits > permits)
        throw std::invalid_argument("The number of acquired permits should be in 0.." +
                                    std::to_string(permits));
}

/// True: got a permit instead. False: queued.
bool Semaphore::enqueue(detail::Waiter& waiter) noexcept {
    const std::lock_guard guard(lock_);
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    while (state != waitersBit) {
        const std::uint64_t wanted = state >= onePermit ? state - onePermit : waitersBit;
        if (!state_.compare_exchange_weak(state, wanted, std::memory_order_acquire,
                                          std::memory_order_relaxed))
            continue;
        if (state >= onePermit) {
            resource_.count(wanted / onePermit);
            return true;
        }
        break;
    }
    // From here on, until nobody waits any more, state_ changes only under the lock.
    if (!resource_.id())
        resource_.begin({.kind = WaitKind::Semaphore,
                         .capacity = permits_,
                         .site = record::internSite(where_),
                         .name = record::internText(name_)});
    queue_.push(waiter);
    resource_.count(0);
    resource_.waiting(queue_.size());
    return false;
}

void Semaphore::release() {
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    for (;;) {
        if (state == waitersBit) {
            if (handOver())
                return;
            state = state_.load(std::memory_order_relaxed);
            continue;
        }
        if (state / onePermit >= permits_)
            throw std::logic_error("The number of released permits cannot be greater than " +
                                   std::to_string(permits_));
        // Before it is free: the semaphore may go with it.
        resource_.count(state / onePermit + 1);
        if (state_.compare_exchange_weak(state, state + onePermit, std::memory_order_release,
                                         std::memory_order_relaxed))
            return;
    }
}

/// The permit goes to the first one who waits. False if nobody does any more: it is still to be released.
bool Semaphore::handOver() noexcept {
    detail::Chosen next;
    {
        const std::lock_guard guard(lock_);
        if (state_.load(std::memory_order_relaxed) != waitersBit)
            return false; // another one has found nobody
        while (detail::Waiter* const waiter = queue_.pop()) {
            resource_.waiting(queue_.size());
            next = detail::choose(*waiter);
            if (next)
                break;
        }
        if (!next) {
            state_.store(0, std::memory_order_relaxed);
            return false;
        }
    }
    if (next.job)
        next.job->resumeLater();
    return true;
}

void Semaphore::withdraw(detail::Waiter& waiter) noexcept {
    const std::lock_guard guard(lock_);
    if (!waiter.linked)
        return;
    queue_.remove(waiter);
    resource_.waiting(queue_.size());
    if (queue_.empty())
        state_.store(0, std::memory_order_relaxed);
}

namespace detail {

bool AcquireAwaiter::await_suspend(std::coroutine_handle<>) {
    PromiseBase& leaf = *leaf_;
    begin(leaf);
    suspension = this;
    if (semaphore_.enqueue(*this))
        return false;
    queued_ = true;
    if (suspend(leaf, WaitKind::Semaphore, semaphore_.resourceId()))
        return true;
    semaphore_.waitForReleaser();
    return false;
}

void AcquireAwaiter::await_resume() {
    if (!queued_)
        return;
    JobNode& job = *leaf_->job;
    if (wasCancelled())
        job.throwCancellation(*leaf_);
    if (job.isCancelled()) {
        semaphore_.release();
        job.throwCancellation(*leaf_);
    }
}

void AcquireAwaiter::unregister() noexcept {
    semaphore_.withdraw(*this);
}

} // namespace detail

} // namespace coroscope
