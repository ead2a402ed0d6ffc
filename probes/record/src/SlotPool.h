// SPDX-License-Identifier: Apache-2.0
// Free slots of the slab. A slot rests until some hundred others were freed: an ended row stays readable for
// a while, and no slot wears out its generations. Each thread uses its own slots again; where it launches
// more than ends there, or the other way round, it exchanges batches with the others.
#pragma once

#include "Memory.h"

#include <array>
#include <cstdint>

namespace coroscope::record {

/// A thread's own free slots, in the order in which they were freed.
class SlotCache {
public:
    /// It keeps fewer for itself where there are few in all. Once the record has its memory.
    SlotCache() noexcept;
    /// take() has one at hand that has rested.
    bool ready() const noexcept { return hasRested() || needsNoRest(); }
    /// Only when ready().
    std::uint32_t take() noexcept {
        const std::uint32_t slot = ring_[head_++ % size];
        if (needsNoRest())
            fetchEarly(ring_[head_ % size]);
        else if (head_ % size == 0)
            noRestBefore_ = head_; // lest it lag so far behind that it is ahead
        return slot;
    }
    /// Index of a free slot, 0 when the slab is full.
    std::uint32_t allocate() noexcept { return ready() || refill() ? take() : 0; }
    void free(std::uint32_t slot) noexcept {
        ring_[tail_++ % size] = slot;
        if (tail_ - head_ == most_)
            flush();
    }
    /// Hands all to the other threads.
    void giveBack() noexcept;

private:
    static constexpr std::uint32_t size = 1024;

    /// Not in this processor's caches any more, or never there. Both lines will be written.
    static void fetchEarly(std::uint32_t slot) noexcept {
        __builtin_prefetch(&memory.slots[slot], 1);
        __builtin_prefetch(&memory.slots[slot].executionWord, 1);
    }
    bool hasRested() const noexcept { return tail_ - head_ > resting_; }
    bool needsNoRest() const noexcept { return static_cast<std::int32_t>(noRestBefore_ - head_) > 0; }
    /// Puts some at the head that need no rest, or answers that those that are here need none either, because
    /// the slab is full. False if there are none.
    bool refill() noexcept;
    void flush() noexcept;

    // Positions; they wrap.
    std::uint32_t head_ = 0;
    std::uint32_t tail_ = 0;
    std::uint32_t noRestBefore_ = 0; ///< what the pool gave is before it
    std::uint16_t most_;
    std::uint16_t
        resting_; ///< so many were freed after one that has rested; observers look twice a millisecond
    std::array<std::uint32_t, size> ring_{};
};

} // namespace coroscope::record
