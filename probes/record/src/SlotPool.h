// SPDX-License-Identifier: Apache-2.0
// Free slots of the slab. A slot rests until some hundred others were freed: an ended row stays readable for
// a while, and no slot wears out its generations. Of those that have rested, what was freed last is used
// first: it is still near the processor. Threads keep two small batches of their own and exchange whole
// batches.
#pragma once

#include <array>
#include <cstdint>

namespace coroscope::record {

struct SlotBatch {
    static constexpr std::uint32_t size = 64;
    std::uint32_t count = 0;
    std::uint32_t next = 0; ///< slots before it are taken
    std::array<std::uint32_t, size> slots{};

    bool empty() const noexcept { return next == count; }
    std::uint32_t take() noexcept { return slots[next++]; }
    bool full() const noexcept { return count == size; }
    void put(std::uint32_t slot) noexcept { slots[count++] = slot; }
    void clear() noexcept { count = next = 0; }
};

/// A thread's own free slots.
class SlotCache {
public:
    /// Index of a free slot, 0 when the slab is full.
    std::uint32_t allocate() noexcept {
        if (ready_.empty() && !refill())
            return 0;
        return ready_.take();
    }
    /// allocate() has one at hand.
    bool ready() const noexcept { return !ready_.empty(); }
    /// What allocate() will probably answer next, else 0.
    std::uint32_t upcoming() const noexcept { return ready_.empty() ? 0 : ready_.slots[ready_.next]; }
    void free(std::uint32_t slot) noexcept {
        freed_.put(slot);
        if (freed_.full())
            flush();
    }
    /// Hands all to the other threads.
    void giveBack() noexcept;

private:
    bool refill() noexcept;
    void flush() noexcept;

    SlotBatch ready_;
    SlotBatch freed_;
};

} // namespace coroscope::record
