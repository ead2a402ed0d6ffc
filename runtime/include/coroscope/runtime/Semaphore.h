// SPDX-License-Identifier: Apache-2.0
// Lets so many coroutines in at once; who has to wait is suspended, and no thread is blocked.
#pragma once

#include <coroscope/record/Resource.h>
#include <coroscope/runtime/detail/Lock.h>
#include <coroscope/runtime/detail/WaitQueue.h>

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string>
#include <utility>

namespace coroscope {

class Semaphore;

namespace detail {

/// Waits for the permit.
class AcquireAwaiter : public Suspension, public Waiter {
public:
    explicit AcquireAwaiter(Semaphore& semaphore) noexcept
        : semaphore_(semaphore) {}
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready() noexcept;
    bool await_suspend(std::coroutine_handle<>);
    void await_resume();
    void unregister() noexcept override;

protected:
    ~AcquireAwaiter() = default;
    Semaphore& semaphore_;

private:
    bool queued_ = false;
};

/// co_await semaphore.acquire().
class AcquireAwaitable final : public AcquireAwaiter {
public:
    using AcquireAwaiter::AcquireAwaiter;
};

class WithPermitAwaitable;

} // namespace detail

/// What co_await semaphore.withPermit() gives: releases at the end of its block.
class [[nodiscard("the permit is released when this goes")]] SemaphorePermit {
public:
    SemaphorePermit(SemaphorePermit&& o) noexcept
        : semaphore_(std::exchange(o.semaphore_, nullptr)) {}
    SemaphorePermit& operator=(SemaphorePermit&&) = delete;
    ~SemaphorePermit();

private:
    friend class detail::WithPermitAwaitable;
    explicit SemaphorePermit(Semaphore& semaphore) noexcept
        : semaphore_(&semaphore) {}
    Semaphore* semaphore_;
};

/// So many permits, given out first come, first served (rule 72).
///
///     const auto permit = co_await semaphore.withPermit();   // until the end of the block
///
/// It must outlive those who wait for it. Threads: any.
class Semaphore {
public:
    /// Throws std::invalid_argument without permits, and when more of them are taken than there are. `name`:
    /// for people.
    explicit Semaphore(std::uint32_t permits, std::uint32_t acquiredPermits = 0, std::string name = {},
                       std::source_location where = std::source_location::current());
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;
    ~Semaphore() { resource_.end(); }

    /// co_await semaphore.acquire(). Does not look at cancellation unless it has to wait; who is cancelled
    /// then gives the permit back (rule 75).
    [[nodiscard]] detail::AcquireAwaitable acquire() noexcept { return detail::AcquireAwaitable(*this); }
    /// The same; releases when what it gives goes out of scope.
    [[nodiscard]] detail::WithPermitAwaitable withPermit() noexcept;
    [[nodiscard]] bool tryAcquire() noexcept {
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        while (state >= onePermit) {
            // acquire: what was done before the permit was released is seen.
            if (state_.compare_exchange_weak(state, state - onePermit, std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
                resource_.count((state - onePermit) / onePermit);
                return true;
            }
        }
        return false;
    }
    /// Lets the first one in who waits. Throws std::logic_error when all permits are there already.
    void release();
    std::uint32_t availablePermits() const noexcept {
        return static_cast<std::uint32_t>(state_.load(std::memory_order_acquire) / onePermit);
    }

private:
    friend class detail::AcquireAwaiter;

    // state_: free permits above one bit, with which there is no free permit, and who releases one has to
    // look at the queue. It stays until that has found nobody.
    static constexpr std::uint64_t waitersBit = 1, onePermit = 2;

    bool enqueue(detail::Waiter& waiter) noexcept;
    bool handOver() noexcept;
    void withdraw(detail::Waiter& waiter) noexcept;
    /// Waits until the one who has decided a waiter early has left the semaphore.
    void waitForReleaser() noexcept {
        lock_.lock();
        lock_.unlock();
    }
    std::uint64_t resourceId() const noexcept { return resource_.id().value; }

    std::atomic<std::uint64_t> state_;
    const std::uint32_t permits_;
    record::Resource resource_;
    detail::Lock lock_; ///< of the queue and of waitersBit
    detail::WaitQueue queue_;
    std::string name_;
    std::source_location where_;
};

// Implementation

namespace detail {

class WithPermitAwaitable final : public AcquireAwaiter {
public:
    using AcquireAwaiter::AcquireAwaiter;
    SemaphorePermit await_resume() {
        AcquireAwaiter::await_resume();
        return SemaphorePermit(semaphore_);
    }
};

inline bool AcquireAwaiter::await_ready() noexcept {
    return semaphore_.tryAcquire();
}

} // namespace detail

inline detail::WithPermitAwaitable Semaphore::withPermit() noexcept {
    return detail::WithPermitAwaitable(*this);
}

inline SemaphorePermit::~SemaphorePermit() {
    if (semaphore_)
        semaphore_->release();
}

} // namespace coroscope
