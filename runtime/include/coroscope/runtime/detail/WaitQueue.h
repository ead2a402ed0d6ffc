// SPDX-License-Identifier: Apache-2.0
// The queue of those who wait for a mutex, a semaphore or a channel: first come, first served. Its entries
// live in the awaiting coroutines' frames, so waiting allocates nothing.
#pragma once

#include <coroscope/runtime/detail/JobNode.h>
#include <coroscope/runtime/detail/Suspension.h>

#include <cstdint>

namespace coroscope::detail {

/// A place in one queue. All but `suspension` only under the lock of what is waited for.
class Waiter {
public:
    Waiter() noexcept = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    Suspension* suspension = nullptr; ///< a select has one for several places
    bool chosen = false;              ///< it is by this place that the suspension was decided
    bool linked = false;
    Waiter* prev = nullptr;
    Waiter* next = nullptr;

protected:
    ~Waiter() = default;
};

class WaitQueue {
public:
    bool empty() const noexcept { return !first_; }
    std::uint32_t size() const noexcept { return size_; }
    Waiter* first() const noexcept { return first_; }
    void push(Waiter& w) noexcept {
        w.prev = last_;
        w.next = nullptr;
        (last_ ? last_->next : first_) = &w;
        last_ = &w;
        w.linked = true;
        ++size_;
    }
    void remove(Waiter& w) noexcept {
        (w.prev ? w.prev->next : first_) = w.next;
        (w.next ? w.next->prev : last_) = w.prev;
        w.prev = w.next = nullptr;
        w.linked = false;
        --size_;
    }
    /// Null when there is none.
    Waiter* pop() noexcept {
        Waiter* const w = first_;
        if (w)
            remove(*w);
        return w;
    }
    /// Somebody waits here besides `mine`, which may wait for both sides of one channel.
    bool hasOther(const Suspension& mine) const noexcept {
        for (const Waiter* w = first_; w; w = w->next)
            if (w->suspension != &mine)
                return true;
        return false;
    }

private:
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
    std::uint32_t size_ = 0;
};

/// What came of deciding a suspension.
struct Chosen {
    bool decided = false;   ///< by us; false: it was cancelled, or a select took another clause
    JobNode* job = nullptr; ///< to be dispatched once the lock is free; null when it goes on by itself
    explicit operator bool() const noexcept { return decided; }
};

/// Decides the suspension of a waiter that was just taken out of its queue. What it is to find must have been
/// written before. With the lock held: whoever else decides the suspension takes that lock before the
/// waiter's frame may go, so it is still there when this has lost. When it is not lost, the waiter must not
/// be touched any more.
template <class W>
Chosen choose(W& w) noexcept {
    JobNode& job = w.suspension->job();
    w.chosen = true;
    switch (w.suspension->claim()) {
    case Suspension::Claim::Won:
        return {true, &job};
    case Suspension::Claim::Early:
        return {true, nullptr};
    case Suspension::Claim::Lost:
        w.chosen = false;
        break;
    }
    return {};
}

} // namespace coroscope::detail
