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
    /// take() has one at hand that has rested.
    bool ready() const noexcept { return tail_ - head_ > resting || restedBefore(); }
    /// Only when ready().
    std::uint32_t take() noexcept {
        const std::uint32_t slot = ring_[head_++ % size];
        if (restedBefore())
            fetchEarly(ring_[head_ % size]);
        return slot;
    }
    /// Index of a free slot, 0 when the slab is full.
    std::uint32_t allocate() noexcept { return ready() || refill() ? take() : 0; }
    void free(std::uint32_t slot) noexcept {
        ring_[tail_++ % size] = slot;
        if (tail_ - head_ == size)
            flush();
    }
    /// Hands all to the other threads.
    void giveBack() noexcept;

private:
    static constexpr std::uint32_t size = 512;
    /// So many were freed after one that has rested.
    static constexpr std::uint32_t resting = 128;

    /// What comes from others has left this processor's caches. Both lines will be written.
    static void fetchEarly(std::uint32_t slot) noexcept {
        __builtin_prefetch(&memory.slots[slot], 1);
        __builtin_prefetch(&memory.slots[slot].executionWord, 1);
    }
    bool restedBefore() const noexcept { return head_ < restedEnd_; }
    /// Puts some at the head that need no rest, or answers that those that are here need none either, because
    /// the slab is full. False if there are none.
    bool refill() noexcept;
    void flush() noexcept;

    // Positions, of which there are enough for ever; that of the head also goes back by one batch.
    std::uint64_t head_ = size;
    std::uint64_t tail_ = size;
    std::uint64_t restedEnd_ = size; ///< what came from others is before it
    std::array<std::uint32_t, size> ring_{};
};

} // namespace coroscope::record
