// SPDX-License-Identifier: Apache-2.0
// Mutual exclusion for coroutines: who has to wait is suspended, and no thread is blocked.
#pragma once

#include <coroscope/record/Resource.h>
#include <coroscope/runtime/detail/Lock.h>
#include <coroscope/runtime/detail/WaitQueue.h>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <source_location>
#include <string>
#include <utility>

namespace coroscope {

class Mutex;

namespace detail {

class LockWaiter : public Waiter {
public:
    explicit LockWaiter(const void* o) noexcept
        : owner(o) {}
    const void* owner;

protected:
    ~LockWaiter() = default;
};

/// Waits for the lock.
class LockAwaiter : public Suspension, public LockWaiter {
public:
    LockAwaiter(Mutex& mutex, const void* who) noexcept
        : LockWaiter(who)
        , mutex_(mutex) {}
    void attach(PromiseBase& leaf) noexcept { leaf_ = &leaf; }
    bool await_ready();
    bool await_suspend(std::coroutine_handle<>);
    void await_resume();
    void unregister() noexcept override;

protected:
    ~LockAwaiter() = default;
    Mutex& mutex_;

private:
    bool queued_ = false;
};

/// co_await mutex.lock().
class LockAwaitable final : public LockAwaiter {
public:
    using LockAwaiter::LockAwaiter;
};

class WithLockAwaitable;
template <class F>
class LockClause;

} // namespace detail

/// What co_await mutex.withLock() gives: unlocks at the end of its block.
class [[nodiscard("the mutex is unlocked when this goes")]] MutexLock {
public:
    MutexLock(MutexLock&& o) noexcept
        : mutex_(std::exchange(o.mutex_, nullptr))
        , owner_(o.owner_) {}
    MutexLock& operator=(MutexLock&&) = delete;
    ~MutexLock();

private:
    friend class detail::WithLockAwaitable;
    MutexLock(Mutex& mutex, const void* owner) noexcept
        : mutex_(&mutex)
        , owner_(owner) {}
    Mutex* mutex_;
    const void* owner_;
};

/// A mutex that suspends whoever has to wait, first come, first served (rule 72). Not re-entrant: a job that
/// locks it twice waits for itself.
///
///     const auto locked = co_await mutex.withLock();   // until the end of the block
///
/// Observers see who holds it and who waits, from the first time that somebody has to wait. To lock and
/// unlock without anybody waiting costs an atomic operation each. It must outlive those who wait for it.
/// Threads: any; it may be unlocked by another thread or job than the one that locked it.
class Mutex {
public:
    /// `name`: for people.
    explicit Mutex(std::string name = {}, std::source_location where = std::source_location::current())
        : name_(std::move(name))
        , where_(where) {}
    /// `locked`: by nobody known.
    template <std::same_as<bool> B>
    explicit Mutex(B locked, std::string name = {},
                   std::source_location where = std::source_location::current())
        : Mutex(std::move(name), where) {
        if (locked)
            state_.store(lockedBit, std::memory_order_relaxed);
    }
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;
    ~Mutex() { resource_.end(); }

    /// co_await mutex.lock(owner). `owner`, if not null, is who must unlock it again; locking it a second
    /// time for the same one throws std::logic_error instead of waiting for ever (rule 73). Does not look at
    /// cancellation unless it has to wait; who is cancelled then passes the lock on (rule 74).
    [[nodiscard]] detail::LockAwaitable lock(const void* owner = nullptr) { return {*this, owner}; }
    /// The same; unlocks when what it gives goes out of scope.
    [[nodiscard]] detail::WithLockAwaitable withLock(const void* owner = nullptr);
    /// Throws std::logic_error if it is locked for this owner.
    [[nodiscard]] bool tryLock(const void* owner = nullptr);
    /// Hands it to the first one who waits. Throws std::logic_error when it is not locked, or for another
    /// owner.
    void unlock(const void* owner = nullptr);
    bool isLocked() const noexcept { return state_.load(std::memory_order_acquire) != 0; }
    /// It is locked for this owner.
    bool holdsLock(const void* owner) const noexcept {
        return isLocked() && owner_.load(std::memory_order_acquire) == owner;
    }

    /// A clause of select (Select.h): gets the lock. `handler` takes nothing.
    template <class F>
    detail::LockClause<F> onLock(F&& handler, const void* owner = nullptr);

private:
    friend class detail::LockAwaiter;
    template <class F>
    friend class detail::LockClause;

    // state_: 0 when free, else the JobId of the holder above two bits. Who holds it is known with the lock
    // itself, so that the first who waits can tell it. A generation needs 2^38 uses of a slot to lose a bit.
    // waitersBit: who unlocks has to look at the queue. It stays until that has found nobody, because where
    // one had to wait the next often does.
    static constexpr std::uint64_t lockedBit = 1, waitersBit = 2;
    static constexpr unsigned idShift = 2;
    static std::uint64_t lockedBy(JobId job) noexcept { return job.value << idShift | lockedBit; }
    static JobId holder(std::uint64_t state) noexcept { return {state >> idShift}; }

    bool tryLockFor(JobId job, const void* owner) {
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        // acquire: what the last holder did is seen. Pairs with the release in unlock.
        if (state != 0 || !state_.compare_exchange_strong(state, lockedBy(job), std::memory_order_acquire,
                                                          std::memory_order_relaxed)) {
            if (owner && owner_.load(std::memory_order_relaxed) == owner)
                throwLockedTwice();
            return false;
        }
        if (owner)
            owner_.store(owner, std::memory_order_relaxed);
        resource_.owner(job);
        return true;
    }
    [[noreturn]] static void throwLockedTwice();
    /// False: queued. True: it is free, and if `takes`, got by this.
    bool enqueue(detail::LockWaiter& waiter, bool takes) noexcept;
    bool handOver() noexcept;
    void withdraw(detail::LockWaiter& waiter) noexcept;
    /// Waits until the one who has decided a waiter early has left the mutex.
    void waitForUnlocker() noexcept {
        lock_.lock();
        lock_.unlock();
    }
    std::uint64_t resourceId() const noexcept { return resource_.id().value; }

    std::atomic<std::uint64_t> state_{0};
    std::atomic<const void*> owner_{nullptr};
    record::Resource resource_;
    detail::Lock lock_; ///< of the queue, and of state_ while waitersBit is set
    detail::WaitQueue queue_;
    std::string name_;
    std::source_location where_;
};

// Implementation

namespace detail {

class WithLockAwaitable final : public LockAwaiter {
public:
    using LockAwaiter::LockAwaiter;
    MutexLock await_resume() {
        LockAwaiter::await_resume();
        return {mutex_, owner};
    }
};

inline bool LockAwaiter::await_ready() {
    return mutex_.tryLockFor(leaf_->job->id(), owner);
}

} // namespace detail

inline detail::WithLockAwaitable Mutex::withLock(const void* owner) {
    return {*this, owner};
}

inline MutexLock::~MutexLock() {
    if (mutex_)
        mutex_->unlock(owner_);
}

} // namespace coroscope
